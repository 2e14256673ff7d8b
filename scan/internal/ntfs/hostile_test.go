package ntfs

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"iocscan/scan/internal/fsys"
)

// TestLyingSizes opens volumes whose sizes say far more than there is: neither
// memory nor time may follow them.
func TestLyingSizes(t *testing.T) {
	const huge = 1 << 58
	for what, build := range map[string]func() []byte{
		"$MFT": func() []byte {
			b := rich(1024)
			img := b.bytes(t)
			rec := img[tableAt*1024:][:recordBytes]
			hole := elsewhere(typeData, "", 0, 0, []run{{lcn: tableAt, count: 64}, {lcn: sparse, count: 32000}, {lcn: sparse, count: 1}}, 32000*1024, 32000*1024)
			at := bytes.LastIndex(rec[:400], []byte{typeData, 0, 0, 0, 72})
			if at < 0 {
				t.Fatal("no $DATA")
			}
			copy(rec[at:], hole)
			le.PutUint32(rec[at+len(hole):], typeEnd)
			return img
		},
		"boot sector": func() []byte {
			img := rich(1024).bytes(t)
			le.PutUint64(img[40:], 1<<50)
			return img
		},
		"folder": func() []byte {
			b := rich(1024)
			b.recs[recordRoot].attrs = append(b.recs[recordRoot].attrs,
				elsewhere(typeData, "s", 0x8000, 0, []run{{lcn: sparse, count: 30000}}, huge, huge))
			return b.bytes(t)
		},
	} {
		var before, after runtime.MemStats
		img := build()
		runtime.ReadMemStats(&before)
		if _, err := Open(bytes.NewReader(img), int64(len(img))); (err != nil) != (what == "$MFT") {
			t.Errorf("%s: %v", what, err)
		}
		exercise(t, img)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
			t.Errorf("%s: %d MB", what, n>>20)
		}
	}
}

// TestSharedIndex makes many folders of one index: what is not theirs is no
// entry of theirs.
func TestSharedIndex(t *testing.T) {
	b := newBuilder(1024)
	b.recs[recordRoot].blocked = true
	var entries []indexEntry
	for i := range 12 {
		b.object(30+i, flagInUse, recordRoot, fmt.Sprintf("%d", i), 0x20)
	}
	entries = b.recs[recordRoot].entries
	b.add(50, 1, flagInUse|flagFolder, standard(0, 0), nameAttr(ref(5, 5), "twin", 0)).entries = entries[:3]
	v := b.open(t)
	names, failed := 0, 0
	for _, err := range v.ReadDir(t.Context(), fsys.ID(ref(50, 1))) {
		if err != nil {
			failed++
		} else {
			names++
		}
	}
	if names != 0 || failed != 3 {
		t.Errorf("%d names, %d errors", names, failed)
	}
}

// TestTooManyErrors ends a listing that has nothing to tell but errors.
func TestTooManyErrors(t *testing.T) {
	failed := 0
	l := &listing{yield: func(_ fsys.Entry, err error) bool {
		if err == nil {
			t.Error("an entry")
		}
		failed++
		return true
	}, v: &volume{}, dir: 5}
	key := nameValue(9, "x", 0, 0, 0)
	var list [][]byte
	for range 3 * maxFailures {
		list = append(list, entryBytes(indexEntry{1, key}, -1, false))
	}
	if l.node(nodeBytes(16, append(list, entryBytes(indexEntry{}, -1, true))...), 0) || failed != maxFailures {
		t.Errorf("%d errors", failed)
	}
}
