package document

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// A seen is what one item answered.
type seen struct {
	values map[string][]string // by the term's last names
	errs   map[string]error
	folder bool
}

// A run is what a document said about a source.
type run1 struct {
	Listing
	items    map[string]*seen
	order    []string
	troubles map[string][]string // by object
}

type recorder struct {
	mu  sync.Mutex
	run *run1
	doc match.Document
	ask func(term string) bool
}

func short(term string) string { return strings.TrimPrefix(term, "FileItem/") }

func (r *recorder) Item(it match.Item) error {
	s := &seen{values: map[string][]string{}, errs: map[string]error{}}
	_, s.folder = it.(match.Folder)
	for n, f := range r.doc.Fields {
		if !r.ask(f.Term) || s.folder {
			continue
		}
		err := it.Each(n, func(v ioc.Value) bool {
			s.values[short(f.Term)] = append(s.values[short(f.Term)], strings.Clone(v.String()))
			return true
		})
		if err != nil {
			s.errs[short(f.Term)] = err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	label := it.Label()
	if s.folder {
		label += " (unlisted)"
	}
	if r.run.items[label] != nil {
		label += " (again)"
	}
	r.run.items[label] = s
	r.run.order = append(r.run.order, label)
	return nil
}

func (r *recorder) Close() error { return nil }

type ask struct {
	scope.Options
	req   Request
	terms []string // empty: names only
	ctx   context.Context
}

func scan(t *testing.T, src source.Source, a ask) *run1 {
	t.Helper()
	a.Platform, a.Volumes = src.Platform(), src.Volumes()
	if a.Drives == "" {
		a.Drives = scope.All
		if len(a.Scopes) > 0 {
			a.Drives = scope.Custom
		}
	}
	if a.ctx == nil {
		a.ctx = context.Background()
	}
	s, err := scope.New(context.Background(), a.Options)
	if err != nil {
		t.Fatal(err)
	}
	out := &run1{items: map[string]*seen{}, troubles: map[string][]string{}}
	var mu sync.Mutex
	a.req.Source, a.req.Scope = src, s
	a.req.Trouble = func(object string, err error) {
		mu.Lock()
		defer mu.Unlock()
		out.troubles[object] = append(out.troubles[object], err.Error())
	}
	rec := &recorder{run: out, doc: files.Schema(), ask: func(term string) bool {
		return slices.Contains(a.terms, "*") || slices.Contains(a.terms, short(term))
	}}
	out.Listing, err = files.Run(a.ctx, &a.req, 2, func() Worker { return rec })
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out.order)
	return out
}

func (r *run1) want(t *testing.T, labels ...string) {
	t.Helper()
	slices.Sort(labels)
	if d := cmp.Diff(labels, r.order); d != "" {
		t.Errorf("items (-want +got)\n%s", d)
	}
}

func ticks(s string) int64 {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return ioc.Ticks(at)
}

func TestFieldsOnWindows(t *testing.T) {
	m := source.NewMem(source.Windows).
		Put(`C:\Temp\evil.EXE`, source.MemNode{
			Info: source.Info{Size: 3, Created: ticks("2020-01-02T03:04:05Z"), Modified: ticks("2021-01-02T03:04:05Z"),
				Accessed: ticks("2022-01-02T03:04:05Z"), Changed: ticks("2023-01-02T03:04:05Z"), INode: 77, Attributes: 0x22},
			Content: "abc",
			Streams: map[string]string{"Zone.Identifier": "abc", "b": ""},
			Owner:   source.Owner{User: `DOM\bob`, UserID: "S-1-5-21-1", Kind: "SidTypeUser", GroupID: "S-1-5-32"},
		}).
		Put(`C:\top`, source.MemNode{Info: source.Info{Attributes: 0x80}}).
		Put(`C:\bare`, source.MemNode{})
	r := scan(t, m, ask{terms: []string{"*"}})
	const md5abc = "900150983cd24fb0d6963f7d28e17f72"
	const sha1abc = "a9993e364706816aba3e25717850c26c9cd0d89d"
	const sha256abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	const sha512abc = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
	want := map[string][]string{
		"FullPath": {`C:\Temp\evil.EXE`, `\Temp\evil.EXE`}, "FilePath": {`Temp`, `\Temp`, `C:\Temp`},
		"FileName": {"evil.EXE"}, "FileExtension": {"EXE", ".EXE"}, "Drive": {"C:", "C"}, "SizeInBytes": {"3"},
		"Created": {"2020-01-02T03:04:05Z"}, "Modified": {"2021-01-02T03:04:05Z"},
		"Accessed": {"2022-01-02T03:04:05Z"}, "Changed": {"2023-01-02T03:04:05Z"},
		"FileAttributes": {"Hidden", "Archive", "Hidden Archive"}, "INode": {"77"},
		"Username": {`DOM\bob`, "bob"}, "SecurityID": {"S-1-5-21-1"}, "SecurityType": {"SidTypeUser", "User"}, "GroupID": {"S-1-5-32"},
		"StreamList/Stream/Name": {"Zone.Identifier", "b"}, "StreamList/Stream/SizeInBytes": {"3", "0"},
		"StreamList/Stream/Md5sum":    {md5abc, "d41d8cd98f00b204e9800998ecf8427e"},
		"StreamList/Stream/Sha1sum":   {sha1abc, "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		"StreamList/Stream/Sha256sum": {sha256abc, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		"Md5sum":                      {md5abc}, "Md54ksum": {md5abc}, "Sha1sum": {sha1abc}, "Sha256sum": {sha256abc}, "Sha512sum": {sha512abc},
	}
	evil := r.items[`C:\Temp\evil.EXE`]
	if d := cmp.Diff(want, evil.values); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	// The kernel's name of the volume, the times beside the name and the
	// group's name are somewhere, not here.
	if d := cmp.Diff([]string{"DevicePath", "FilenameAccessed", "FilenameChanged", "FilenameCreated", "FilenameModified", "Group"}, slices.Sorted(maps.Keys(evil.errs))); d != "" {
		t.Errorf("unknown (-want +got)\n%s", d)
	}

	temp := r.items[`C:\Temp`]
	if d := cmp.Diff(map[string][]string{
		"FullPath": {`C:\Temp`, `\Temp`}, "FilePath": {`\`, `C:\`}, "FileName": {"Temp"}, "Drive": {"C:", "C"}, "INode": {"2"},
	}, temp.values); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for _, term := range []string{"Md5sum", "StringList/string", "SizeInBytes", "Created", "StreamList/Stream/Md5sum"} {
		if temp.errs[term] != nil {
			t.Errorf("a folder's %s is absent, not unknown: %v", term, temp.errs[term])
		}
	}
	if d := cmp.Diff([]string{"Normal"}, r.items[`C:\top`].values["FileAttributes"]); d != "" {
		t.Error(d)
	}
	if r.items[`C:\bare`].errs["FileAttributes"] == nil {
		t.Error("no attributes at all says that they are not known")
	}
	if len(r.troubles) > 0 {
		t.Errorf("troubles %v", r.troubles)
	}
	if !r.Complete || !r.Full {
		t.Errorf("listing %+v", r.Listing)
	}
}

func TestFieldsOnLinux(t *testing.T) {
	m := source.NewMem(source.Linux).
		Put("/tmp/.hid.tar.gz", source.MemNode{
			Info:    source.Info{Size: 4, Modified: ticks("2021-01-02T03:04:05Z"), Mode: fs.ModeSetuid | 0o755, UID: 1000, GID: 50},
			Content: "abcd",
			Owner:   source.Owner{User: "bob", UserID: "1000", Group: "staff", GroupID: "50"},
		}).
		AddLink("/tmp/link", "/etc").
		Put("/tmp/pipe", source.MemNode{Info: source.Info{Type: source.FIFO}})
	r := scan(t, m, ask{terms: []string{"*"}})
	hid := r.items["/tmp/.hid.tar.gz"]
	for _, term := range []string{"Md5sum", "Md54ksum", "Sha1sum", "Sha256sum", "Sha512sum"} {
		if len(hid.values[term]) != 1 {
			t.Errorf("%s: %v", term, hid.values[term])
		}
		delete(hid.values, term)
	}
	if d := cmp.Diff(map[string][]string{
		"FullPath": {"/tmp/.hid.tar.gz"}, "FilePath": {"tmp", "/tmp"}, "FileName": {".hid.tar.gz"}, "FileExtension": {"gz", ".gz"},
		"SizeInBytes": {"4"}, "Modified": {"2021-01-02T03:04:05Z"}, "FileAttributes": {"Hidden"}, "INode": {"3"},
		"Permissions": {"2541", "4755"}, "Username": {"bob"}, "SecurityID": {"1000"}, "Group": {"staff"}, "GroupID": {"50"},
		"StringList/string": {"abcd"},
	}, hid.values); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if len(hid.errs) > 0 {
		t.Errorf("unknown: %v", hid.errs)
	}
	if d := cmp.Diff([]string{"Directory"}, r.items["/tmp"].values["FileAttributes"]); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"/"}, r.items["/tmp"].values["FilePath"]); d != "" {
		t.Error(d)
	}
	for _, label := range []string{"/tmp/link", "/tmp/pipe"} {
		it := r.items[label]
		if it.values["Md5sum"] != nil || it.values["SizeInBytes"] != nil || it.errs["Md5sum"] != nil || it.values["FileName"] == nil {
			t.Errorf("%s: %v %v", label, it.values, it.errs)
		}
	}
	if len(r.troubles) > 0 {
		t.Errorf("troubles %v", r.troubles)
	}
}

func TestExtension(t *testing.T) {
	for _, c := range []struct {
		platform source.Platform
		name     string
		want     []string
	}{
		{source.Windows, ".bashrc", []string{"bashrc", ".bashrc"}},
		{source.Linux, ".bashrc", nil},
		{source.Linux, "x.", nil},
		{source.Linux, "x", nil},
		{source.Linux, "x.y.Z", []string{"Z", ".Z"}},
	} {
		m := source.NewMem(c.platform).Add("/"+c.name, "")
		for _, it := range scan(t, m, ask{terms: []string{"FileExtension"}}).items {
			if d := cmp.Diff(c.want, it.values["FileExtension"]); d != "" {
				t.Errorf("%s: %s", c.name, d)
			}
		}
	}
}

func TestTroubles(t *testing.T) {
	denied := fs.ErrPermission
	m := source.NewMem(source.Linux).
		Put("/noopen", source.MemNode{Content: "x", OpenErr: denied}).
		Put("/nostat", source.MemNode{Content: "x", LstatErr: denied}).
		Put("/noowner", source.MemNode{Content: "x", OwnerErr: denied}).
		Put("/half", source.MemNode{Content: strings.Repeat("x", 1000), ReadErr: errors.New("bad sector"), ReadOK: 500}).
		Put("/shrunk", source.MemNode{Info: source.Info{Size: 1000}, Content: "only this"}).
		Put("/kcore", source.MemNode{Info: source.Info{Size: 1 << 47}, Content: "x"}).
		Put("/grown", source.MemNode{Info: source.Info{Size: 3}, Content: "abcdef"}).
		Put("/large", source.MemNode{Content: strings.Repeat("x", 3000)}).
		Put("/cloud", source.MemNode{Info: source.Info{Type: source.Cloud, Size: 9}}).
		Add("/good", "abc")
	r := scan(t, m, ask{terms: []string{"Md5sum", "Sha1sum", "Md54ksum", "SizeInBytes", "Modified", "Username", "StringList/string"}, req: Request{MaxFileSize: 2000}})
	for _, c := range []struct {
		label, trouble string
		unknown        []string
	}{
		{"/noopen", "permission denied", []string{"Md54ksum", "Md5sum", "Sha1sum", "StringList/string"}},
		{"/nostat", "permission denied", []string{"Modified", "SizeInBytes"}},
		{"/noowner", "permission denied", []string{"Username"}},
		{"/half", "bad sector", []string{"Md54ksum", "Md5sum", "Sha1sum", "StringList/string"}},
		{"/shrunk", "became shorter", []string{"Md54ksum", "Md5sum", "Sha1sum", "StringList/string"}},
		{"/kcore", "larger than --max-file-size", []string{"Md54ksum", "Md5sum", "Sha1sum", "StringList/string"}},
		{"/large", "larger than --max-file-size", []string{"Md54ksum", "Md5sum", "Sha1sum", "StringList/string"}},
		{"/cloud", source.ErrOffline.Error(), []string{"Md54ksum", "Md5sum", "Sha1sum", "StringList/string"}},
	} {
		it := r.items[c.label]
		delete(it.errs, "Username"+map[bool]string{true: "-"}[c.label == "/noowner"])
		if d := cmp.Diff(c.unknown, slices.Sorted(maps.Keys(it.errs))); d != "" {
			t.Errorf("%s unknown (-want +got)\n%s", c.label, d)
		}
		if got := r.troubles[c.label]; len(got) != 1 || !strings.Contains(got[0], c.trouble) {
			t.Errorf("%s troubles %q", c.label, got)
		}
		delete(r.troubles, c.label)
	}
	if len(r.troubles) > 0 {
		t.Errorf("more troubles: %v", r.troubles)
	}
	// Content that is added after opening is not looked at.
	if d := cmp.Diff([]string{"900150983cd24fb0d6963f7d28e17f72"}, r.items["/grown"].values["Md5sum"]); d != "" {
		t.Error(d)
	}
	r = scan(t, m, ask{terms: []string{"Md5sum"}})
	if got := r.troubles["/kcore"]; len(got) != 1 || !strings.Contains(got[0], "no end") {
		t.Errorf("/kcore %q", got)
	}
}

func TestUnlistableFolder(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/a/x", "").Add("/b/y", "").Add("/b/z", "").
		Put("/a", source.MemNode{Info: source.Info{Type: source.Dir}, OpenErr: fs.ErrPermission}).
		Put("/b", source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: errors.New("bad sector"), ReadOK: 1})
	r := scan(t, m, ask{})
	r.want(t, "/a", "/a (unlisted)", "/b", "/b (unlisted)", "/b/y")
	if !r.Complete || r.Full || r.Unlisted != 2 || r.Objects != 3 {
		t.Errorf("listing %+v", r.Listing)
	}
	if len(r.troubles["/a"]) != 1 || len(r.troubles["/b"]) != 1 {
		t.Errorf("troubles %v", r.troubles)
	}
}

func TestPossible(t *testing.T) {
	field := func(term string) int {
		return slices.IndexFunc(files.fields, func(f Field[file]) bool { return short(f.Term) == term })
	}
	m := source.NewMem(source.Windows)
	v := &volume{Volume: m.Volumes()[0], platform: source.Windows, aliases: []scope.Alias{{Volume: 0, Real: "/Users", Shown: `C:\Documents and Settings`}}}
	for _, c := range []struct {
		folder, term string
		test         ioc.Test
		content      string
		self, want   bool
	}{
		{"/Users/bob", "FullPath", ioc.Is, `c:\users\BOB\x`, false, true},
		{"/Users/bob", "FullPath", ioc.Is, `\users\bob\x\y`, false, true},
		{"/Users/bob", "FullPath", ioc.Is, `c:/users/bob`, false, false},
		{"/Users/bob", "FullPath", ioc.Is, `c:/users/bob`, true, true},
		{"/Users/bob", "FullPath", ioc.Is, `c:\users\bobby`, true, false},
		{"/Users/bob", "FullPath", ioc.Is, `d:\users\bob\x`, false, false},
		{"/Users/bob", "FullPath", ioc.Is, `C:\Documents and Settings\bob\x`, false, true},
		{"/Users/bob", "FullPath", ioc.Is, `%TEMP%\x`, false, true},
		{"/Users/bob", "FullPath", ioc.StartsWith, `c:\us`, false, true},
		{"/Users/bob", "FullPath", ioc.StartsWith, `c:\users\bob\app`, false, true},
		{"/Users/bob", "FullPath", ioc.StartsWith, `c:\users\al`, false, false},
		{"/Users/bob", "FullPath", ioc.Contains, `zzz`, false, true},
		{"/Users/bob", "FilePath", ioc.Is, `users\bob`, false, true},
		{"/Users/bob", "FilePath", ioc.Is, `\users\bob\x`, false, true},
		{"/Users/bob", "FilePath", ioc.Is, `users`, false, false},
		{"/", "FilePath", ioc.Is, `users`, false, true},
		{"/", "FullPath", ioc.Is, `c:\x`, false, true},
		{"/", "FullPath", ioc.Is, `d:\x`, false, false},
		{"/Users/bob", "DevicePath", ioc.Is, `\Device\x`, false, true},
	} {
		p, err := ioc.NewPattern(ioc.Path, c.test, c.content, false)
		if err != nil {
			t.Fatal(err)
		}
		items := newFileItem(context.Background(), &Request{}, &files, nil)
		it := items.bind(&file{in: newFolder(v, c.folder), unlisted: true, self: c.self, why: fs.ErrPermission}).(match.Folder)
		if got := it.Possible(field(c.term), p); got != c.want {
			t.Errorf("%s %s %q below %s: %v", c.term, c.test, c.content, c.folder, got)
		}
		if it.Err() == nil || it.Each(0, nil) == nil {
			t.Error("everything is unknown")
		}
	}
}

func TestNamed(t *testing.T) {
	m := func() *source.Mem {
		return source.NewMem(source.Windows, "C:", "D:").
			Add(`C:\Windows\System32\a.dll`, "").
			Add(`C:\Users\bob\Downloads\d.exe`, "").
			Add(`C:\Users\bob\other.txt`, "").
			Add(`C:\Users\bobby\x`, "").
			Add(`C:\Data\one`, "").Add(`C:\Data\sub\two`, "").
			AddLink(`C:\Link`, `C:\Data`)
	}
	for _, c := range []struct {
		name  string
		a     scope.Options
		names []scope.Name
		want  []string
	}{
		{"nothing", scope.Options{}, nil, nil},
		{"is", scope.Options{}, []scope.Name{{Path: `c:\data\ONE`}}, []string{`C:\Data\one`}},
		{"a folder is one object", scope.Options{}, []scope.Name{{Path: `C:\Data`}}, []string{`C:\Data`}},
		{"starts-with", scope.Options{}, []scope.Name{{Path: `C:\Data\s`, Prefix: true}}, []string{`C:\Data\sub`, `C:\Data\sub\two`}},
		{"around an area", scope.Options{}, []scope.Name{{Path: `C:\Users\bob`, Prefix: true}}, []string{`C:\Users\bob`, `C:\Users\bob\other.txt`, `C:\Users\bobby`, `C:\Users\bobby\x`}},
		{"inside an area", scope.Options{}, []scope.Name{{Path: `C:\Users\bob\Downloads\d.exe`}}, nil},
		{"beyond a scope", scope.Options{Scopes: []string{`C:\Windows\System32`, `C:\Users\bob\Downloads`}}, []scope.Name{{Path: `C:\Data\one`}}, nil},
		{"excluded", scope.Options{Exclude: []string{`C:\Data\sub`}}, []scope.Name{{Path: `C:\Data\`, Prefix: true}}, []string{`C:\Data\one`}},
		{"through a link", scope.Options{}, []scope.Name{{Path: `C:\Link\one`}}, []string{`C:\Data\one`}},
		{"never opened", scope.Options{}, []scope.Name{{Path: `\\srv\share\x`}, {Path: `C:\NUL`}}, []string{`\\srv\share\x (unlisted)`, `C:\NUL (unlisted)`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.a.Drives = scope.Critical; c.a.Scopes != nil {
				c.a.Drives = scope.Custom
			}
			c.a.Names = c.names
			r := scan(t, m(), ask{Options: c.a, terms: []string{"FullPath"}})
			r.want(t, append(c.want, `C:\Windows\System32`, `C:\Windows\System32\a.dll`, `C:\Users\bob\Downloads`, `C:\Users\bob\Downloads\d.exe`)...)
			if r.Full {
				t.Error("that was not the whole host")
			}
			if it := r.items[`C:\Data\one`]; c.name == "through a link" && !slices.Contains(it.values["FullPath"], `C:\Link\one`) {
				t.Errorf("the path asked for is a form of the object's path: %q", it.values)
			}
		})
	}
}
