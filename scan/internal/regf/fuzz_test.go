package regf

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/regf/regftest"
)

// exercise reads all there is and checks what must hold of any bytes.
func exercise(t *testing.T, h *Hive) {
	limit := 4*h.image.size + pageSize
	var keys, bytesRead int64
	var sought []string
	for n, err := range h.Walk() {
		if err != nil {
			if _, ok := errors.AsType[*Trouble](err); !ok {
				t.Fatalf("error that is no trouble: %v", err)
			}
			continue
		}
		keys++
		if n.Depth >= maxDepth {
			t.Fatal("too deep")
		}
		path := n.Path()
		if len(sought) < 20 && path != "" && !slices.Contains(strings.Split(path, `\`), "") && strings.Count(path, `\`) == n.Depth-1 {
			sought = append(sought, path)
		}
		n.Class()
		n.Owner()
		for v, err := range n.Values() {
			if err != nil {
				continue
			}
			data, err := v.Data()
			if err == nil && len(data) != v.Size() {
				t.Fatalf("%d bytes of data without an error, size %d", len(data), v.Size())
			}
			if len(data) > 4 {
				bytesRead += int64(len(data))
			}
			AppendText(nil, v.Type(), data)
			v.Name()
		}
	}
	if keys > h.image.size/4+1 || bytesRead > limit {
		t.Fatalf("%d keys and %d bytes of data in %d bytes", keys, bytesRead, h.image.size)
	}
	for _, path := range sought {
		if _, err := h.Find(strings.ToUpper(path)); errors.Is(err, ErrNotFound) {
			if _, err := h.Find(path); errors.Is(err, ErrNotFound) {
				t.Fatalf("%q was listed and not found", path)
			}
		}
	}
}

func FuzzHive(f *testing.F) {
	small := regftest.Hive{Root: regftest.Key{Name: "R", Class: "c", List: "ri lf", Subkeys: []regftest.Key{
		{Name: "a", Values: []regftest.Value{{Name: "", Type: 1, Data: regftest.SZ("text")}, {Name: "n", Type: 4, Data: regftest.DWORD(1)}}},
		{Name: "b", UTF16: true, Subkeys: []regftest.Key{{Name: "c", List: "li", Subkeys: []regftest.Key{{Name: "d"}}}}},
		{Name: "é", Values: []regftest.Value{{Name: "m", Type: 7, Data: regftest.MultiSZ("x", "y")}}},
	}}}.Bytes()
	f.Add(small)
	f.Add(small[4096:])
	f.Add(patient())
	f.Add(patient()[4096:])
	f.Add(small[:4096+200])
	f.Fuzz(func(t *testing.T, b []byte) {
		// Bins alone get a base block, so that changes fall on what counts.
		if !bytes.HasPrefix(b, []byte("regf")) {
			b = append(bytes.Clone(small[:4096]), b...)
			le.PutUint32(b[40:], uint32(len(b)-4096))
			regftest.Seal(b)
		}
		h, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		exercise(t, h)
	})
}

func FuzzLog(f *testing.F) {
	dirty := state(0, 5, 5)
	regftest.SetSequence(dirty, 6, 5)
	f.Add(newLog(step(5, 0), step(6, 1)), true)
	f.Add(newLog(step(5, 0)), false)
	f.Add(regftest.OldLog(state(0, 5, 5), state(1, 5, 5)), true)
	f.Add(newLog(step(8, 0)), true)
	f.Fuzz(func(t *testing.T, log []byte, mend bool) {
		if mend {
			log = mended(log)
		}
		var hives []*Hive
		broken := bytes.Clone(dirty)
		broken[40] ^= 1
		for _, b := range [][]byte{dirty, broken} {
			h, err := OpenWithLogs(bytes.NewReader(b), int64(len(b)), Log{"LOG1", bytes.NewReader(log), int64(len(log))})
			if err != nil {
				t.Fatal(err) // the hive itself can be opened
			}
			hives = append(hives, h)
		}
		for _, h := range hives {
			r := h.Replay()
			if r.Bytes > int64(len(log)) {
				t.Fatalf("%d bytes applied from a log of %d", r.Bytes, len(log))
			}
			if l := r.Logs[0]; !r.Applied() && l.Err == nil && l.Unused == "" {
				t.Fatal("log not applied and nothing said")
			}
			exercise(t, h)
		}
	})
}

// mended makes the checksums of a log right, so that the fuzzer gets past
// them.
func mended(log []byte) []byte {
	if len(log) < 1024 {
		return log
	}
	log = bytes.Clone(log)
	regftest.Seal(log)
	for off := 512; off+40 <= len(log) && string(log[off:off+4]) == "HvLE"; {
		size := int(le.Uint32(log[off+4:]))
		if size < 40 || size > len(log)-off {
			break
		}
		le.PutUint64(log[off+24:], regftest.Marvin32(log[off+40:off+size]))
		le.PutUint64(log[off+32:], regftest.Marvin32(log[off:off+32]))
		off += size
	}
	return log
}
