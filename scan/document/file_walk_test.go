package document

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// A watched source counts what is done to its files.
type watched struct {
	source.Source
	mu           sync.Mutex
	lists, opens map[string]int
	kind         string
	read         int64
	panics       string
}

func watch(m source.Source) *watched {
	return &watched{Source: m, lists: map[string]int{}, opens: map[string]int{}, kind: "root"}
}

func (w *watched) Kind() string { return w.kind }

func (w *watched) Volumes() []source.Volume {
	vs := w.Source.Volumes()
	for i := range vs {
		vs[i].FS = &watchedFS{vs[i].FS, w}
	}
	return vs
}

type watchedFS struct {
	source.FS
	w *watched
}

func (f *watchedFS) ReadDir(ctx context.Context, name string) iter.Seq2[source.Entry, error] {
	f.w.mu.Lock()
	f.w.lists[name]++
	f.w.mu.Unlock()
	return f.FS.ReadDir(ctx, name)
}

func (f *watchedFS) Lstat(name string) (source.Info, error) {
	if f.w.panics != "" && name == f.w.panics {
		panic("corrupt record")
	}
	return f.FS.Lstat(name)
}

func (f *watchedFS) Open(name string) (source.File, error) {
	f.w.mu.Lock()
	f.w.opens[name]++
	f.w.mu.Unlock()
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return &watchedFile{file, f.w}, nil
}

type watchedFile struct {
	source.File
	w *watched
}

func (f *watchedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.w.mu.Lock()
	f.w.read += int64(n)
	f.w.mu.Unlock()
	return n, err
}

func TestExcludedIsNeverListed(t *testing.T) {
	w := watch(source.NewMem(source.Linux).Add("/a/node_modules/x", "").Add("/a/b/c", "").Add("/var/log/x.log", "").Add("/y.log", ""))
	r := scan(t, w, ask{Options: scope.Options{Exclude: []string{"node_modules", "*.log", "/var/**"}}})
	r.want(t, "/a", "/a/b", "/a/b/c", "/var")
	for _, p := range []string{"/a/node_modules", "/var/log"} {
		if w.lists[p] > 0 {
			t.Errorf("%s was listed", p)
		}
	}
	if r.Full || !r.Complete {
		t.Errorf("listing %+v", r.Listing)
	}
}

func TestHintAndLeftOut(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/a/x.sh", "").Add("/a/x.txt", "").Add("/nfs/secret.sh", "").LeaveOut("/nfs", "network file system", true)
	w := watch(m)
	r := scan(t, m, ask{terms: []string{"FullPath", "Modified"}})
	r.want(t, "/a", "/a/x.sh", "/a/x.txt", "/nfs")
	if r.Full || !r.Complete || len(r.troubles) > 0 {
		t.Errorf("listing %+v, troubles %v", r.Listing, r.troubles)
	}
	if r.items["/nfs"].errs["Modified"] == nil {
		t.Error("a dead mount is not asked for its metadata, so that is unknown")
	}
	r = scan(t, w, ask{Options: scope.Options{Hint: `\.sh$`, Drives: scope.Custom, Scopes: []string{"/a"}}})
	r.want(t, "/a/x.sh")
}

func TestOwnFiles(t *testing.T) {
	w := watch(source.NewMem(source.Linux).Add("/out/report.json", "").Add("/out/x", "").Add("/iocs/a.ioc", "").AddLink("/link", "/out"))
	own := Request{OwnFiles: []string{"/link/report.json", "/iocs", "/out/not-yet", "/no/where"}}
	r := scan(t, w, ask{req: own})
	if r.Own != 0 || r.Objects != 6 {
		t.Errorf("a root has no files of the scanner: %+v", r.Listing)
	}
	w.kind = "host"
	if r := scan(t, w, ask{req: own, Options: scope.Options{Scopes: []string{"/out/report.json"}}}); r.Own != 1 || r.Objects != 0 {
		t.Errorf("%+v", r.Listing)
	}
	r = scan(t, w, ask{req: own})
	r.want(t, "/out", "/out/x", "/link")
	if r.Own != 2 {
		t.Errorf("%+v", r.Listing)
	}
}

func TestPanicIsATroubleOfItsObject(t *testing.T) {
	w := watch(source.NewMem(source.Linux).Add("/bad", "abc").Add("/good", "abc"))
	w.panics = "/bad"
	r := scan(t, w, ask{terms: []string{"Modified", "FileName", "Md5sum"}})
	r.want(t, "/bad", "/good")
	if r.items["/bad"].errs["Modified"] == nil || r.items["/bad"].values["Md5sum"] == nil || len(r.troubles["/bad"]) != 1 || !r.Complete {
		t.Errorf("%v %v", r.items["/bad"], r.troubles)
	}
}

// A pit is a folder that is in itself.
type pit struct{ source.FS }

func (p *pit) ReadDir(context.Context, string) iter.Seq2[source.Entry, error] {
	return func(yield func(source.Entry, error) bool) { yield(source.Entry{Name: "d", Type: source.Dir}, nil) }
}

type pitSource struct{ source.Source }

func (p pitSource) Volumes() []source.Volume {
	v := p.Source.Volumes()
	v[0].FS = &pit{v[0].FS}
	return v
}

func TestDepthIsBounded(t *testing.T) {
	r := scan(t, pitSource{source.NewMem(source.Linux)}, ask{})
	if r.Unlisted != 1 || r.Objects != deepest || r.Full || len(r.troubles) != 1 {
		t.Errorf("%+v", r.Listing)
	}
}

func TestVanishedFile(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/f", "abc")
	var troubles []string
	it := itemOf(t, m, "/f", Request{Trouble: func(object string, err error) { troubles = append(troubles, object+": "+err.Error()) }})
	m.Remove("/f")
	for range 2 {
		if err := it.Read([]int{fieldOf(t, "Md5sum")}, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if len(troubles) != 1 {
		t.Errorf("told %q", troubles)
	}
}

func TestUnreadableAreaHasAStandIn(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/home/bob/Downloads/x", "").Add("/tmp/y", "").
		Put("/home", source.MemNode{Info: source.Info{Type: source.Dir}, OpenErr: fs.ErrPermission})
	r := scan(t, m, ask{Options: scope.Options{Drives: scope.Critical}})
	r.want(t, "/home (unlisted)", "/tmp", "/tmp/y")
	if len(r.troubles["/home"]) != 1 {
		t.Error(r.troubles)
	}
}

func TestLinkToAnotherVolume(t *testing.T) {
	m := source.NewMem(source.Windows, "C:", "D:").Add(`D:\Data\deep\f`, "").AddLink(`C:\Jump`, `D:\Data`).Add(`C:\Temp\x`, "")
	r := scan(t, m, ask{Options: scope.Options{Drives: scope.Critical, Names: []scope.Name{{Path: `C:\jump\deep\f`}}}, terms: []string{"FullPath", "FilePath"}})
	r.want(t, `C:\Temp`, `C:\Temp\x`, `D:\Data\deep\f`)
	if d := cmp.Diff(map[string][]string{
		"FullPath": {`D:\Data\deep\f`, `\Data\deep\f`, `C:\Jump\deep\f`, `\Jump\deep\f`},
		"FilePath": {`Data\deep`, `\Data\deep`, `D:\Data\deep`, `Jump\deep`, `\Jump\deep`, `C:\Jump\deep`},
	}, r.items[`D:\Data\deep\f`].values); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
