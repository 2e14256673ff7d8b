package main

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// TestWine runs the Windows program on the machine that Wine plays: host, areas,
// attributes, owners and paths are then those that the program asks of Windows.
// IOCSCAN_WINE is the prefix to use, with C: and D: and no other drive: the Z:
// that Wine makes by itself would have the machine below scanned. .ci/wine
// makes such a one.
func TestWine(t *testing.T) {
	m := newWineMachine(t)
	before := m.snapshot()
	for _, r := range wineRuns {
		t.Run(r.name, func(t *testing.T) { m.check(t, r) })
	}
	t.Run("reports replace files", m.testReports)
	t.Run("usage", m.testUsage)
	t.Run("repeated", m.testRepeated)
	if after := m.snapshot(); after != before {
		t.Errorf("the evidence changed: before\n%s\nafter\n%s", before, after)
	}
}

var (
	wineLong    = strings.Repeat("long folder name of forty characters 123/", 12) + "deep.dat"
	wineTemp    = `C:\users\analyst\AppData\Local\Temp\`
	winePayload = "MZ payload of no program: beacon.example.test /gate.php"
	wineTime    = time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
)

// wineFiles are planted below the prefix, by path from there.
var wineFiles = map[string]string{
	"drive_c/users/analyst/AppData/Local/Temp/svch0st.exe":         winePayload,
	"drive_c/users/analyst/AppData/Local/Temp/hidden.dat":          "hidden",
	"drive_c/users/analyst/AppData/Local/Temp/readonly.dat":        "read only",
	"drive_c/users/analyst/AppData/Local/Temp/old.log":             "of another time",
	"drive_c/users/analyst/AppData/Local/Temp/dot.":                "a dot at the end",
	"drive_c/users/analyst/AppData/Local/Temp/space ":              "a space at the end",
	"drive_c/users/analyst/AppData/Local/Temp/Ünï–名前 😀.txt":        "a name of many scripts",
	"drive_c/users/analyst/AppData/Local/Temp/wide.bin":            "\x01\x00" + wineWide("C2-Server.example.test") + "\x00\x00",
	"drive_c/users/analyst/AppData/Local/Temp/empty.bin":           "",
	"drive_c/users/analyst/AppData/Local/Temp/" + wineLong:         "at the end of a long path",
	"drive_c/users/analyst/Private/outside.bin":                    "outside the critical areas",
	"drive_c/windows/system32/drivers/beep0.sys":                   "no driver",
	"drive_c/data/named.bin":                                       "looked at only where it is named",
	"drive_d/share/only-on-d.bin":                                  "on the second volume",
	"drive_c/evidence/Windows/System32/config/SOFTWARE":            "no hive",
	"drive_c/evidence/Windows/System32/ntoskrnl.exe":               "no kernel",
	"drive_c/evidence/Users/victim/AppData/Roaming/implant.dll":    "no implant",
	"drive_c/evidence/ProgramData/Ünïcode/readme.txt":              "of the copied system",
	"drive_c/evidence/Users/victim/Desktop/" + wineLong + ".note.": "long and with a dot, in a root",
}

// wineIOCs are the indicators, by name.
var wineIOCs = map[string]string{
	"name":        wineIOC("OR", "FileItem/FileName", "is", "string", "SVCH0ST.EXE"),
	"path":        wineIOC("OR", "FileItem/FullPath", "is", "string", `c:\WINDOWS\System32\drivers\beep0.sys`),
	"folder":      wineIOC("OR", "FileItem/FilePath", "ends-with", "string", `AppData/Local/Temp`, "FileItem/FullPath", "is", "string", `c:\nowhere`),
	"hidden":      wineIOC("AND", "FileItem/FileAttributes", "contains", "string", "Hidden", "FileItem/FileExtension", "is", "string", "dat"),
	"readonly":    wineIOC("AND", "FileItem/FileAttributes", "is", "string", "ReadOnly", "FileItem/FileName", "is", "string", "readonly.dat"),
	"size":        wineIOC("AND", "FileItem/SizeInBytes", "is", "int", fmt.Sprint(len(winePayload)), "FileItem/FileName", "ends-with", "string", ".exe"),
	"time":        wineIOC("AND", "FileItem/Modified", "is", "date", "2021-03-04T00:00:00Z TO 2021-03-05T00:00:00Z"),
	"owner":       wineIOC("AND", "FileItem/SecurityID", "starts-with", "string", "S-1-5-21-", "FileItem/FileName", "is", "string", "old.log"),
	"unicode":     wineIOC("OR", "FileItem/FileName", "is", "string", "üNÏ–名前 😀.TXT"),
	"dot":         wineIOC("OR", "FileItem/FileName", "is", "string", "dot."),
	"space":       wineIOC("OR", "FileItem/FullPath", "matches", "string", `\\space $`),
	"long":        wineIOC("OR", "FileItem/FileName", "is", "string", "deep.dat"),
	"md5":         wineIOC("OR", "FileItem/Md5sum", "is", "md5", wineMD5(winePayload)),
	"sha1":        wineIOC("OR", "FileItem/Sha1sum", "is", "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), // of nothing
	"sha256":      wineIOC("OR", "FileItem/Sha256sum", "is", "sha256", "0000000000000000000000000000000000000000000000000000000000000000"),
	"string":      wineIOC("OR", "FileItem/StringList/string", "contains", "string", "beacon.EXAMPLE.test"),
	"wide":        wineIOC("OR", "FileItem/StringList/string", "contains", "string", "c2-server.example.test"),
	"outside":     wineIOC("OR", "FileItem/FileName", "is", "string", "outside.bin"),
	"named":       wineIOC("OR", "FileItem/FullPath", "is", "string", `C:\DATA\named.bin`),
	"second":      wineIOC("OR", "FileItem/FileName", "is", "string", "only-on-d.bin"),
	"implant":     wineIOC("AND", "FileItem/FullPath", "is", "string", `c:\users\victim\appdata\roaming\IMPLANT.dll`, "FileItem/Md5sum", "is", "md5", wineMD5("no implant")),
	"implant dot": wineIOC("OR", "FileItem/FileName", "ends-with", "string", ".note."),
	"nothing":     wineIOC("OR", "FileItem/FileName", "is", "string", "there is no such file"),
	"unknown":     wineIOC("OR", "NoSuchItem/Thing", "is", "string", "x"),
}

// A wineRun is a scan and what it has to find: for each indicator the labels,
// none meaning clear.
type wineRun struct {
	name   string
	args   []string
	status int
	want   map[string][]string
}

var (
	wineExe     = []string{wineTemp + "svch0st.exe"}
	wineOutside = []string{`C:\users\analyst\Private\outside.bin`}
	wineDeep    = []string{wineTemp + strings.ReplaceAll(wineLong, "/", `\`)}
)

var wineRuns = []wineRun{
	{"critical areas", nil, 1, map[string][]string{
		"name": wineExe, "path": {`C:\windows\system32\drivers\beep0.sys`}, "size": wineExe,
		"hidden": {wineTemp + "hidden.dat"}, "readonly": {wineTemp + "readonly.dat"}, "time": {wineTemp + "old.log"},
		"owner": {wineTemp + "old.log"}, "unicode": {wineTemp + "Ünï–名前 😀.txt"}, "dot": {wineTemp + "dot."},
		"space": {wineTemp + "space "}, "long": wineDeep, "outside": nil, "second": nil, "nothing": nil,
	}},
	{"content", []string{"--scope", `C:\Users\Analyst`}, 1, map[string][]string{
		"md5": wineExe, "sha1": {wineTemp + "empty.bin"}, "sha256": nil, "string": wineExe, "wide": {wineTemp + "wide.bin"},
		"outside": wineOutside, "second": nil,
	}},
	{"named beyond the areas", nil, 1, map[string][]string{"named": {`C:\data\named.bin`}}},
	{"named but out of scope", []string{"--scope", `C:\users\analyst\Private`}, 0, map[string][]string{"named": nil}},
	{"all drives", []string{"--drives", "all"}, 1, map[string][]string{
		"outside": wineOutside, "second": {`D:\share\only-on-d.bin`}, "nothing": nil}},
	{"all drives but D", []string{"--drives", "all", "--exclude", `D:\**`}, 1, map[string][]string{"outside": wineOutside, "second": nil}},
	{"system drive", []string{"--drives", "system"}, 1, map[string][]string{"outside": wineOutside, "second": nil}},
	{"a drive as scope", []string{"--scope", `d:\`}, 1, map[string][]string{"outside": nil, "second": {`D:\share\only-on-d.bin`}}},
	{"a pattern as scope", []string{"--scope", `C:/USERS/*/AppData\Local`}, 1, map[string][]string{"name": wineExe, "outside": nil}},
	{"excluded", []string{"--drives", "all", "--exclude", `c:\users\ANALYST\**`}, 0, map[string][]string{"name": nil, "outside": nil}},
	{"hint", []string{"--drives", "all", "--hint", `\\Private\\`}, 1, map[string][]string{"name": nil, "outside": wineOutside}},
	{"root", []string{"--root", `C:\evidence`}, 1, map[string][]string{
		"implant":     {`C:\Users\victim\AppData\Roaming\implant.dll`},
		"implant dot": {`C:\Users\victim\Desktop\` + strings.ReplaceAll(wineLong, "/", `\`) + ".note."},
		"name":        nil, "second": nil,
	}},
	{"root in other words", []string{"--root", `c:/EVIDENCE/`}, 1, map[string][]string{
		"implant": {`C:\Users\victim\AppData\Roaming\implant.dll`}}},
	{"clear", nil, 0, map[string][]string{"nothing": nil}},
	{"unknown term", nil, 3, map[string][]string{"unknown": {"?"}, "nothing": nil}},
	{"unknown term accepted", []string{"--accept-incomplete"}, 0, map[string][]string{"unknown": {"?"}}},
}

// wineIOC is an OpenIOC 1.1 document of conditions of four words each: term,
// condition, type, content. Its id is yet to be filled in.
func wineIOC(operator string, words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="utf-8"?>
<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="NAME" last-modified="2024-01-01T00:00:00Z" published-date="0001-01-01T00:00:00">
<metadata><short_description>made for a test</short_description></metadata>
<criteria><Indicator id="top" operator="%s">
`, operator)
	for w := range slices.Chunk(words, 4) {
		item, _, _ := strings.Cut(w[0], "/")
		fmt.Fprintf(&b, `<IndicatorItem id="%s" condition="%s" preserve-case="false" negate="false"><Context document="%s" search="%s" type="mir"/><Content type="%s">%s</Content></IndicatorItem>`+"\n",
			w[0], w[1], item, w[0], w[2], html.EscapeString(w[3]))
	}
	b.WriteString("</Indicator></criteria><parameters/></OpenIOC>\n")
	return b.String()
}

func wineMD5(content string) string { return fmt.Sprintf("%x", md5.Sum([]byte(content))) }

func wineWide(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// A wineMachine is the prefix with the program and the files in it.
type wineMachine struct {
	t      *testing.T
	prefix string
}

func newWineMachine(t *testing.T) *wineMachine {
	t.Helper()
	prefix := os.Getenv("IOCSCAN_WINE")
	if prefix == "" {
		t.Skip("IOCSCAN_WINE names no Wine prefix")
	}
	if runtime.GOOS == "windows" {
		t.Skip("driven from the outside")
	}
	drives, err := filepath.Glob(filepath.Join(prefix, "dosdevices", "?:"))
	if err != nil || len(drives) != 2 || !strings.HasSuffix(drives[0], "c:") || !strings.HasSuffix(drives[1], "d:") {
		t.Fatalf("the prefix has the drives %q, %v: not C: and D: alone", drives, err)
	}
	err = filepath.WalkDir(filepath.Join(prefix, "drive_c"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			err = fmt.Errorf("%s is a link, which Wine would follow", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m := &wineMachine{t, prefix}
	for name, content := range wineFiles {
		m.write(name, content)
	}
	for name, content := range wineIOCs {
		m.write("drive_c/run/iocs/"+name+".ioc", strings.Replace(content, "NAME", name, 1))
	}
	build := exec.Command("go", "build", "-o", m.path("drive_c/run/iocscan.exe"), ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	temp := "drive_c/users/analyst/AppData/Local/Temp/"
	if err := os.Chtimes(m.path(temp+"old.log"), wineTime, wineTime); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(m.path(temp+"readonly.dat"), 0o444); err != nil {
		t.Fatal(err)
	}
	if out, err := m.command("attrib", "+h", wineTemp+"hidden.dat").CombinedOutput(); err != nil {
		t.Fatalf("attrib: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		for name := range wineFiles {
			if err := os.Remove(m.path(name)); err != nil {
				t.Error(err)
			}
		}
	})
	return m
}

func (m *wineMachine) path(name string) string {
	return filepath.Join(m.prefix, filepath.FromSlash(name))
}

func (m *wineMachine) write(name, content string) {
	m.t.Helper()
	name = m.path(name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// command is a Windows program, started in C:\run.
func (m *wineMachine) command(args ...string) *exec.Cmd {
	c := exec.Command("wine", args...)
	c.Dir = m.path("drive_c/run")
	c.Env = append(os.Environ(), "WINEPREFIX="+m.prefix, "WINEDEBUG=-all", "DISPLAY=")
	return c
}

// run is the program's standard output, standard error and exit status.
func (m *wineMachine) run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := m.command(append([]string{"iocscan.exe"}, args...)...)
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%q: %v", args, err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// A wineReport is what the test reads of a JSON report.
type wineReport struct {
	Tool struct{ Platform string }
	Scan struct {
		Source struct{ Kind, Platform string }
		Status string
	}
	IOCs []struct {
		File, Verdict string
		Matches       []struct {
			Text    string
			Objects []struct {
				Label  string
				Fields map[string][]string
			}
		}
		Unchecked []struct{ Reason string }
	}
	Documents []struct{ Name, Status, Reason string }
	Troubles  []struct{ Object, Error string }
	Summary   struct {
		ExitStatus int `json:"exit_status"`
		Objects    int
	}
}

func (m *wineMachine) scan(t *testing.T, r wineRun) (wineReport, int) {
	t.Helper()
	args := append([]string{"scan", "--format", "json"}, r.args...)
	for name := range r.want {
		args = append(args, `iocs\`+name+".ioc")
	}
	stdout, stderr, status := m.run(t, args...)
	var report wineReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%q: %v\n%s%s", args, err, stdout, stderr)
	}
	return report, status
}

func (m *wineMachine) check(t *testing.T, r wineRun) {
	report, status := m.scan(t, r)
	kind := "host"
	if slices.Contains(r.args, "--root") {
		kind = "root"
	}
	if s := report.Scan; s.Source.Kind != kind || s.Source.Platform != "windows" || s.Status != "complete" || report.Tool.Platform != "windows/amd64" {
		t.Errorf("scan %+v by %+v", s, report.Tool)
	}
	if status != r.status || report.Summary.ExitStatus != r.status {
		t.Errorf("status %d, in the report %d, want %d", status, report.Summary.ExitStatus, r.status)
	}
	if len(report.IOCs) != len(r.want) {
		t.Errorf("%d IOCs in the report, want %d", len(report.IOCs), len(r.want))
	}
	for _, i := range report.IOCs {
		name := strings.TrimSuffix(strings.TrimPrefix(i.File, `iocs\`), ".ioc")
		want, verdict := r.want[name], "matched"
		switch {
		case len(want) == 0:
			verdict = "clear"
		case want[0] == "?":
			want, verdict = nil, "undetermined"
		}
		var labels []string
		for _, match := range i.Matches {
			for _, o := range match.Objects {
				labels = append(labels, o.Label)
				if got := o.Fields["FileItem/FullPath"]; len(got) == 0 || got[0] != o.Label || match.Text == "" {
					t.Errorf("%s: FullPath %q of %q, text %q", name, got, o.Label, match.Text)
				}
			}
		}
		if i.Verdict != verdict || !slices.Equal(labels, want) {
			t.Errorf("%s: %s %q %v, want %s %q", name, i.Verdict, labels, i.Unchecked, verdict, want)
		}
	}
	if t.Failed() {
		t.Logf("documents %+v, troubles %+v", report.Documents, report.Troubles)
	}
}

// testReports: a report takes the place of an older one.
func (m *wineMachine) testReports(t *testing.T) {
	m.write("drive_c/run/out/r.json", "an older report")
	_, stderr, status := m.run(t, "scan", `iocs\name.ioc`, "--scope", wineTemp, "-o", `out\r.json`, "-o", `C:\run\out\r.csv`, "-o", "out/r.jsonl", "-o", `out\r.txt`)
	if status != 1 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, name := range []string{"r.json", "r.csv", "r.jsonl", "r.txt"} {
		body, err := os.ReadFile(m.path("drive_c/run/out/" + name))
		if err != nil || !bytes.Contains(body, []byte("svch0st.exe")) {
			t.Errorf("%s: %v, %d bytes", name, err, len(body))
		}
	}
	list, err := os.ReadDir(m.path("drive_c/run/out"))
	if err != nil || len(list) != 4 {
		t.Errorf("in the folder of the reports: %v, %v", list, err)
	}
	if stdout, stderr, status := m.run(t, "report", `out\r.jsonl`, "--format", "csv"); status != 0 || !strings.Contains(stdout, "svch0st.exe") {
		t.Errorf("report: status %d, %s%s", status, stdout, stderr)
	}
}

func (m *wineMachine) testUsage(t *testing.T) {
	for _, args := range [][]string{
		{"scan", `iocs\missing.ioc`},
		{"scan", `iocs\name.ioc`, "--root", `C:\nowhere`},
		{"scan", `iocs\name.ioc`, "--drives", "some"},
		{"scan", `iocs\name.ioc`, "-o", `C:\nowhere\r.json`},
		{"scan"},
		{"--no-such"},
	} {
		if stdout, stderr, status := m.run(t, args...); status != 2 || !strings.Contains(stderr, "iocscan: error: ") {
			t.Errorf("%q: status %d\n%s%s", args, status, stdout, stderr)
		}
	}
}

// testRepeated: the same scan says the same.
func (m *wineMachine) testRepeated(t *testing.T) {
	first, _ := m.scan(t, wineRuns[1])
	second, _ := m.scan(t, wineRuns[1])
	a, _ := json.Marshal(first.IOCs)
	b, _ := json.Marshal(second.IOCs)
	if !bytes.Equal(a, b) {
		t.Errorf("first\n%s\nsecond\n%s", a, b)
	}
}

// snapshot is the planted files with what a scan could change.
func (m *wineMachine) snapshot() string {
	m.t.Helper()
	var b strings.Builder
	for _, top := range []string{"drive_c/users/analyst", "drive_c/data", "drive_c/evidence", "drive_d"} {
		err := filepath.WalkDir(m.path(top), func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil {
				fmt.Fprintln(&b, p, info.Mode(), info.Size(), info.ModTime())
			}
			return err
		})
		if err != nil {
			m.t.Fatal(err)
		}
	}
	return b.String()
}
