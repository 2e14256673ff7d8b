package document

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

func noise(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func TestHashesAgreeWithCrypto(t *testing.T) {
	m := source.NewMem(source.Linux)
	sizes := []int{0, 1, 4095, 4096, 4097, blockSize - 1, blockSize, blockSize + 1, 3*blockSize + 5}
	for _, n := range sizes {
		m.Add(fmt.Sprintf("/f%d", n), noise(n))
	}
	r := scan(t, m, ask{terms: []string{"Sha512sum", "Md5sum", "Sha1sum", "Sha256sum", "Md54ksum"}})
	for _, n := range sizes {
		b := []byte(noise(n))
		m5, m4, s1, s2, s5 := md5.Sum(b), md5.Sum(b[:min(n, 4096)]), sha1.Sum(b), sha256.Sum256(b), sha512.Sum512(b)
		for term, want := range map[string][]byte{"Md5sum": m5[:], "Md54ksum": m4[:], "Sha1sum": s1[:], "Sha256sum": s2[:], "Sha512sum": s5[:]} {
			if got := r.items[fmt.Sprintf("/f%d", n)].values[term]; len(got) != 1 || got[0] != hex.EncodeToString(want) {
				t.Errorf("%s of %d bytes: %v", term, n, got)
			}
		}
	}
}

func fieldOf(t testing.TB, term string) int {
	for n, f := range files.fields {
		if short(f.Term) == term {
			return n
		}
	}
	t.Fatal(term)
	return -1
}

// One file's item, without a run.
func itemOf(t testing.TB, src source.Source, path string, req Request) match.ContentItem {
	req.Source = src
	v := &volume{Volume: src.Volumes()[0], platform: src.Platform()}
	v.streamer, _ = v.FS.(source.Streamer)
	info, err := v.FS.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	items := newFileItem(context.Background(), &req, &files, nil)
	return items.bind(&file{in: newFolder(v, source.Parent(path)), name: source.Base(path), typ: info.Type}).(match.ContentItem)
}

func TestOneReading(t *testing.T) {
	content := noise(blockSize + 100)
	w := watch(source.NewMem(source.Linux).Add("/f", content))
	p := &Progress{}
	it := itemOf(t, w, "/f", Request{Progress: p})
	fields := []int{fieldOf(t, "Md5sum"), fieldOf(t, "Sha1sum"), fieldOf(t, "Sha256sum"), fieldOf(t, "StringList/string")}
	var got bytes.Buffer
	if err := it.Read(fields, func(b []byte) { got.Write(b) }); err != nil {
		t.Fatal(err)
	}
	for _, f := range fields[:3] {
		n := 0
		if err := it.Each(f, func(ioc.Value) bool { n++; return true }); err != nil || n != 1 {
			t.Error(n, err)
		}
	}
	if err := it.Read(fields[:2], nil); err != nil { // they are there
		t.Fatal(err)
	}
	if w.opens["/f"] != 1 || w.read != int64(len(content)) || p.Bytes() != uint64(len(content)) {
		t.Errorf("%d opens, %d bytes read, %d told", w.opens["/f"], w.read, p.Bytes())
	}
	if got.String() != content || it.Size() != int64(len(content)) {
		t.Error("the blocks are not the content")
	}
	b := make([]byte, 10)
	if n, err := it.ReadAt(b, 7); n != 10 || err != nil || string(b) != content[7:17] {
		t.Error(n, err)
	}
	if n, err := it.ReadAt(b, it.Size()-4); n != 4 || err == nil {
		t.Error(n, err)
	}
	if n, err := it.ReadAt(b, it.Size()+4); n != 0 || err == nil {
		t.Error(n, err)
	}
	if w.opens["/f"] != 1 {
		t.Error("ReadAt opened the file again")
	}

	it = itemOf(t, w, "/f", Request{})
	w.read = 0
	if err := it.Read([]int{fieldOf(t, "Md54ksum")}, nil); err != nil || w.read != 4096 {
		t.Errorf("the first 4096 bytes need %d read (%v)", w.read, err)
	}
}

func TestNoContent(t *testing.T) {
	m := source.NewMem(source.Linux).AddDir("/d").AddLink("/l", "/d")
	for _, p := range []string{"/d", "/l"} {
		if err := itemOf(t, m, p, Request{}).Read([]int{fieldOf(t, "Md5sum")}, nil); !errors.Is(err, match.ErrNoContent) {
			t.Error(p, err)
		}
	}
}

func TestOnlyWantedStreamHashes(t *testing.T) {
	m := source.NewMem(source.Windows).Put(`C:\f`, source.MemNode{Streams: map[string]string{"a": "abc"}})
	want := make([]bool, len(files.fields))
	want[fieldOf(t, "StreamList/Stream/Sha1sum")] = true
	it := itemOf(t, m, "/f", Request{Want: want}).(*fileItem)
	if err := it.Each(fieldOf(t, "StreamList/Stream/Sha1sum"), func(ioc.Value) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if s := it.streams.sums[0]; s[digestSHA1] == nil || s[digestMD5] != nil {
		t.Error("not the hashes that are wanted")
	}
}

func TestNamesCostNoAllocation(t *testing.T) {
	m := source.NewMem(source.Windows).Add(`C:\Users\bob\x.exe`, "")
	it := itemOf(t, m, "/Users/bob/x.exe", Request{})
	yield := func(ioc.Value) bool { return true }
	for _, term := range []string{"FullPath", "FilePath", "FileName", "FileExtension", "Drive"} {
		n := fieldOf(t, term)
		if a := testing.AllocsPerRun(100, func() { it.Each(n, yield) }); a != 0 {
			t.Errorf("%s: %v allocations", term, a)
		}
	}
}

type failing struct{ after int }

func (f *failing) Item(match.Item) error {
	if f.after--; f.after < 0 {
		return errors.New("cannot go on")
	}
	return nil
}
func (f *failing) Close() error { return nil }

func many(n int) *source.Mem {
	m := source.NewMem(source.Linux)
	for i := range n {
		m.Add(fmt.Sprintf("/d/f%d", i), "x")
	}
	return m
}

func request(t testing.TB, src source.Source) *Request {
	s, err := scope.New(context.Background(), scope.Options{Platform: src.Platform(), Volumes: src.Volumes(), Drives: scope.All})
	if err != nil {
		t.Fatal(err)
	}
	return &Request{Source: src, Scope: s}
}

func TestWorkersErrorEndsTheRun(t *testing.T) {
	m := many(5000)
	l, err := files.Run(context.Background(), request(t, m), 3, func() Worker { return &failing{10} })
	if err == nil || !strings.Contains(err.Error(), "cannot go on") || l.Complete || l.Full {
		t.Errorf("%+v %v", l, err)
	}
}

type panicking struct{ failing }

func (panicking) Item(match.Item) error { panic("engine") }

func TestWorkersPanicEndsTheRun(t *testing.T) {
	l, err := files.Run(context.Background(), request(t, many(500)), 2, func() Worker { return &panicking{} })
	if err == nil || !strings.Contains(err.Error(), "engine") || l.Complete {
		t.Errorf("%+v %v", l, err)
	}
}

type cancelling struct {
	failing
	cancel context.CancelFunc
}

func (c *cancelling) Item(match.Item) error { c.cancel(); return nil }

func TestInterruptedListingIsNotComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails on goroutines left behind
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		req := request(t, many(5000))
		req.Trouble = func(object string, err error) { t.Errorf("%s: %v", object, err) }
		l, err := files.Run(ctx, req, 2, func() Worker { return &cancelling{cancel: cancel} })
		if err != nil || l.Complete || l.Full || l.Why != context.Canceled.Error() {
			t.Errorf("%+v %v", l, err)
		}
	})
}

