package ntfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/fsys"
)

const hardAt = nameAt + 77 // when the hard link was made

// rich is a volume with an example of everything.
func rich(cluster int) *builder {
	b := newBuilder(cluster)
	b.recs[recordRoot].blocked = true
	c := int64(cluster)
	b.add(recordVolume, 3, flagInUse, standard(6, 0), nameAttr(ref(5, 5), "$Volume", 3),
		resident(typeVolumeName, "", utf16le("Vol ä")))

	sds := make([]byte, 20+20+16)
	le.PutUint32(sds[4:], 0x100)
	le.PutUint32(sds[16:], uint32(len(sds)))
	le.PutUint32(sds[24:], 20)
	copy(sds[40:], []byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0})
	b.add(recordSecure, 9, flagInUse, standard(6, 0), nameAttr(ref(5, 5), "$Secure", 3),
		elsewhere(typeData, "$SDS", 0, 0, []run{b.put(sds)}, int64(len(sds)), int64(len(sds))))

	b.file(30, "resident.txt", resident(typeData, "", []byte("hello")),
		resident(typeData, "Zone.Identifier", []byte("[ZoneTransfer]")))
	b.file(31, "empty", resident(typeData, "", nil))

	body := text(int(3*c+100), 7)
	first, second := b.put(body[:2*c]), b.put(body[2*c:])
	b.file(32, "runs.bin", elsewhere(typeData, "", 0, 0, []run{first, second}, int64(len(body)), int64(len(body))))
	// The second run lies before the first.
	back := b.put(body[c:])
	front := b.put(body[:c])
	b.file(33, "backwards.bin", elsewhere(typeData, "", 0, 0, []run{front, back}, int64(len(body)), int64(len(body))))
	b.file(34, "hole.bin", elsewhere(typeData, "", 0x8000, 0, []run{{lcn: sparse, count: 2}, first, {lcn: sparse, count: 1}}, 5*c, 5*c))
	b.file(35, "initialised.bin", elsewhere(typeData, "", 0, 0, []run{first, second}, int64(len(body)), c+5))

	if cluster <= 4096 {
		unit := 16 * c
		one, two := text(int(unit), 11), noise(int(unit))
		p := b.put(pack(one))
		q := b.put(two)
		half := p
		half.count = 1
		rest := run{lcn: p.lcn + 1, count: p.count - 1}
		b.file(36, "packed.bin", elsewhere(typeData, "", 1, 0, []run{half, rest, {lcn: sparse, count: 16 - p.count}, q,
			{lcn: sparse, count: 16}, p, {lcn: sparse, count: 16 - p.count}}, 4*unit-77, 4*unit-77))
	}

	// An attribute list names two records for the content.
	list := func(number, seq int, from int64) []byte {
		e := make([]byte, 32)
		le.PutUint32(e, typeData)
		le.PutUint16(e[4:], 32)
		le.PutUint64(e[8:], uint64(from))
		le.PutUint64(e[16:], ref(number, seq))
		return e
	}
	b.file(37, "listed.bin", resident(typeList, "", slices.Concat(list(37, 1, 0), list(38, 4, 0), list(39, 4, 2))))
	b.add(38, 4, flagInUse, elsewhere(typeData, "", 0, 0, []run{first}, int64(len(body)), int64(len(body)))).base = ref(37, 1)
	b.add(39, 4, flagInUse, elsewhere(typeData, "", 0, 2, []run{second}, 0, 0)).base = ref(37, 1)

	b.object(40, flagInUse, recordRoot, "encrypted.txt", 0x4020, elsewhere(typeData, "", flagEncrypted, 0, []run{first}, c, c))
	b.object(41, flagInUse, recordRoot, "dedup.bin", 0x620, resident(typeReparse, "", reparse(tagDedup, 0, "")), resident(typeData, "", nil))
	b.object(42, flagInUse, recordRoot, "link", 0x420, resident(typeReparse, "", reparse(0xa000000c, 4, `..\target`)))
	b.object(43, flagInUse|flagFolder, recordRoot, "junction", 0x400, resident(typeReparse, "", reparse(0xa0000003, 0, `\??\C:\x`)))
	b.object(44, flagInUse, recordRoot, "extended", 0x40020, resident(typeData, "", []byte("ea")))

	b.object(45, flagInUse|flagFolder, recordRoot, "folder", 0).blocked = true
	for i := range 9 {
		b.object(50+i, flagInUse, 45, fmt.Sprintf("%d.txt", i), 0x20, resident(typeData, "", []byte{byte(i)}))
	}
	// A short name beside a long one, a hard link, and a short name on its own.
	f := b.recs[50]
	folder, root := ref(45, 1), ref(5, 5)
	hard := nameAttr(root, "hard", 0)
	le.PutUint64(hard[24+8:], hardAt)
	f.attrs = append(f.attrs, nameAttr(folder, "0~1.TXT", spaceDOS), hard)
	b.recs[45].entries = append(b.recs[45].entries, indexEntry{ref(50, 1), nameValue(folder, "0~1.TXT", spaceDOS, 0x20, 0)})
	b.recs[5].entries = append(b.recs[5].entries, indexEntry{ref(50, 1), nameValue(root, "hard", 0, 0x20, 0)},
		indexEntry{ref(46, 1), nameValue(root, "ONLY.TXT", spaceDOS, 0x20, 0)},
		indexEntry{ref(30, 9), nameValue(root, "stale", 0, 0x20, 0)},
		indexEntry{ref(5, 5), nameValue(root, ".", 3, nameFolder, 0)})

	b.object(47, flagInUse, recordRoot, "wof.bin", 0x620, wofFile(b, wofData(), 0, 4096)...)
	b.add(46, 1, flagInUse, standard(0x20, 0x100), nameAttr(root, "ONLY.TXT", spaceDOS), resident(typeData, "", nil))

	// Deleted: a file whose cluster is free, one whose is not, one whose folder is
	// gone, one in a deleted folder, one that is in use and not listed.
	free := b.put([]byte("gone"))
	b.free = append(b.free, free)
	dead := func(number int, parent uint64, name string, attrs ...[]byte) {
		b.add(number, 2, 0, append([][]byte{standard(0x20, 0x100), nameAttr(parent, name, 0)}, attrs...)...)
	}
	dead(20, root, "free.txt", elsewhere(typeData, "", 0, 0, []run{free}, 4, 4))
	dead(21, folder, "reused.txt", elsewhere(typeData, "", 0, 0, []run{free, first}, c, c))
	dead(22, ref(45, 7), "orphan.txt", resident(typeData, "", []byte("o")))
	dead(23, ref(24, 1), "below.txt")
	b.add(24, 2, flagFolder, standard(0x20, 0x100), nameAttr(root, "away", 0))
	b.add(25, 1, flagInUse, standard(0x20, 0x100), nameAttr(folder, "unlisted.txt", 0), resident(typeData, "", []byte("u")))
	return b
}

