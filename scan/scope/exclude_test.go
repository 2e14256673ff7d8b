package scope

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"iocscan/scan/source"
)

func TestExclude(t *testing.T) {
	win := source.Volume{Name: "C:", FoldCase: true}
	unix := source.Volume{}
	for _, c := range []struct {
		platform source.Platform
		glob     string
		path     string
		folder   bool
		want     bool
	}{
		{source.Windows, `*.log`, "/a/b/X.LOG", false, true},
		{source.Windows, `*.log`, "/a/x.logs", false, false},
		{source.Windows, `*.log`, "/x.log", false, true},
		{source.Windows, `node_modules`, "/src/node_modules", true, true},
		{source.Windows, `node_modules`, "/src/node_modules/a/b.js", false, true}, // below it
		{source.Windows, `node_modules`, "/src/my_node_modules", true, false},
		{source.Windows, `src\*.o`, "/home/src/x.o", false, true},
		{source.Windows, `src\*.o`, "/home/src/sub/x.o", false, false},
		{source.Windows, `C:\Windows\**`, "/windows/system32", true, true},
		{source.Windows, `C:\Windows\**`, "/Windows", true, false},
		{source.Windows, `C:\Windows\**`, "/x/Windows/y", true, false},
		{source.Windows, `c:/windows`, "/Windows/System32/a.dll", false, true},
		{source.Windows, `D:\Windows`, "/Windows", true, false},
		{source.Windows, `\Windows`, "/Windows", true, true},
		{source.Windows, `\Users\**\Temp\*.tmp`, "/Users/b/AppData/Local/Temp/1.tmp", false, true},
		{source.Windows, `\Users\**\Temp\*.tmp`, "/Users/Temp/1.tmp", false, true},
		{source.Windows, `\Users\**\Temp\*.tmp`, "/Users/b/Temp/sub/1.tmp", false, false},
		{source.Windows, `\a\**\b\**\c`, "/a/x/b/y/b/z/c", false, true},
		{source.Windows, `\a\**\b\**\c`, "/a/x/y/z/c", false, false},
		{source.Windows, `\a\**\b\c\**\d`, "/a/b/c/x/b/d", false, true},
		{source.Windows, `%TEMP%\*.tmp`, "/Users/bob/AppData/Local/Temp/x.tmp", false, true},
		{source.Windows, `cache\`, "/x/cache", true, true},
		{source.Windows, `cache\`, "/x/cache", false, false},
		{source.Windows, `*.{tmp,bak}`, "/x/y.BAK", false, true},
		{source.Windows, `*.{tmp,b{a,b}k}`, "/x/y.bbk", false, true},
		{source.Windows, `[a-c]?.txt`, "/B1.txt", false, true},
		{source.Windows, `[!a-c]?.txt`, "/B1.txt", false, false},
		{source.Windows, `Ä*`, "/äpfel", false, true},
		{source.Windows, `*ſ`, "/x/classS", false, true}, // long s folds to s
		{source.Windows, `**`, "/anything", false, true},
		{source.Windows, `*`, "/anything/at/all", false, true},
		{source.Windows, `C:\`, "/anything", false, true},
		{source.Linux, `*.log`, "/a/X.LOG", false, false},
		{source.Linux, `/var/log`, "/var/log/syslog", false, true},
		{source.Linux, `/var/log`, "/mnt/var/log", true, false},
		{source.Linux, `\*`, "/x/*", false, true},
		{source.Linux, `\*`, "/x/y", false, false},
		{source.Linux, `a*b*c`, "/aXbYbZc", false, true},
		{source.Linux, `a*b*c`, "/aXYZc", false, false},
		{source.Linux, `a**c`, "/abc", false, true},
		{source.Linux, "\xff*", "/\xffx", false, true},
		{source.Linux, "\xff*", "/\xfex", false, false},
		{source.Linux, "?", "/\xff", false, true},
		{source.Linux, `[]x]`, "/]", false, true},
		{source.Linux, `[a\-z]`, "/-", false, true},
		{source.Linux, `[a\-z]`, "/m", false, false},
	} {
		x, err := NewExcludes(c.platform, []string{c.glob})
		if err != nil {
			t.Errorf("%s: %v", c.glob, err)
			continue
		}
		v := &unix
		if c.platform == source.Windows {
			v = &win
		}
		if got := x.On(c.platform, v).Covers(c.path, c.folder); got != c.want {
			t.Errorf("%s on %s: %v", c.glob, c.path, got)
		}
	}
}

// Globs that both libraries read alike must mean the same to both.
func FuzzGlobAgainstDoublestar(f *testing.F) {
	for _, g := range []string{"a*b", "**/x/*.c", "/a/**/b/?", "[a-c]x", "{a,b}*", "/**/a/**/b/c"} {
		f.Add(g, "a/x/b/c")
	}
	f.Fuzz(func(t *testing.T, glob, p string) {
		if strings.ContainsAny(glob+p, "\\[]{}^!%") || strings.ContainsAny(p, "*?") || len(glob) > 100 || len(p) > 100 ||
			!utf8.ValidString(glob) || !utf8.ValidString(p) { // to doublestar all bytes that are not UTF-8 are one
			t.Skip()
		}
		p = strings.Trim(p, "/")
		glob = strings.Trim(glob, "/")
		for _, s := range strings.Split(glob+"/"+p, "/") {
			if s == "" || s == "." || s != "**" && strings.Contains(s, "**") {
				t.Skip()
			}
		}
		if !doublestar.ValidatePattern(glob) || strings.HasSuffix(glob, "**") || p == "" {
			t.Skip()
		}
		x, err := NewExcludes(source.Linux, []string{"/" + glob})
		if err != nil {
			t.Fatalf("%q: %v", glob, err)
		}
		want, err := doublestar.Match(glob, p)
		if err != nil {
			t.Skip()
		}
		folder, name := split("/" + p)
		if got := x.On(source.Linux, &source.Volume{}).Match(folder, name, false); got != want {
			t.Errorf("%q on %q: %v, doublestar %v", glob, p, got, want)
		}
	})
}

func TestMatchDoesNotAllocate(t *testing.T) {
	x, err := NewExcludes(source.Windows, []string{"*.log", "node_modules", `C:\Windows\**`, `\Users\**\Temp\*.tmp`})
	if err != nil {
		t.Fatal(err)
	}
	e := x.On(source.Windows, &source.Volume{Name: "C:", FoldCase: true})
	if n := testing.AllocsPerRun(100, func() { e.Match("/Users/bob/AppData/Local/Temp", "sömething.tmp", false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkExclude59200Files(b *testing.B) {
	x, err := NewExcludes(source.Windows, []string{"*.log", "node_modules", `C:\Windows\**`, `\Users\**\Temp\*.tmp`})
	if err != nil {
		b.Fatal(err)
	}
	e := x.On(source.Windows, &source.Volume{Name: "C:", FoldCase: true})
	names := make([]string, 59200)
	for i := range names {
		names[i] = fmt.Sprintf("library%05d.dll", i)
	}
	for b.Loop() {
		for _, n := range names {
			e.Match("/Program Files/Vendor/Product/bin", n, false)
		}
	}
}
