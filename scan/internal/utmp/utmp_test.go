package utmp_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"iocscan/scan/internal/utmp"
	"iocscan/scan/internal/utmp/utmptest"
)

func read(b []byte) (list []utmp.Record, errs []string) {
	for rec, err := range utmp.Read(bytes.NewReader(b)) {
		if err != nil {
			errs = append(errs, err.Error())
		} else {
			list = append(list, rec)
		}
	}
	return list, errs
}

var sessions = []utmp.Record{
	{Type: utmp.BootTime, Line: "~", ID: "~~", User: "reboot", Host: "6.1.0", Sec: 1700000000, Micro: 999999},
	{Type: utmp.UserProcess, PID: 812, Line: "pts/0", ID: "ts/0", User: "anna", Host: "192.0.2.7", Sec: 1700000100, Addr: netip.MustParseAddr("192.0.2.7")},
	{Type: utmp.UserProcess, PID: 813, Line: "pts/1", ID: "ts/1", User: "bert", Host: "2001:db8::1", Sec: 1700000200, Addr: netip.MustParseAddr("2001:db8::1")},
	{Type: utmp.DeadProcess, PID: 812, Line: "pts/0", Sec: 1700000300},
	{Zero: true},
}

func TestRead(t *testing.T) {
	for _, size := range []int{utmptest.Short, utmptest.Long} {
		for n := range len(sessions) + 1 { // the layout is told by any number of records
			b := utmptest.File(size, sessions[:n]...)
			got, errs := read(b)
			if diff := cmp.Diff(sessions[:n], got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" || errs != nil {
				t.Errorf("%d records of %d bytes: (-want +got):\n%s%q", n, size, diff, errs)
			}
		}
	}
}

func TestDamage(t *testing.T) {
	whole := utmptest.File(utmptest.Short, sessions...)
	strange := bytes.Clone(whole)
	strange[utmptest.Short] = 99
	many := bytes.Repeat([]byte{0xff}, 1<<20)
	for _, c := range []struct {
		name    string
		b       []byte
		records int
		says    string
	}{
		{"cut", whole[:len(whole)-100], len(sessions) - 1, "the last record ends after 284 of 384 bytes"},
		{"a strange type", strange, len(sessions) - 1, "1 records of no known form, the first at byte 384"},
		{"noise", many, 0, "records of no known form, the first at byte 0"},
	} {
		got, errs := read(c.b)
		if len(got) != c.records || len(errs) == 0 || !strings.Contains(strings.Join(errs, "; "), c.says) {
			t.Errorf("%s: %d records, errors %q", c.name, len(got), errs)
		}
	}
	for _, err := range utmp.Read(iotest.ErrReader(os.ErrPermission)) {
		if err == nil || !strings.Contains(err.Error(), "permission") {
			t.Errorf("a reader that fails: %v", err)
		}
	}
}

func TestLastlog(t *testing.T) {
	for _, wide := range []int{4, 8} {
		b := make([]byte, 3*(wide+288))
		rec := b[2*(wide+288):]
		binary.LittleEndian.PutUint32(rec, 1700000000)
		copy(rec[wide:], "pts/3")
		copy(rec[wide+32:], "host.example")
		l, err := utmp.NewLastlog(bytes.NewReader(b), int64(len(b)))
		if err != nil || l.Len() != 3 {
			t.Fatalf("%v, %+v", err, l)
		}
		for uid, want := range []utmp.Last{{}, {}, {Sec: 1700000000, Line: "pts/3", Host: "host.example"}, {}} {
			if got, err := l.Of(int64(uid)); got != want || err != nil {
				t.Errorf("uid %d: %+v, %v", uid, got, err)
			}
		}
		if l, err = utmp.NewLastlog(bytes.NewReader(b[:len(b)-1]), int64(len(b))); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Of(2); err == nil {
			t.Error("a record that ends early is no error")
		}
	}
	if _, err := utmp.NewLastlog(bytes.NewReader(nil), 100); err == nil {
		t.Error("100 bytes are records")
	}
}

// Files of real systems, of both layouts; the last was cut where it was copied.
func TestCorpus(t *testing.T) {
	const root = "../../../../shared/corpus/evidence/misc"
	for _, c := range []struct {
		name    string
		records int
		errs    []string
		at      int
		is      utmp.Record
	}{
		{"log2timeline-plaso/utmp/utmp", 14, nil, 8, utmp.Record{
			Type: utmp.UserProcess, PID: 2357, Line: "tty7", ID: ":0", User: "moxilo", Sec: 1386945956, Micro: 907891}},
		{"log2timeline-plaso/utmp/utmp_aarch64", 6, nil, 2, utmp.Record{
			Type: utmp.BootTime, PID: 18, Line: "system boot", ID: "~", User: "reboot", Host: "0.0.0.0", Sec: 1783090678, Addr: netip.MustParseAddr("4.3.2.1")}},
		{"Velocidex-velociraptor/wtmp.1", 26, []string{"the last record ends after 256 of 384 bytes"}, 1, utmp.Record{
			Type: utmp.DeadProcess, PID: 2387836, Line: "pts/1", ID: "ts/1", User: "mic", Sec: 1703174063, Micro: 282860}},
	} {
		b, err := os.ReadFile(filepath.Join(root, c.name))
		if err != nil {
			t.Skip("no shared corpus: ", err)
		}
		got, errs := read(b)
		if len(got) != c.records {
			t.Fatalf("%s: %d records, want %d", c.name, len(got), c.records)
		}
		if diff := cmp.Diff(c.is, got[c.at], cmpopts.EquateComparable(netip.Addr{})) + cmp.Diff(c.errs, errs); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.name, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(utmptest.File(utmptest.Short, sessions...))
	f.Add(utmptest.File(utmptest.Long, sessions...))
	f.Add(utmptest.File(utmptest.Long, sessions...)[:500])
	f.Add(make([]byte, 292))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := read(b)
		if len(got) > len(b)/utmptest.Short {
			t.Errorf("%d records of %d bytes", len(got), len(b))
		}
		for _, rec := range got {
			if strings.ContainsRune(rec.User+rec.Host+rec.Line+rec.ID, 0) || rec.Type.String() == "" {
				t.Errorf("%+v", rec)
			}
		}
		if l, err := utmp.NewLastlog(bytes.NewReader(b), int64(len(b))); err == nil {
			for uid := range l.Len() {
				if last, err := l.Of(uid); err == nil && last.Sec < 0 {
					t.Errorf("%+v", last)
				}
			}
		}
	})
}
