package scope

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/source"
)

func windows() *source.Mem {
	return source.NewMem(source.Windows, "C:", "D:").
		Add(`C:\Windows\System32\cmd.exe`, "").
		Add(`C:\Windows\Temp\a.tmp`, "").
		Add(`C:\Windows\explorer.exe`, "").
		Add(`C:\Windows\win.ini`, "").
		Add(`C:\Users\bob\Downloads\x.exe`, "").
		Add(`C:\Users\Amy\DOWNLOADS\y.exe`, "").
		Add(`C:\Users\bob\AppData\Local\Temp\t`, "").
		Add(`C:\Data\bobby.txt`, "").
		AddLink(`C:\Documents and Settings`, `C:\Users`).
		Add(`D:\$Recycle.Bin\S-1\r.exe`, "").
		Add(`D:\Data\deep\er\file.bin`, "")
}

func linux() *source.Mem {
	return source.NewMem(source.Linux).
		Add("/usr/bin/ls", "").
		AddLink("/bin", "usr/bin").
		Add("/home/bob/.bashrc", "").
		Add("/home/bob/Downloads/x", "").
		Add("/home/Bob/downloads/x", "").
		Add("/tmp/a*b", "").
		Add("/tmp/axb", "").
		Add("/etc/passwd", "").
		Add("/data/f", "")
}

