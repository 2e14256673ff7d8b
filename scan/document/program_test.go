package document

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

// tellWindows is tell for documents that read the registry; terms limits what
// is written down to those with one of the beginnings.
func tellWindows(t *testing.T, d Document, src source.Source, given []source.GivenHive, terms ...string) telling {
	t.Helper()
	w := &teller{doc: d.Schema(), items: map[string]string{}}
	r := source.NewRegistry(src, source.RegistryOptions{Given: given})
	defer r.Close()
	var out telling
	var mu sync.Mutex
	req := &Request{Source: src, Registry: r, Trouble: func(object string, err error) {
		mu.Lock()
		defer mu.Unlock()
		out.troubles = append(out.troubles, object+": "+err.Error())
	}}
	var err error
	if out.Listing, err = d.Run(context.Background(), req, 2, func() Worker { return w }); err != nil {
		t.Fatal(err)
	}
	out.text = written(w.items, terms)
	return out
}

func expandValue(name, text string) regftest.Value {
	return regftest.Value{Name: name, Type: 2, Data: regftest.SZ(text)}
}

// keyAt is a key inside those of a path.
func keyAt(path string, k regftest.Key) regftest.Key {
	names := strings.Split(path, `\`)
	for n := len(names) - 1; n >= 0; n-- {
		k = regftest.Key{Name: names[n], Subkeys: []regftest.Key{k}}
	}
	return k
}

func hiveOf(keys ...regftest.Key) string {
	return string(regftest.Hive{Root: regftest.Key{Name: "ROOT", Subkeys: keys}}.Bytes())
}

// systemHive has services in the control set in use.
func systemHive(services ...regftest.Key) string {
	return hiveOf(
		regftest.Key{Name: "Select", Values: []regftest.Value{dword("Current", 1)}},
		regftest.Key{Name: "ControlSet001", Subkeys: []regftest.Key{{Name: "Services", Subkeys: services}}},
	)
}

// windowsMachine has all hives of a system, empty but for those given.
func windowsMachine(hives map[string]string) *source.Mem {
	m := source.NewMem(source.Windows).Offer(source.Hives).AddDir(`C:\Windows\System32`)
	for _, name := range []string{"SYSTEM", "SOFTWARE", "SAM", "SECURITY", "DEFAULT"} {
		h := hives[name]
		if h == "" {
			h = hiveOf()
		}
		m.Add(`C:\Windows\System32\config\`+name, h)
	}
	return m
}

func md5Of(s string) string { h := md5.Sum([]byte(s)); return hex.EncodeToString(h[:]) }

func finderOf(src source.Source) *programFinder {
	return newPrograms(context.Background(), &Request{Source: src}, serviceFields)
}

func TestProgramsOfCommandLines(t *testing.T) {
	m := source.NewMem(source.Windows).
		Add(`C:\Windows\System32\svchost.exe`, "svchost").
		Add(`C:\Windows\System32\drivers\x.sys`, "x").
		Add(`C:\Windows\SysWOW64\only32.exe`, "32").
		Add(`C:\Program Files\Two Words\a b.exe`, "ab").
		Add(`C:\Program Files\noext`, "noext").
		Add(`C:\Users\anna\AppData\Roaming\evil.exe`, "evil").
		Put(`C:\locked\a.exe`, source.MemNode{OpenErr: fs.ErrPermission})
	const anna = `C:\Users\anna`
	for _, c := range []struct {
		line, profile string
		paths         string // joined by |, with ~ where they only resemble
		arguments     string
		file          string // empty: absent; an error begins with !
	}{
		{`"C:\Program Files\Two Words\a b.exe" -k "x y"`, "", `C:\Program Files\Two Words\a b.exe`, `-k "x y"`, `C:\Program Files\Two Words\a b.exe`},
		{`C:\Program Files\Two Words\a b.exe -k`, "", `C:\Program Files\Two Words\a b.exe`, "-k", `C:\Program Files\Two Words\a b.exe`},
		{`c:\program files\two words\a b -k`, "", `c:\program files\two words\a b|c:\program files\two words\a b.exe`, "-k", `C:\Program Files\Two Words\a b.exe`},
		{`C:\Program Files\noext x`, "", `C:\Program Files\noext`, "x", `C:\Program Files\noext`},
		{`C:\gone away\b c -d`, "", `C:\gone~`, `away\b c -d~`, ""},
		{`C:\gone away\b.exe -d`, "", `C:\gone away\b.exe`, "-d", ""},
		{`%SystemRoot%\system32\svchost.exe -k netsvcs`, "", `%SystemRoot%\system32\svchost.exe|C:\Windows\system32\svchost.exe`, "-k netsvcs", `C:\Windows\System32\svchost.exe`},
		{`%ProgramFiles%\Two Words\a b.exe`, "", `%ProgramFiles%\Two Words\a b.exe|C:\Program Files\Two Words\a b.exe`, "", `C:\Program Files\Two Words\a b.exe`},
		{`\SystemRoot\System32\drivers\x.sys`, "", `\SystemRoot\System32\drivers\x.sys|C:\Windows\System32\drivers\x.sys`, "", `C:\Windows\System32\drivers\x.sys`},
		{`\??\C:\Windows\System32\drivers\x.sys`, "", `\??\C:\Windows\System32\drivers\x.sys|C:\Windows\System32\drivers\x.sys`, "", `C:\Windows\System32\drivers\x.sys`},
		{`system32\drivers\x.sys`, "", `system32\drivers\x.sys|C:\Windows\system32\drivers\x.sys`, "", `C:\Windows\System32\drivers\x.sys`},
		{`svchost -k x`, "", `svchost|C:\Windows\System32\svchost.exe`, "-k x", `C:\Windows\System32\svchost.exe`},
		{`only32.exe`, "", `only32.exe|C:\Windows\SysWOW64\only32.exe`, "", `C:\Windows\SysWOW64\only32.exe`},
		{`nowhere.exe /q`, "", `nowhere.exe`, "/q", "!not in the folders"},
		{`%APPDATA%\evil.exe`, anna, `%APPDATA%\evil.exe|C:\Users\anna\AppData\Roaming\evil.exe`, "", `C:\Users\anna\AppData\Roaming\evil.exe`},
		{`%APPDATA%\evil.exe -x`, "", `%APPDATA%\evil.exe`, "-x", "!depends on the user"},
		{`%NOSUCH%\evil.exe`, anna, `%NOSUCH%\evil.exe`, "", "!no such variable"},
		{`\\server\share\x.exe`, "", `\\server\share\x.exe`, "", "!" + source.ErrEscapes.Error()},
		{`\Device\HarddiskVolume2\x.exe`, "", `\Device\HarddiskVolume2\x.exe`, "", "!" + source.ErrEscapes.Error()},
		{`D:\x.exe`, "", `D:\x.exe`, "", "!" + source.ErrEscapes.Error()},
		{`C:\Windows`, "", `C:\Windows`, "", ""},
		{"C:\\Windows\\System32\\svchost.exe\x00hidden", "", `C:\Windows\System32\svchost.exe`, "", `C:\Windows\System32\svchost.exe`},
		{`""`, "", "", "", "!not in the folders"},
		{strings.Repeat("a ", 40) + "b", "", "a~", strings.Repeat("a ", 39) + "b~", "!"},
	} {
		p := finderOf(m).commandLine(c.line, c.profile)
		var paths, arguments []string
		note := func(err error) string {
			var standIn match.StandIn
			switch {
			case errors.As(err, &standIn):
				return "~"
			case err != nil:
				return "!"
			}
			return ""
		}
		end := note(p.paths(func(v ioc.Value) bool { paths = append(paths, v.String()); return true }))
		got := []string{strings.Join(paths, "|") + end}
		end = note(p.arguments(func(v ioc.Value) bool { arguments = append(arguments, v.String()); return true }))
		got = append(got, strings.Join(arguments, "|")+end)
		file := ""
		found, err := p.find()
		switch {
		case err != nil:
			file = "!" + err.Error()
			if c.file[:min(1, len(c.file))] == "!" && strings.Contains(file, c.file[1:]) {
				file = c.file
			}
		case found:
			file = p.row.shown()
		}
		if diff := cmp.Diff([]string{c.paths, c.arguments, c.file}, append(got, file)); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", c.line, diff)
		}
	}
}

// Without file systems a path is told, and nothing of its file.
func TestProgramsWithoutFiles(t *testing.T) {
	f := finderOf(source.OpenArtifacts("hives", source.Hives))
	for line, want := range map[string]string{
		`C:\a\b.exe -c`:    `C:\a\b.exe`,
		`%windir%\b.exe`:   `%windir%\b.exe`,
		`System32\x.sys`:   `System32\x.sys`,
		`C:\a b\c.exe d e`: `C:\a b\c.exe`,
	} {
		p := f.commandLine(line, "")
		var got []string
		if err := p.paths(func(v ioc.Value) bool { got = append(got, v.String()); return true }); err != nil || strings.Join(got, "|") != want {
			t.Errorf("%s: %q, %v", line, got, err)
		}
		if found, err := p.find(); found || err == nil {
			t.Errorf("%s: found %v, %v", line, found, err)
		}
	}
}