func reparse(tag uint32, fill int, target string) []byte {
	n := utf16le(target)
	b := le.AppendUint32(nil, tag)
	b = le.AppendUint16(b, uint16(8+fill+len(n)))
	b = append(b, 0, 0, 0, 0)
	b = le.AppendUint16(b, uint16(len(n)))
	b = le.AppendUint16(b, uint16(len(n)))
	b = append(b, 0, 0)
	return append(append(b, make([]byte, fill)...), n...)
}

func list(t *testing.T, v fsys.NTFS, dir fsys.ID) (map[string]fsys.Entry, []string) {
	t.Helper()
	all, names := map[string]fsys.Entry{}, []string{}
	for e, err := range v.ReadDir(t.Context(), dir) {
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name] = e
		names = append(names, e.Name)
	}
	return all, names
}

func contents(c fsys.Content, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
}

func TestVolume(t *testing.T) {
	for _, cluster := range []int{512, 1024, 4096, 8192} {
		t.Run(fmt.Sprint(cluster), func(t *testing.T) { testVolume(t, cluster) })
	}
}

func testVolume(t *testing.T, cluster int) {
	v := rich(cluster).open(t)
	c := int64(cluster)
	if got := v.Type() + " " + v.Label() + " " + v.Serial(); got != "ntfs Vol ä 1122334455667788" {
		t.Error(got)
	}
	root, names := list(t, v, v.Root())
	if _, ok := root["."]; ok || !slices.Contains(names, "ONLY.TXT") || !slices.Contains(names, "hard") {
		t.Error("root: ", names)
	}
	inside, names := list(t, v, root["folder"].ID)
	if got := strings.Join(names, " "); got != "0.txt 1.txt 2.txt 3.txt 4.txt 5.txt 6.txt 7.txt 8.txt" {
		t.Error("folder: ", got)
	}

	body := text(int(3*c+100), 7)
	partly := bytes.Clone(body)
	clear(partly[c+5:])
	want := map[string][]byte{
		"resident.txt": []byte("hello"), "empty": nil, "ONLY.TXT": nil, "runs.bin": body, "backwards.bin": body,
		"wof.bin":         wofData(),
		"hole.bin":        slices.Concat(make([]byte, 2*c), body[:2*c], make([]byte, c)),
		"initialised.bin": partly, "listed.bin": body, "extended": []byte("ea"), "hard": {0},
	}
	if cluster <= 4096 {
		one := text(int(16*c), 11)
		all := slices.Concat(one, noise(int(16*c)), make([]byte, 16*c), one)
		want["packed.bin"] = all[:len(all)-77]
	}
	for name, data := range want {
		id := root[name].ID
		got, err := contents(v.Open(id))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, want %d, or they differ: %v", name, len(got), len(data), err)
		}
		info, err := v.Stat(id)
		if err != nil || info.Size != int64(len(data)) || info.Kind != fsys.Regular || root[name].Kind != fsys.Regular {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
		testReads(t, v, id, data)
	}

	for name, want := range map[string]error{
		"encrypted.txt": fsys.ErrEncrypted, "dedup.bin": fsys.ErrUnsupported, "link": fsys.ErrNotRegular,
		"junction": fsys.ErrNotRegular, "folder": fsys.ErrNotRegular, "stale": errUnused,
	} {
		if _, err := v.Open(root[name].ID); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	for name, want := range map[string]string{"link": `..\target`, "junction": `\??\C:\x`} {
		info, err := v.Stat(root[name].ID)
		if got, failed := v.Readlink(root[name].ID); got != want || failed != nil || err != nil || info.Kind != fsys.Link || root[name].Kind != fsys.Link {
			t.Errorf("%s: %q, %v, %+v, %v", name, got, failed, info, err)
		}
	}
	if _, err := v.Readlink(root["empty"].ID); err == nil {
		t.Error("the target of a file")
	}

	info, err := v.Stat(root["hard"].ID)
	if err != nil || info != (fsys.Info{Size: 1, Created: born, Modified: born + 1, Changed: born + 2, Accessed: born + 3,
		UID: -1, GID: -1, SID: "S-1-5-32-544", Links: 2, Attributes: 0x20}) {
		t.Errorf("%+v, %v", info, err)
	}
	if info, err := v.Stat(root["extended"].ID); err != nil || info.Attributes != 0x20 {
		t.Errorf("%+v, %v", info, err)
	}
	if times, err := v.NameTimes(inside["0.txt"].ID); err != nil || times != (fsys.NameTimes{Created: nameAt, Modified: nameAt + 1, Changed: nameAt + 2, Accessed: nameAt + 3}) {
		t.Error(times, err)
	}
	if times, err := v.NameTimesIn(root["hard"].ID, v.Root(), "hard"); err != nil || times.Created != hardAt {
		t.Error(times, err)
	}
	if _, err := v.NameTimesIn(root["hard"].ID, v.Root(), "0.txt"); err == nil {
		t.Error("times of a name that is in another folder")
	}
	streams, err := v.Streams(root["resident.txt"].ID)
	if err != nil || !slices.Equal(streams, []fsys.Stream{{Name: "Zone.Identifier", Size: 14}}) {
		t.Error(streams, err)
	}
	if got, err := contents(v.OpenStream(root["resident.txt"].ID, "Zone.Identifier")); string(got) != "[ZoneTransfer]" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := v.OpenStream(root["resident.txt"].ID, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a stream that is not there: ", err)
	}
}

// testReads reads a content in pieces of odd sizes, from places in no order.
func testReads(t *testing.T, v fsys.NTFS, id fsys.ID, data []byte) {
	t.Helper()
	c, err := v.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 511, 1025, 9001, 40000} {
		for i := range 6 {
			at := (i * 7919 * n) % (len(data) + 10)
			p := bytes.Repeat([]byte{0xee}, n)
			got, err := c.ReadAt(p, int64(at))
			want := data[min(at, len(data)):min(at+n, len(data))]
			if !bytes.Equal(p[:got], want) || (err == nil) != (got == n) || err != nil && err != io.EOF {
				t.Fatalf("record %d: %d of %d bytes at %d: %d, %v", id&numberMask, n, len(data), at, got, err)
			}
		}
	}
	if _, err := c.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a read before the start")
	}
}