func find(t *testing.T, m *source.Mem, o Options) *Scope {
	t.Helper()
	o.Platform, o.Volumes = m.Platform(), m.Volumes()
	if o.Drives == "" {
		o.Drives = Custom
	}
	s, err := New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func show(m *source.Mem, areas []Area) []string {
	var out []string
	for _, a := range areas {
		out = append(out, source.Display(m.Volumes()[a.Volume], a.Path))
	}
	return out
}

func TestAreas(t *testing.T) {
	for _, c := range []struct {
		name   string
		m      *source.Mem
		o      Options
		want   []string
		absent []string
		whole  bool
	}{
		{name: "all", m: windows(), o: Options{Drives: All}, want: []string{`C:\`, `D:\`}, whole: true},
		{name: "all but", m: windows(), o: Options{Drives: All, Exclude: []string{"*.log"}}, want: []string{`C:\`, `D:\`}},
		{name: "all hinted", m: windows(), o: Options{Drives: All, Hint: "x"}, want: []string{`C:\`, `D:\`}},
		{name: "system", m: windows(), o: Options{Drives: System}, want: []string{`C:\`}},
		{name: "system elsewhere", m: source.NewMem(source.Windows, "C:", "E:").Add(`E:\windows\system32\x`, ""), o: Options{Drives: System}, want: []string{`E:\`}},
		{name: "no system", m: source.NewMem(source.Windows, "C:", "E:"), o: Options{Drives: System}, want: []string{`C:\`, `E:\`}, whole: true},
		{name: "critical windows", m: windows(), o: Options{Drives: Critical}, want: []string{
			`C:\Users\Amy\DOWNLOADS`, `C:\Users\bob\AppData\Local\Temp`, `C:\Users\bob\Downloads`,
			`C:\Windows\System32`, `C:\Windows\Temp`, `C:\Windows\explorer.exe`, `D:\$Recycle.Bin`}},
		{name: "critical linux", m: linux(), o: Options{Drives: Critical}, want: []string{
			"/etc", "/home/bob/.bashrc", "/home/bob/Downloads", "/tmp", "/usr/bin"}},
		{name: "unknown platform", m: source.NewMem(source.Unknown).Add("/x", ""), o: Options{Drives: Critical}, want: []string{"/"}, whole: true},
		{name: "scope", m: windows(), o: Options{Scopes: []string{`c:/users/BOB`, `C:\Users\bob\Downloads`, `D:`}}, want: []string{`C:\Users\bob`, `D:\`}},
		{name: "scope any volume", m: windows(), o: Options{Scopes: []string{`\data`}}, want: []string{`C:\Data`, `D:\Data`}},
		{name: "scope through a link", m: windows(), o: Options{Scopes: []string{`C:\Documents and Settings\bob`, `C:\Users\bob`}}, want: []string{`C:\Users\bob`}},
		{name: "scope variable", m: windows(), o: Options{Scopes: []string{`%TEMP%`, `%SystemRoot%\System32`}}, want: []string{
			`C:\Users\bob\AppData\Local\Temp`, `C:\Windows\System32`, `C:\Windows\Temp`}},
		{name: "scope wildcard", m: windows(), o: Options{Scopes: []string{`C:\Users\*\Downloads`}}, want: []string{`C:\Users\Amy\DOWNLOADS`, `C:\Users\bob\Downloads`}},
		{name: "scope absent", m: windows(), o: Options{Scopes: []string{`C:\nope`, `Z:\`, `C:\Data\bobby.txt\x`}}, absent: []string{`C:\nope`, `Z:\`, `C:\Data\bobby.txt\x`}},
		{name: "scope beside drives", m: windows(), o: Options{Drives: System, Scopes: []string{`D:\Data`}}, want: []string{`C:\`, `D:\Data`}},
		{name: "star as written", m: linux(), o: Options{Scopes: []string{"/tmp/a*b"}}, want: []string{"/tmp/a*b"}},
		{name: "star as wildcard", m: linux(), o: Options{Scopes: []string{"/tmp/a*"}}, want: []string{"/tmp/a*b", "/tmp/axb"}},
		{name: "case counts", m: linux(), o: Options{Scopes: []string{"/HOME"}}, absent: []string{"/HOME"}},
		{name: "excluded area", m: windows(), o: Options{Drives: Critical, Exclude: []string{`C:\Users`, `C:\Windows\**`}}, want: []string{`D:\$Recycle.Bin`}},
		{name: "numbered volumes", m: source.NewMem(source.Windows, "C:", "volume2:", "volume12:"), o: Options{Drives: All}, want: []string{`C:\`, `volume2:\`, `volume12:\`}, whole: true},
		{name: "scope on a numbered volume", m: source.NewMem(source.Windows, "C:", "volume2:", "volume12:"), o: Options{Scopes: []string{`Volume12:\`, "volume3:"}}, want: []string{`volume12:\`}, absent: []string{"volume3:"}},
		{name: "scope on a numbered volume of Linux", m: source.NewMem(source.Linux, "", "[volume 2]"), o: Options{Scopes: []string{"[volume 2]/"}}, want: []string{"[volume 2]/"}},
		{name: "excluded numbered volume", m: source.NewMem(source.Linux, "", "[volume 2]"), o: Options{Drives: All, Exclude: []string{"[volume 2]/"}}, want: []string{"/"}},
		{name: "excluded on a numbered volume", m: source.NewMem(source.Windows, "C:", "volume2:"), o: Options{Drives: All, Exclude: []string{`volume2:\**`}}, want: []string{`C:\`}},
		{name: "excluded volume", m: windows(), o: Options{Drives: All, Exclude: []string{`D:\`}}, want: []string{`C:\`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := find(t, c.m, c.o)
			if d := cmp.Diff(c.want, show(c.m, s.Areas)); d != "" {
				t.Errorf("areas (-want +got)\n%s", d)
			}
			if d := cmp.Diff(c.absent, s.Absent); d != "" {
				t.Errorf("absent (-want +got)\n%s", d)
			}
			if s.Whole != c.whole {
				t.Errorf("whole = %v", s.Whole)
			}
			if len(s.Troubles) > 0 {
				t.Errorf("troubles %v", s.Troubles)
			}
		})
	}
}

func TestUsageErrors(t *testing.T) {
	for _, o := range []Options{
		{Drives: "some"},
		{Drives: ""},
		{Drives: Custom},
		{Drives: Custom, Scopes: []string{`%NOSUCH%\x`}},
		{Drives: Custom, Scopes: []string{`\\server\share`}},
		{Drives: Custom, Scopes: []string{`//server/share`}},
		{Drives: Custom, Scopes: []string{`\\.\PhysicalDrive0`}},
		{Drives: Custom, Scopes: []string{`relative\path`}},
		{Drives: Custom, Scopes: []string{`C:relative`}},
		{Drives: Custom, Scopes: []string{"C:\\a\x00b"}},
		{Drives: Custom, Scopes: []string{`C:\` + strings.Repeat("x", maxPath)}},
		{Drives: All, Exclude: []string{`[a-`}},
		{Drives: All, Exclude: []string{`a{b,c`}},
		{Drives: All, Exclude: []string{``}},
		{Drives: All, Exclude: []string{`%NOSUCH%\x`}},
		{Drives: All, Exclude: []string{strings.Repeat("{a,b}", 30)}},
		{Drives: All, Hint: `(`},
	} {
		o.Platform = source.Windows
		o.Volumes = []source.Volume{{Name: "C:"}} // no FS: usage errors come first
		_, err := New(context.Background(), o)
		var usage *UsageError
		if !errors.As(err, &usage) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestUnreadableFolderIsTold(t *testing.T) {
	m := linux().Put("/home", source.MemNode{Info: source.Info{Type: source.Dir}, OpenErr: fs.ErrPermission})
	s := find(t, m, Options{Drives: Critical})
	if len(s.Troubles) != 1 || s.Troubles[0].Path != "/home" || !errors.Is(s.Troubles[0].Err, fs.ErrPermission) {
		t.Errorf("troubles %v", s.Troubles)
	}
}

func TestAliases(t *testing.T) {
	s := find(t, linux(), Options{Drives: Critical})
	want := []Alias{{0, "/usr/bin", "/bin"}}
	if d := cmp.Diff(want, s.Aliases); d != "" {
		t.Error(d)
	}
}

func TestNames(t *testing.T) {
	is := func(p string) Name { return Name{Path: p} }
	begins := func(p string) Name { return Name{p, true} }
	type target struct {
		Outcome Outcome
		Place   string // displayed; the prefix's rest after a bar
	}
	for _, c := range []struct {
		name string
		m    *source.Mem
		o    Options
		n    []Name
		want []target
	}{
		{"is", windows(), Options{Scopes: nil, Drives: Critical}, []Name{is(`c:/data/BOBBY.txt`)}, []target{{Looked, `C:\Data\bobby.txt`}}},
		{"no drive", windows(), Options{Drives: Critical}, []Name{is(`\Data\deep`)}, []target{{Looked, `D:\Data\deep`}}},
		{"bare", windows(), Options{Drives: Critical}, []Name{is(`data\bobby.txt`)}, []target{{Looked, `C:\Data\bobby.txt`}}},
		{"both volumes", windows(), Options{Drives: Critical}, []Name{is(`\data`)}, []target{{Looked, `C:\Data`}, {Looked, `D:\Data`}}},
		{"inside", windows(), Options{Drives: Critical}, []Name{is(`C:\Windows\System32\cmd.exe`)}, []target{{Inside, ""}}},
		{"inside all", windows(), Options{Drives: All}, []Name{begins(`C:\`), is(`D:\Data`)}, []target{{Inside, ""}, {Inside, ""}}},
		{"outside", windows(), Options{Scopes: []string{`D:\`}}, []Name{is(`C:\Data\bobby.txt`), begins(`C:\Da`)}, []target{{Outside, ""}, {Outside, ""}}},
		{"excluded", windows(), Options{Drives: Critical, Exclude: []string{`C:\data`}}, []Name{is(`C:\Data\bobby.txt`), begins(`C:\Data\b`)}, []target{{Excluded, ""}, {Excluded, ""}}},
		{"absent", windows(), Options{Drives: Critical}, []Name{is(`C:\no\such`), is(`Q:\x`), is(`C:\a:stream`), begins(`C:\no\such`)}, []target{{Absent, ""}, {Absent, ""}, {Absent, ""}, {Absent, ""}}},
		{"never", windows(), Options{Drives: Critical}, []Name{is(`\\srv\share\x.exe`), begins(`//srv/`), is(`\\.\C:`), is(`\\?\C:\x`), is(`C:\x\NUL`), is(`C:\com1.txt`)},
			[]target{{Never, ""}, {Never, ""}, {Never, ""}, {Never, ""}, {Never, ""}, {Never, ""}}},
		{"device linux", linux(), Options{Drives: Critical}, []Name{is(`/dev/sda`), begins(`/dev/`), is(`/dev/shm/x`)}, []target{{Never, ""}, {Never, ""}, {Absent, ""}}},
		{"variable", windows(), Options{Drives: Critical}, []Name{is(`%NOSUCH%\x`), is(`%USERPROFILE%\appdata`)}, []target{{Unknown, ""}, {Looked, `C:\Users\bob\AppData`}}},
		{"prefix", windows(), Options{Drives: Critical}, []Name{begins(`c:\data\BOB`)}, []target{{Looked, `C:\Data|BOB`}}},
		{"prefix of a folder", windows(), Options{Drives: Critical}, []Name{begins(`C:\Data\`)}, []target{{Looked, `C:\Data|`}}},
		{"covered", windows(), Options{Drives: Critical}, []Name{begins(`C:\Data\bo`), begins(`C:\da`), is(`C:\Data\bobby.txt`), begins(`C:\Data\`), is(`C:\data`)},
			[]target{{Inside, ""}, {Looked, `C:\|da`}, {Inside, ""}, {Inside, ""}, {Inside, ""}}},
		{"a folder is not below itself", windows(), Options{Drives: Critical}, []Name{begins(`C:\Data\`), is(`C:\data`)}, []target{{Looked, `C:\Data|`}, {Looked, `C:\Data`}}},
		{"twice", windows(), Options{Drives: Critical}, []Name{is(`C:\Data`), is(`c:\data`), begins(`D:\Data\`), begins(`d:/data/`)},
			[]target{{Looked, `C:\Data`}, {Inside, ""}, {Looked, `D:\Data|`}, {Inside, ""}}},
		{"through a link", windows(), Options{Drives: Critical}, []Name{is(`C:\Documents and Settings\bob`)}, []target{{Looked, `C:\Users\bob`}}},
		{"a link itself", windows(), Options{Drives: Critical}, []Name{is(`C:\documents and settings`)}, []target{{Looked, `C:\Users`}, {Looked, `C:\Documents and Settings`}}},
		{"slashes on linux", linux(), Options{Drives: Critical}, []Name{is(`\data\f`)}, []target{{Looked, "/data/f"}}},
		{"star is no wildcard", linux(), Options{Drives: Critical}, []Name{is("/dat*/f")}, []target{{Absent, ""}}},
		{"left out", linux().LeaveOut("/mnt/nfs", "network", true), Options{Drives: Critical}, []Name{is("/mnt/nfs/x")}, []target{{Never, "/mnt/nfs"}}},
		{"empty", linux(), Options{Drives: Critical}, []Name{is(" "), is("/")}, []target{{Absent, ""}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Names = c.n
			var got []target
			for _, tg := range find(t, c.m, c.o).Targets {
				g := target{Outcome: tg.Outcome}
				if tg.Path != "" {
					g.Place = source.Display(c.m.Volumes()[tg.Volume], tg.Path)
					if tg.Name.Prefix {
						g.Place += "|" + tg.Rest
					}
				}
				got = append(got, g)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestNothingIsOpened(t *testing.T) {
	names := []Name{{`\\srv\share\x`, false}, {`//srv/share`, true}, {`\\.\PhysicalDrive0`, false}, {`\\?\UNC\srv\x`, false}, {`\??\C:\x`, false}}
	for _, p := range []source.Platform{source.Windows, source.Linux, source.Darwin} {
		o := Options{Platform: p, Drives: All, Volumes: []source.Volume{{Name: "", FS: nil}}, Names: names} // a call would panic
		s, err := New(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, tg := range s.Targets {
			if tg.Outcome != Never {
				t.Errorf("%s: %q: %v", p, tg.Name.Path, tg.Outcome)
			}
		}
	}
}

func TestHint(t *testing.T) {
	for _, c := range []struct {
		expr, path string
		want       bool
	}{
		{`\\Temp\\.*\.exe$`, `C:\Windows\Temp\a.exe`, true},
		{`(?i)WINDOWS`, `C:\windows`, true},
		{`WINDOWS`, `C:\windows`, false},
		{`\e\[`, "/tmp/\x1b[31m", true},
		{`\\e`, `C:\e`, true},
		{`\\e`, "C:\\\x1b", false},
	} {
		re, err := NewHint(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if re.MatchString(c.path) != c.want {
			t.Errorf("%s on %q", c.expr, c.path)
		}
	}
	if re, err := NewHint(""); re != nil || err != nil {
		t.Error("an empty hint is none")
	}
}

func TestCriticalPatternsAreSound(t *testing.T) {
	for p, patterns := range critical {
		for i, g := range patterns {
			if !strings.HasPrefix(g, "/") || strings.HasSuffix(g, "/") || strings.Contains(g, `\`) || slices.Contains(patterns[:i], g) {
				t.Errorf("%s: %q", p, g)
			}
		}
	}
}
