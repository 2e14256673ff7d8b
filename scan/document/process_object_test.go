package document

import (
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"iocscan/ioc"
)

func TestObjectNames(t *testing.T) {
	names := kernelNames{drives: []driveDevice{{"C:", `\Device\HarddiskVolume3`}, {"D:", `\Device\HarddiskVolume30`}}}
	for _, c := range []struct {
		kind, name string
		want       []string
	}{
		{"File", `\Device\HarddiskVolume3\Users\x.txt`, []string{`C:\Users\x.txt`}},
		{"File", `\DEVICE\harddiskvolume30\x`, []string{`D:\x`}},
		{"File", `\Device\HarddiskVolume3`, nil}, // the volume itself
		{"File", `\Device\HarddiskVolume4\x`, nil},
		{"File", `\??\C:\x`, []string{`C:\x`}},
		{"File", `\??\UNC\server\share\x`, []string{`\\server\share\x`}},
		{"File", `\Device\Mup\server\share\x`, []string{`\\server\share\x`}},
		{"File", `\Device\Mup\;LanmanRedirector\;Z:0\server\share`, nil},
		{"File", `\Device\NamedPipe\evil`, []string{`\\.\pipe\evil`}},
		{"File", `\Device\NamedPipe\`, nil},
		{"File", `\Device\Mailslot\evil`, []string{`\\.\mailslot\evil`}},
		{"File", ``, nil},
		{"Key", `\REGISTRY\MACHINE\SOFTWARE\x`, []string{`HKEY_LOCAL_MACHINE\SOFTWARE\x`}},
		{"Key", `\REGISTRY\MACHINERY`, nil},
		{"Key", `\REGISTRY\USER`, []string{`HKEY_USERS`}},
		{"Key", `\REGISTRY\USER\.DEFAULT\x`, []string{`HKEY_USERS\.DEFAULT\x`}},
		{"Key", `\Registry\User\S-1-5-21-1-2-3-1001\Software\x`, []string{`HKEY_USERS\S-1-5-21-1-2-3-1001\Software\x`, `HKEY_CURRENT_USER\Software\x`}},
		{"Key", `\REGISTRY\USER\S-1-5-21-1-2-3-1001_Classes\CLSID`, []string{`HKEY_USERS\S-1-5-21-1-2-3-1001_Classes\CLSID`, `HKEY_CURRENT_USER\Software\Classes\CLSID`}},
		{"Key", `\REGISTRY\A\{0}`, nil}, // a hive of one application
		{"Mutant", `\BaseNamedObjects\x`, nil},
	} {
		if got := names.forms(c.kind, c.name); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.kind, c.name, got, c.want)
		}
	}
}

func TestObjectNamesOfPrograms(t *testing.T) {
	for name, want := range map[string][]string{
		`\BaseNamedObjects\x`:              {`\BaseNamedObjects\x`, `x`, `Global\x`},
		`\Sessions\2\BaseNamedObjects\x y`: {`\Sessions\2\BaseNamedObjects\x y`, `x y`, `Local\x y`},
		`\RPC Control\x`:                   {`\RPC Control\x`},
		`socket:[5]`:                       {`socket:[5]`},
	} {
		var got []string
		yieldObjectName(name, func(v ioc.Value) bool { got = append(got, v.Str); return true })
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestPageProtection(t *testing.T) {
	for _, c := range []struct {
		protect        uint32
		want           string
		readable, code bool
	}{
		{0x01, "PAGE_NOACCESS", false, false},
		{0x02, "PAGE_READONLY", true, false},
		{0x04, "PAGE_READWRITE", true, false},
		{0x08, "PAGE_WRITECOPY", true, false},
		{0x10, "PAGE_EXECUTE", false, true},
		{0x20, "PAGE_EXECUTE_READ", true, true},
		{0x40, "PAGE_EXECUTE_READWRITE", true, true},
		{0x80, "PAGE_EXECUTE_WRITECOPY", true, true},
		{0x104, "PAGE_READWRITE|PAGE_GUARD", false, false},
		{0x240, "PAGE_EXECUTE_READWRITE|PAGE_NOCACHE", true, true},
		{0, "", false, false},
	} {
		if got := pageProtection(c.protect); got != c.want || pageReadable(c.protect) != c.readable || pageExecutable(c.protect) != c.code {
			t.Errorf("0x%x: %q, readable %v, code %v", c.protect, got, pageReadable(c.protect), pageExecutable(c.protect))
		}
	}
}

// A question that is not answered is left behind; of such there are few, and
// fewer of those that were to be expected.
func TestNamesThatNobodyTells(t *testing.T) {
	var a nameAsker
	var asked, done atomic.Int32
	answer := make(chan struct{})
	stuck := func(pipe bool) error {
		_, _, err := a.ask(pipe, func() (string, error) { asked.Add(1); <-answer; return "late", nil }, func() { done.Add(1) })
		return err
	}
	for range 3 * mostStuck {
		if err := stuck(true); !errors.Is(err, errBlocks) {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != mostPipes {
		t.Errorf("%d pipes asked, want %d", n, mostPipes)
	}
	for range 2 * mostStuck {
		if err := stuck(false); !errors.Is(err, errBlocks) {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != mostStuck {
		t.Errorf("%d asked, want %d", n, mostStuck)
	}
	close(answer)
	for a.stuck.Load() > 0 {
		runtime.Gosched()
	}
	name, ok, err := a.ask(true, func() (string, error) { return "name", nil }, func() { done.Add(1) })
	if name != "name" || !ok || err != nil || done.Load() != mostStuck+1 {
		t.Errorf("%q, %v, %v; %d done", name, ok, err, done.Load())
	}
}