func TestDeleted(t *testing.T) {
	v := rich(1024).open(t)
	var got []string
	dirs := map[fsys.ID]string{v.Root(): "root"}
	for d, err := range v.Deleted(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Kind == fsys.Dir {
			dirs[d.ID] = d.Name
		}
	}
	for d := range v.Deleted(t.Context()) {
		data, err := contents(v.Open(d.ID))
		got = append(got, fmt.Sprintf("%s in %s, orphan %t, reused %t: %.4q %v", d.Name, dirs[d.Dir], d.Orphan, d.Reused, data, errors.Is(err, fsys.ErrNotRegular)))
		if _, err := v.Stat(d.ID); err != nil {
			t.Error(d.Name, err)
		}
	}
	want := []string{
		`$MFT in root, orphan false, reused false: "FILE" false`,
		`$Volume in root, orphan false, reused false: "" false`,
		`$Bitmap in root, orphan false, reused false: "\xff\xff\xff\xff" false`,
		`$Secure in root, orphan false, reused false: "" false`,
		`free.txt in root, orphan false, reused false: "gone" false`,
		`reused.txt in , orphan false, reused true: "gone" false`,
		`orphan.txt in root, orphan true, reused false: "o" false`,
		`below.txt in away, orphan false, reused false: "" false`,
		`away in root, orphan false, reused false: "" true`,
		`unlisted.txt in , orphan false, reused false: "u" false`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDamage changes one thing at a time and expects an error there, and only
// there.
func TestDamage(t *testing.T) {
	const cluster = 1024
	rec := func(number int) int { return (tableAt)*cluster + number*recordBytes }
	for what, c := range map[string]struct {
		at     int
		to     byte
		name   string // of a file in the root that cannot be opened any more
		noList bool   // the folder cannot be listed in full
	}{
		"magic of a record":        {at: rec(32), to: 'B', name: "runs.bin"},
		"end of a stride":          {at: rec(32) + 510, to: 1, name: "runs.bin"},
		"length of an attribute":   {at: rec(32) + 56 + 4, to: 0x61, name: "runs.bin"},
		"extension of a list":      {at: rec(39), to: 'X', name: "listed.bin"},
		"base of an extension":     {at: rec(39) + 32, to: 9, name: "listed.bin"},
		"sequence of an extension": {at: rec(39) + 16, to: 9, name: "listed.bin"},
		"not in use":               {at: rec(32) + 22, to: 0, name: "runs.bin"},
		"sequence":                 {at: rec(32) + 16, to: 2, name: "runs.bin"},
		"folder's record":          {at: rec(45), to: 'X', noList: true},
		"folder is none":           {at: rec(45) + 22, to: 1, noList: true},
	} {
		img := rich(cluster).bytes(t)
		before, err := Open(bytes.NewReader(bytes.Clone(img)), int64(len(img)))
		if err != nil {
			t.Fatal(err)
		}
		root, _ := list(t, before, before.Root())
		img[c.at] = c.to
		v, err := Open(bytes.NewReader(img), int64(len(img)))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for name, e := range root {
			_, err := contents(v.Open(e.ID))
			_, was := contents(before.Open(e.ID))
			if (err != nil) != (was != nil || name == c.name) && !(c.noList && name == "folder") {
				t.Errorf("%s: %s: %v", what, name, err)
			}
		}
		var failed error
		for _, err := range v.ReadDir(t.Context(), root["folder"].ID) {
			failed = errors.Join(failed, err)
		}
		if (failed != nil) != c.noList {
			t.Errorf("%s: listing: %v", what, failed)
		}
	}
}

// TestIndexDamage damages the blocks of a folder's index: what the others hold
// is listed all the same.
func TestIndexDamage(t *testing.T) {
	img := rich(1024).bytes(t)
	table := tableAt*1024 + tableSize*recordBytes
	first := bytes.LastIndex(img[:table+bytes.Index(img[table:], utf16le("0.txt"))], []byte("INDX"))
	for what, change := range map[string]func(b []byte){
		"magic":   func(b []byte) { b[0] = 'X' },
		"stride":  func(b []byte) { b[1023] ^= 1 },
		"number":  func(b []byte) { b[16] ^= 1 },
		"entries": func(b []byte) { le.PutUint32(b[24:], 5000) },
		"end":     func(b []byte) { le.PutUint32(b[28:], 5000) },
		"entry":   func(b []byte) { le.PutUint16(b[64+8:], 9000) },
		"no end":  func(b []byte) { le.PutUint32(b[28:], 40) },
		"own child": func(b []byte) {
			le.PutUint32(b[64+12:], 1)
			le.PutUint64(b[64+int(le.Uint16(b[64+8:]))-8:], 0)
		},
	} {
		img := bytes.Clone(img)
		change(img[first:])
		v, err := Open(bytes.NewReader(img), int64(len(img)))
		if err != nil {
			t.Fatal(err)
		}
		names, failed := []string{}, 0
		for e, err := range v.ReadDir(t.Context(), fsys.ID(ref(45, 1))) {
			if err != nil {
				failed++
			} else {
				names = append(names, e.Name)
			}
		}
		if failed != 1 || !slices.Contains(names, "5.txt") || !slices.Contains(names, "8.txt") {
			t.Errorf("%s: %d errors, %v", what, failed, names)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	img := rich(1024).bytes(t)
	for what, change := range map[string]func(b []byte) []byte{
		"nothing":         func(b []byte) []byte { return nil },
		"no boot sectors": func(b []byte) []byte { b[3] = 'X'; b[len(b)-509] = 'X'; return b },
		"record of $MFT":  func(b []byte) []byte { b[4096] = 'X'; return b },
		"root's record":   func(b []byte) []byte { b[4096+5*1024] = 'X'; return b },
		"root is a file":  func(b []byte) []byte { b[4096+5*1024+22] = 1; return b },
		"cut after $MFT":  func(b []byte) []byte { return b[:4096+1024] },
	} {
		b := change(bytes.Clone(img))
		if _, err := Open(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	// The copy of the boot sector serves where the first is damaged.
	b := bytes.Clone(img)
	b[3] = 'X'
	if _, err := Open(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Error(err)
	}
}

// TestCut reads volumes whose end is missing: whatever lies there is an error
// that does not look like the end of a file.
func TestCut(t *testing.T) {
	img := rich(4096).bytes(t)
	cut := len(img) / 4
	v, err := Open(bytes.NewReader(img[:cut]), int64(cut))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Open(bytes.NewReader(img), int64(len(img)))
	if err != nil {
		t.Fatal(err)
	}
	root, _ := list(t, whole, whole.Root())
	failed := 0
	for _, e := range root {
		if c, err := v.Open(e.ID); err == nil {
			n, err := c.ReadAt(make([]byte, c.Size()), 0)
			if err == io.EOF && int64(n) < c.Size() {
				t.Errorf("%s ends at %d of %d", e.Name, n, c.Size())
			}
			if errors.Is(err, io.ErrUnexpectedEOF) {
				failed++
			}
		}
	}
	if failed == 0 {
		t.Error("all can be read")
	}
}

func TestCancelled(t *testing.T) {
	v := rich(1024).open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range v.Deleted(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	var last error
	for _, err := range v.ReadDir(ctx, fsys.ID(ref(45, 1))) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(last)
	}
}
