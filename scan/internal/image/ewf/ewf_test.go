package ewf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"strings"
	"testing"

	"iocscan/scan/internal/image/container"
	"iocscan/scan/internal/image/imagetest"
)

func sum(b []byte) { binary.LittleEndian.PutUint32(b[len(b)-4:], adler32.Checksum(b[:len(b)-4])) }

// find is where the content of the nth section of that name begins.
func find(t *testing.T, image []byte, name string, nth int) int {
	t.Helper()
	for at := fileHeader; at+sectionHeader <= len(image); {
		n, _, _ := bytes.Cut(image[at:at+16], []byte{0})
		if string(n) == name {
			if nth--; nth < 0 {
				return at + sectionHeader
			}
		}
		next := int(binary.LittleEndian.Uint64(image[at+16:]))
		if next <= at {
			break
		}
		at = next
	}
	t.Fatal("no section", name)
	return 0
}

func TestDamage(t *testing.T) {
	disk := imagetest.Content(128 << 10)
	md5, sha1 := bytes.Repeat([]byte{0xab}, 16), bytes.Repeat([]byte{0xcd}, 20)
	le := binary.LittleEndian
	for _, c := range []struct {
		name   string
		change func(b []byte)
		err    string // words of the error of opening or reading
		note   string
	}{
		{"none", func([]byte) {}, "", ""},
		{"a chunk", func(b []byte) { b[find(t, b, "sectors", 0)+100]++ }, "at 0x0 of the disk: chunk 0: wrong checksum", ""},
		{"a compressed chunk", func(b []byte) { b[find(t, b, "sectors", 0)+16*4100+30]++ }, "at 0x10000 of the disk: chunk 16: zlib", ""},
		{"table", func(b []byte) { b[find(t, b, "table", 0)]++ }, "", "was replaced by its copy"},
		{"both tables", func(b []byte) { b[find(t, b, "table", 0)]++; b[find(t, b, "table2", 0)]++ }, "wrong checksum", ""},
		{"entry", func(b []byte) { b[find(t, b, "table", 0)+tableHeader+3]++ }, "chunk 0", ""},
		{"volume", func(b []byte) { b[find(t, b, "volume", 0)+9]++ }, "wrong checksum", ""},
		{"chunk size", func(b []byte) {
			v := b[find(t, b, "volume", 0):][:volume]
			le.PutUint32(v[8:], 1<<30)
			sum(v)
		}, "chunks of 1073741824 sectors", ""},
		{"disk size", func(b []byte) {
			v := b[find(t, b, "volume", 0):][:volume]
			le.PutUint64(v[16:], 1<<40)
			sum(v)
		}, "it is in no table", "chunks are in no table"},
		{"table size", func(b []byte) {
			for _, name := range []string{"table", "table2"} {
				v := b[find(t, b, name, 0):][:tableHeader]
				le.PutUint32(v, 1<<32-1)
				sum(v)
			}
		}, "4294967295 entries", ""},
		{"section", func(b []byte) { b[find(t, b, "table", 0)-sectionHeader+17]++ }, "wrong checksum", ""},
		{"a loop", func(b []byte) {
			s := b[find(t, b, "table", 0)-sectionHeader:][:sectionHeader]
			le.PutUint64(s[16:], fileHeader)
			sum(s)
		}, "does not lead on", ""},
		{"digest", func(b []byte) { b[find(t, b, "digest", 0)]++ }, "", "stored hashes"},
	} {
		image := imagetest.EWF(disk, 1000, md5, sha1)[0]
		c.change(image)
		d, err := Open(bytes.NewReader(image))
		var got []byte
		if err == nil {
			if notes := strings.Join(d.Notes, "; "); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
				t.Errorf("%s: notes %q, want %q", c.name, notes, c.note)
			}
			if c.name == "none" && (d.MD5 != strings.Repeat("ab", 16) || d.SHA1 != strings.Repeat("cd", 20)) {
				t.Error(d.MD5, d.SHA1)
			}
			got, err = io.ReadAll(io.NewSectionReader(d, 0, min(d.Size(), 1<<20)))
		}
		if c.err == "" {
			if err != nil || !bytes.Equal(got, disk) {
				t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
			}
		} else if !errors.Is(err, container.ErrDamaged) || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
	}
}

// TestAcquisition: sectors that could not be read when the image was made.
func TestAcquisition(t *testing.T) {
	image := imagetest.EWF(make([]byte, 4096), 9, nil, nil)[0]
	p := make([]byte, 520)
	p[0] = 3
	sum(p)
	at := find(t, image, "digest", 0) - sectionHeader
	h := bytes.Clone(image[at : at+sectionHeader])
	copy(h, "error2\x00")
	binary.LittleEndian.PutUint64(h[16:], uint64(at+sectionHeader+len(p)))
	binary.LittleEndian.PutUint64(h[24:], uint64(sectionHeader+len(p)))
	sum(h)
	done := make([]byte, sectionHeader)
	copy(done, "done")
	sum(done)
	image = append(append(append(image[:at:at], h...), p...), done...)
	d, err := Open(bytes.NewReader(image))
	if err != nil || len(d.Notes) != 1 || !strings.HasPrefix(d.Notes[0], "3 ranges of sectors") || d.MD5 != "" {
		t.Errorf("%+v, %v", d, err)
	}
}

func FuzzOpen(f *testing.F) {
	for _, n := range []int{4096, 20 << 10} {
		f.Add(imagetest.EWF(imagetest.Content(n), 9, nil, nil)[0], true)
	}
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		if mend { // else no change would come past the checksums
			for at, n := fileHeader, 0; at+sectionHeader <= len(b) && n < 100; n++ {
				sum(b[at : at+sectionHeader])
				for _, size := range []int{tableHeader, smartVolume, volume} {
					if end := at + sectionHeader + size; end <= len(b) && n%3 == 0 {
						sum(b[at+sectionHeader : end])
					}
				}
				next := binary.LittleEndian.Uint64(b[at+16:])
				if next <= uint64(at) || next > uint64(len(b)) {
					break
				}
				at = int(next)
			}
		}
		if d, err := Open(bytes.NewReader(b)); err == nil {
			p := make([]byte, 9000)
			d.ReadAt(p, 0)
			d.ReadAt(p, d.Size()-512)
		}
	})
}
