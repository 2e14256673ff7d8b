package procfs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStat(t *testing.T) {
	const tail = " 1 7 7 0 -1 %s 100 0 0 0 11 22 0 0 20 0 1 0 4242 1000 10 0 0"
	for _, c := range []struct {
		line string
		want Stat
		bad  bool
	}{
		{"7 (nc)" + " S" + strings.Replace(tail, "%s", "4194304", 1), Stat{Name: "nc", State: 'S', Parent: 1, User: 11, System: 22, Started: 4242}, false},
		{"2 (kthreadd) S" + strings.Replace(tail, "%s", "2129984", 1), Stat{Name: "kthreadd", State: 'S', Parent: 1, User: 11, System: 22, Started: 4242, Thread: true}, false},
		{"9 (a) R 1 (b) S" + strings.Replace(tail, "%s", "0", 1), Stat{Name: "a) R 1 (b", State: 'S', Parent: 1, User: 11, System: 22, Started: 4242}, false},
		{"7 (nc) S 1 2", Stat{}, true},
		{"7 nc S", Stat{}, true},
		{") (", Stat{}, true},
		{"", Stat{}, true},
	} {
		got, err := ParseStat(c.line)
		if (err != nil) != c.bad {
			t.Errorf("%q: %v", c.line, err)
		} else if d := cmp.Diff(c.want, got); err == nil && d != "" {
			t.Errorf("%q: %s", c.line, d)
		}
	}
}

func TestMaps(t *testing.T) {
	const maps = `55d0c0000000-55d0c0001000 r-xp 00000000 08:01 123                        /usr/bin/with blank (deleted)
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
7ffd00100000-7ffd00101000 ---p 00000000 00:00 0
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`
	got, err := Maps(strings.NewReader(maps), 10)
	want := []Mapping{
		{0x55d0c0000000, 0x55d0c0001000, "r-xp", 123, "/usr/bin/with blank (deleted)"},
		{0x7ffd00000000, 0x7ffd00021000, "rw-p", 0, "[stack]"},
		{0x7ffd00100000, 0x7ffd00101000, "---p", 0, ""},
		{0xffffffffff600000, 0xffffffffff601000, "--xp", 0, "[vsyscall]"},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if got, err := Maps(strings.NewReader(maps), 2); err == nil || len(got) != 2 {
		t.Errorf("%d mappings, %v, want the bound to be told", len(got), err)
	}
	if _, err := Maps(strings.NewReader("nonsense\n"), 2); err == nil {
		t.Error("nonsense: no error")
	}
}

func TestStatus(t *testing.T) {
	if real, effective, err := UIDs(strings.NewReader("Name:\tx\nUid:\t1000\t0\t0\t0\n")); err != nil || real != 1000 || effective != 0 {
		t.Errorf("%d, %d, %v", real, effective, err)
	}
	if _, _, err := UIDs(strings.NewReader("Name:\tx\n")); err == nil {
		t.Error("no Uid: no error")
	}
	if boot, err := BootTime(strings.NewReader("cpu 1 2\nbtime 1700000000\n")); err != nil || boot != 1700000000 {
		t.Errorf("%d, %v", boot, err)
	}
}

func FuzzProcess(f *testing.F) {
	f.Add("7 (nc) S 1 7 7 0 -1 4194304 100 0 0 0 11 22 0 0 20 0 1 0 4242 1000")
	f.Add("55d0c0000000-55d0c0001000 r-xp 00000000 08:01 123   /usr/bin/x")
	f.Fuzz(func(t *testing.T, s string) {
		if st, err := ParseStat(s); err == nil && !strings.Contains(s, "("+st.Name+")") {
			t.Errorf("name %q of %q", st.Name, s)
		}
		list, _ := Maps(strings.NewReader(s), 100)
		for _, m := range list {
			if m.End < m.Start {
				t.Errorf("%+v", m)
			}
		}
		UIDs(strings.NewReader(s))
		BootTime(strings.NewReader(s))
	})
}
