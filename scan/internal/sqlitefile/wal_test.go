package sqlitefile

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// logged is a database whose second and third transactions are in the log only.
func logged(t testing.TB) (db, wal []byte) {
	return build(t, `PRAGMA page_size=512`, `CREATE TABLE visits(id INTEGER PRIMARY KEY, page TEXT, at INTEGER)`, `INSERT INTO visits VALUES(1, 'first', 1)`,
		`PRAGMA journal_mode=WAL`, `PRAGMA wal_autocheckpoint=0`,
		`INSERT INTO visits VALUES(2, 'second', 2)`,
		`WITH RECURSIVE r(n) AS (SELECT 3 UNION ALL SELECT n+1 FROM r LIMIT 50) INSERT INTO visits SELECT n, 'third transaction', n FROM r`)
}

// frames are where the frames of a log begin.
func frames(wal []byte) (at []int) {
	for p := logHeaderSize; p < len(wal); p += frameHeader + 512 {
		at = append(at, p)
	}
	return at
}

// sign makes the checksums of a log right.
func sign(wal []byte) {
	sum := checksum{order: binary.LittleEndian}
	if wal[3]&1 != 0 {
		sum.order = binary.BigEndian
	}
	put := func(b []byte) {
		binary.BigEndian.PutUint32(b, sum.s0)
		binary.BigEndian.PutUint32(b[4:], sum.s1)
	}
	sum.add(wal[:24])
	put(wal[24:])
	for _, p := range frames(wal) {
		sum.add(wal[p : p+8])
		sum.add(wal[p+frameHeader : p+frameHeader+512])
		put(wal[p+16:])
	}
}

func TestLog(t *testing.T) {
	db, wal := logged(t)
	at := frames(wal)
	if len(at) < 4 {
		t.Fatalf("%d frames", len(at))
	}
	last := at[len(at)-1]
	for name, c := range map[string]struct {
		change         func(wal []byte) []byte
		rows           int
		damaged, noted bool
		refused        string
	}{
		"whole":          {func(b []byte) []byte { return b }, 52, false, true, ""},
		"none":           {func([]byte) []byte { return nil }, 1, false, false, ""},
		"reset":          {func(b []byte) []byte { return make([]byte, len(b)) }, 1, false, false, ""},
		"header only":    {func(b []byte) []byte { return b[:logHeaderSize] }, 1, false, false, ""},
		"last frame cut": {func(b []byte) []byte { return b[:last+100] }, 2, false, true, ""},
		"not committed": {func(b []byte) []byte {
			clear(b[last+4 : last+8])
			sign(b)
			return b
		}, 2, false, true, ""},
		"first transaction not finished": {func(b []byte) []byte { return b[:at[0]+10] }, 1, false, false, ""},
		"left from an earlier use": {func(b []byte) []byte {
			b[last+8]++
			return b
		}, 2, false, true, ""},
		"damaged frame": {func(b []byte) []byte {
			b[last+frameHeader+7]++
			return b
		}, 2, true, true, ""},
		"page 0": {func(b []byte) []byte {
			clear(b[last : last+4])
			sign(b)
			return b
		}, 2, true, true, ""},
		"magic":    {func(b []byte) []byte { b[0]++; return b }, 0, false, false, "damaged header"},
		"checksum": {func(b []byte) []byte { b[16]++; return b }, 0, false, false, "damaged header"},
		"format": {func(b []byte) []byte {
			b[7]++
			sign(b)
			return b
		}, 0, false, false, "of format"},
		"page size": {func(b []byte) []byte {
			b[10], b[11] = 2, 1
			sign(b)
			return b
		}, 0, false, false, "damaged header"},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.change(bytes.Clone(wal))
			log, err := ReadLog(bytes.NewReader(b), int64(len(b)))
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			d, err := Open(t.Context(), bytes.NewReader(db), int64(len(db)), log)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			got, err := list(d, all)
			if want := c.rows; err != nil || len(got) != want || (log.Damage() != nil) != c.damaged || (len(d.Notes()) > 0) != c.noted {
				t.Errorf("%d rows, want %d; %v, damage %v, notes %q", len(got), want, err, log.Damage(), d.Notes())
			}
		})
	}
}

// A log that does not belong to the database is refused where that shows.
func TestLogOfOther(t *testing.T) {
	_, wal := logged(t)
	db := many(t)
	if d, err := open(t, db, wal); err == nil {
		d.Close()
		t.Error("a log of another page size is laid over")
	}
}

// The log alone has the database before the first checkpoint.
func TestLogAlone(t *testing.T) {
	_, wal := build(t, `PRAGMA page_size=512`, `PRAGMA journal_mode=WAL`, `PRAGMA wal_autocheckpoint=0`,
		`CREATE TABLE visits(id INTEGER PRIMARY KEY, page TEXT, at INTEGER)`, `INSERT INTO visits VALUES(1, 'first', 1)`)
	d, err := open(t, nil, wal)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := list(d, all); err != nil || len(got) != 1 {
		t.Errorf("%q, %v", got, err)
	}
}

func FuzzLog(f *testing.F) {
	_, wal := logged(f)
	f.Add(wal)
	f.Add(wal[:logHeaderSize+600])
	f.Fuzz(func(t *testing.T, b []byte) {
		log, err := ReadLog(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for number, at := range log.places {
			if number == 0 || at < logHeaderSize || at+log.page > int64(len(b)) {
				t.Errorf("page %d at %d of %d bytes", number, at, len(b))
			}
		}
	})
}

// Damaged databases end, one way or the other.
func TestMutations(t *testing.T) {
	db, wal := logged(t)
	sources := [][]byte{many(t), db}
	r := rand.New(rand.NewPCG(1, 2))
	rows, refused := 0, 0
	start := time.Now()
	for range 400 {
		b := bytes.Clone(sources[r.IntN(len(sources))])
		for range 1 + r.IntN(20) {
			at := r.IntN(len(b))
			switch r.IntN(3) {
			case 0:
				b[at] ^= 1 << r.IntN(8)
			case 1:
				clear(b[at:min(len(b), at+r.IntN(64))])
			case 2:
				binary.BigEndian.PutUint16(b[min(at, len(b)-2):], uint16(r.Uint32()))
			}
		}
		var over []byte
		if r.IntN(2) == 0 {
			over = wal
		}
		d, err := open(t, b, over)
		if err != nil {
			refused++
			continue
		}
		got, _ := list(d, Query{From: "visits", Joins: []Join{{"v", "visits", "t.at"}}, Columns: []string{"t.page", "v.page"}})
		rows += len(got)
		if d.faulted || len(got) > len(b)/6+len(wal)/6 {
			t.Fatalf("faulted %v, %d rows of %d bytes", d.faulted, len(got), len(b))
		}
		d.Close()
	}
	if rows == 0 || refused == 0 || refused == 400 {
		t.Errorf("%d rows, %d refused: the mutations do not reach", rows, refused)
	}
	t.Logf("%d rows, %d refused, %v", rows, refused, time.Since(start))
}