// Every row reaches exactly one worker, however the queue shares them out.
func TestQueue(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 65, 10000} {
		q := newQueue[int](3)
		var mu sync.Mutex
		got := map[int]int{}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				var rows []int
				for {
					if rows = q.pop(rows[:0]); len(rows) == 0 {
						return
					}
					mu.Lock()
					for _, r := range rows {
						got[r]++
					}
					mu.Unlock()
				}
			})
		}
		for i := 0; i < n; i += 10 {
			batch := []int{}
			for j := i; j < min(i+10, n); j++ {
				batch = append(batch, j)
			}
			if !q.push(batch) {
				t.Fatal("closed")
			}
		}
		q.close(false)
		wg.Wait()
		if len(got) != n {
			t.Errorf("%d of %d rows", len(got), n)
		}
		for r, times := range got {
			if times != 1 {
				t.Errorf("row %d %d times", r, times)
			}
		}
	}
}

type asking struct {
	failing
	fields, read []int
}

func (a *asking) Item(it match.Item) error {
	for _, f := range a.fields {
		it.Each(f, func(ioc.Value) bool { return true })
	}
	if c, ok := it.(match.ContentItem); ok && a.read != nil {
		if err := c.Read(a.read, nil); err != nil && !errors.Is(err, match.ErrNoContent) {
			return err
		}
	}
	return nil
}

func tree(files, folders, size int) *source.Mem {
	m := source.NewMem(source.Linux)
	content := noise(size)
	for i := range files {
		m.Add(fmt.Sprintf("/usr/share/vendor/folder%03d/library%05d.so", i%folders, i), content)
	}
	return m
}

func BenchmarkNames(b *testing.B) {
	req := request(b, tree(20000, 40, 0))
	names := []int{fieldOf(b, "FileName"), fieldOf(b, "FullPath")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := files.Run(context.Background(), req, 2, func() Worker { return &asking{fields: names} }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	for _, set := range [][]string{{"Md5sum"}, {"Sha256sum"}, {"Md5sum", "Sha1sum", "Sha256sum"}} {
		b.Run(strings.Join(set, "+"), func(b *testing.B) {
			req := request(b, tree(64, 4, 1<<20))
			var read []int
			for _, s := range set {
				read = append(read, fieldOf(b, s))
			}
			b.SetBytes(64 << 20)
			for b.Loop() {
				if _, err := files.Run(context.Background(), req, 1, func() Worker { return &asking{read: read} }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTermsAreInTheVocabulary(t *testing.T) {
	for _, d := range All() {
		for _, f := range d.Schema().Fields {
			def, ok := ioc.Lookup(f.Term)
			if !ok || def.Name != f.Term {
				t.Errorf("%s is not in the vocabulary", f.Term)
				continue
			}
			want, ok := map[string]ioc.Kind{"int": ioc.Int, "uint64": ioc.Int, "date": ioc.Time, "md5": ioc.Digest, "sha1": ioc.Digest, "sha256": ioc.Digest,
				"float": ioc.Float, "double": ioc.Float, "bool": ioc.Bool, "IP": ioc.Address}[def.Type]
			if strings.HasSuffix(strings.ToLower(f.Term), "sha512sum") { // a string in its list, for want of a type
				want, ok = ioc.Digest, true
			}
			if ok && f.Kind != want || !ok && f.Kind != ioc.Text && f.Kind != ioc.Path {
				t.Errorf("%s has kind %d, the vocabulary says %s", f.Term, f.Kind, def.Type)
			}
		}
	}
}
