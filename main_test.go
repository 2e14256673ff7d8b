package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestMain makes the program a command that the tests can start: the test
// binary runs main where it is called iocscan.
func TestMain(m *testing.M) {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == "iocscan" {
		main()
	}
	os.Exit(inPath(m.Run))
}

// inPath runs the tests with the program found as iocscan.
func inPath(tests func() int) int {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	dir, err := os.MkdirTemp("", "iocscan-test")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "iocscan")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := os.Symlink(self, name); err != nil {
		binary, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(name, binary, 0o777)
		}
		if err != nil {
			panic(err)
		}
	}
	os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return tests()
}

// inProcess runs the program in this process. It returns the exit status and what
// came on standard output and standard error.
func inProcess(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(context.Background(), append([]string{"iocscan"}, args...), bytes.NewReader(nil), &out, &errs)
	return status, out.String(), errs.String()
}

// volatile is what differs between two runs of the same scan, and what takes
// its place in a text that is compared.
var volatile = []struct {
	old *regexp.Regexp
	new string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), `TIME`},
	{regexp.MustCompile(`("seconds": ?)[-+.e0-9]+`), `${1}0`},
	{regexp.MustCompile(`("jobs": ?)\d+`), `${1}0`},
	{regexp.MustCompile(`("command": ?)\[[^]]*\]`), `${1}[]`},
	{regexp.MustCompile(`("name": ?"iocscan",\s*"version": ?)"[^"]*"(,\s*"sha256": ?)"[^"]*"(,\s*"go": ?)"[^"]*"(,\s*"platform": ?)"[^"]*"`),
		`${1}"VERSION"${2}"HASH"${3}"GO"${4}"PLATFORM"`},
	{regexp.MustCompile(`("user": ?)"[^"]*"(,\s*"elevated": ?)\w+`), `${1}"USER"${2}false`},
	{regexp.MustCompile(`(?m)^iocscan \S+, \w+/\w+$`), `iocscan VERSION, PLATFORM`},
	{regexp.MustCompile(`(?m)^(  host  .*), user .*$`), `$1, user USER`},
	{regexp.MustCompile(`\bread in [.0-9]+ s\b`), `read in N s`},
	{regexp.MustCompile(`(?m)^(VERSION:\n +)\S+$`), `${1}VERSION`},
	{regexp.MustCompile(`\r\n`), "\n"},
}

// normal is a report or a text of the program without what differs between
// runs and machines.
func normal(text string) string {
	for _, v := range volatile {
		text = v.old.ReplaceAllString(text, v.new)
	}
	return text
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// simpleIOC is an IOC of one condition.
func simpleIOC(id, term, condition, content string) string {
	return `<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="` + id + `" last-modified="2024-03-11T09:00:00">
<short_description>` + id + `</short_description><authored_date>2024-03-11T09:00:00</authored_date>
<definition><Indicator id="` + id + `-top" operator="OR"><IndicatorItem id="` + id + `-1" condition="` + condition + `">
<Context document="FileItem" search="` + term + `" type="mir"/><Content type="string">` + content + `</Content>
</IndicatorItem></Indicator></definition></ioc>`
}

// iocFolder is a folder with the files a.ioc, b.ioc and so on.
func iocFolder(t *testing.T, iocs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, body := range iocs {
		write(t, filepath.Join(dir, string(rune('a'+i))+".ioc"), body)
	}
	return dir
}
