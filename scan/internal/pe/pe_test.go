package pe

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/internal/pe/petest"
)

func open(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// whole has something of everything.
func whole(wide bool) petest.Image {
	return petest.Image{
		Wide: wide, Time: 1234567890, Base: 0x10000000, Subsystem: 2, Checksum: petest.Right,
		Sections: []petest.Section{
			{Name: ".text", Data: bytes.Repeat([]byte{0, 1, 2, 3}, 128), Characteristics: 0x60000020},
			{Name: ".bss", VirtualSize: 100, Characteristics: 0xc0000080},
			{Name: "longname", Data: []byte("x"), Characteristics: 0x10000000},
		},
		Imports: []petest.Module{
			{Name: "KERNEL32.dll", Functions: []string{"CreateFileW", "#35", "ExitProcess"}},
			{Name: "empty.dll"},
		},
		Delayed: []petest.Module{{Name: "late.dll", Functions: []string{"Later"}}},
		Exports: &petest.Exports{DLL: "tiny.dll", Time: 99, Names: []string{"ServiceMain", "Second"}, Unnamed: 3},
		Resources: []petest.Resource{
			{Type: "3", Name: "7", Language: 0x409, Data: []byte("icon")},
			{Type: "PAYLOAD", Name: "ÄÖ", Language: 0x804, Data: []byte("payload bytes")},
		},
		Versions: []petest.Version{
			{Language: 0x409, Strings: []string{"CompanyName", "Tiny & Co", "FileVersion", "", "LegalCopyright", "© nobody"}},
			{Language: 0x407, Strings: []string{"CompanyName", "Winzig"}},
		},
		Overlay: []byte("behind it all"),
		Signature: &petest.Signature{
			Subject: []string{"C", "US", "O", "Tiny Corp", "CN", "Tiny Signer"}, Issuer: []string{"CN", "Tiny CA"},
			Nested: &petest.Signature{Subject: []string{"CN", "Inner"}, Issuer: []string{"CN", "Inner CA"}, Wrong: true},
		},
	}
}

func TestWholeImage(t *testing.T) {
	for name, wide := range map[string]bool{"PE32": false, "PE32+": true} {
		t.Run(name, func(t *testing.T) {
			b := whole(wide).Bytes()
			f := open(t, b)
			is := func(what string, got, want any, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("%s: %v", what, err)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-want +got)\n%s", what, d)
				}
			}
			is("header", []any{f.Wide, f.Time, f.Base, f.SubsystemWord(), f.NumberOfSections},
				[]any{wide, uint32(1234567890), uint64(0x10000000), "WINDOWS_GUI", 6}, errors.Join(f.HeaderErr, f.SectionErr))
			kind, err := f.Type()
			is("type", kind, Executable, err)

			var sections []any
			for i := range f.Sections {
				s := &f.Sections[i]
				h, err := f.Entropy(s)
				is("entropy", math.IsNaN(h), false, err)
				if i < 3 {
					sections = append(sections, s.Name(), s.Type(), s.RawSize, strings.Join(s.Words(), " "), h)
				}
			}
			is("sections", sections, []any{
				".text", "Code", uint32(512), "Read Execute Code", 2.0,
				".bss", "Uninitialized Data", uint32(0), "Read Write UninitializedData", 0.0,
				"longname", "Unknown", uint32(512), "Shared", f.mustEntropy(t, 2),
			}, nil)
			modules, err := f.Imports()
			is("imports", modules, []Module{
				{Name: "KERNEL32.dll", Functions: []Function{{Name: "CreateFileW"}, {Ordinal: 35}, {Name: "ExitProcess"}}},
				{Name: "empty.dll"},
				{Name: "late.dll", Functions: []Function{{Name: "Later"}}, Delayed: true},
			}, err)
			is("ordinal", modules[0].Functions[1].String(), "#35", nil)
			e, err := f.Exports()
			is("exports", e, &Exports{Time: 99, DLLName: "tiny.dll", NumberOfFunctions: 5, NumberOfNames: 2,
				Names: []string{"ServiceMain", "Second"}, Unnamed: 3}, err)

			leaves, err := f.Resources()
			var res []any
			for i := range leaves {
				r := &leaves[i]
				res = append(res, r.TypeWord(), r.Name.String(), r.Language)
			}
			is("resources", res, []any{"RT_ICON", "7", uint16(0x409), "PAYLOAD", "ÄÖ", uint16(0x804), "RT_VERSION", "1", uint16(0x409)}, err)
			data, err := f.Data(&leaves[1])
			is("data", string(data), "payload bytes", err)
			versions, err := f.Versions()
			is("versions", versions, []Versions{
				{Language: 0x409, Strings: []VersionString{{"CompanyName", "Tiny & Co"}, {"FileVersion", ""}, {"LegalCopyright", "© nobody"}}},
				{Language: 0x407, Strings: []VersionString{{"CompanyName", "Winzig"}}},
			}, err)

			signed, err := f.Signed()
			is("signed", signed, true, err)
			list, err := f.Signatures()
			if is("signatures", len(list), 2, err); len(list) == 2 {
				is("subject", list[0].Subject.String()+"|"+list[0].Subject.Common()+"|"+list[0].Issuer.String(),
					"CN=Tiny Signer, O=Tiny Corp, C=US|Tiny Signer|CN=Tiny CA", nil)
				is("nested", list[1].Nested && list[1].Subject.Common() == "Inner", true, nil)
				for i, want := range []bool{true, false} {
					same, err := f.DigestMatches(&list[i])
					is("digest", same, want, err)
				}
			}
			sum, err := f.Checksum()
			is("checksum", sum, f.StoredChecksum, err)
			is("anomalies", anomalies(t, f), []string{ContainsEOFData}, nil)
			overlay, err := f.Overlay()
			is("overlay begins", string(b[int64(len(b))-overlay:][:13]), "behind it all", err)

			// One byte of the code changed, as something does that infects it.
			b[0x401] ^= 1
			f = open(t, b)
			list, err = f.Signatures()
			same, err2 := f.DigestMatches(&list[0])
			is("digest of the changed file", same, false, errors.Join(err, err2))
			is("anomalies of the changed file", anomalies(t, f), []string{ContainsEOFData, ChecksumMismatch}, nil)
		})
	}
}

func (f *File) mustEntropy(t *testing.T, n int) float64 {
	h, err := f.Entropy(&f.Sections[n])
	if err != nil {
		t.Error(err)
	}
	return h
}

func anomalies(t *testing.T, f *File) (list []string) {
	t.Helper()
	if err := f.Anomalies(func(s string) bool { list = append(list, s); return true }); err != nil {
		t.Error(err)
	}
	return list
}

func TestAnomalies(t *testing.T) {
	kernel := []petest.Module{{Name: "KERNEL32.dll", Functions: []string{"A"}}}
	for name, c := range map[string]struct {
		image petest.Image
		spoil func([]byte)
		want  []string
	}{
		"sound":        {petest.Image{Checksum: petest.Right, Imports: kernel}, nil, nil},
		"zero":         {petest.Image{Imports: kernel}, nil, []string{ChecksumIsZero}},
		"other":        {petest.Image{Checksum: 1}, nil, []string{ChecksumMismatch}},
		"overlay":      {petest.Image{Checksum: petest.Right, Overlay: []byte("x")}, nil, []string{ContainsEOFData}},
		"image size":   {petest.Image{Checksum: petest.Right, ImageSize: 0x123000}, nil, []string{IncorrectImageSize}},
		"section":      {petest.Image{Checksum: petest.Right, Sections: []petest.Section{{Name: "a", Data: []byte("a"), RawSize: 0x800}}}, nil, []string{OversizedSection}},
		"import table": {petest.Image{Imports: kernel}, func(b []byte) { le.PutUint32(b[petest.Start+24+96+8:], 0x500000) }, []string{ChecksumIsZero, CorruptedImports}},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.image.Bytes()
			if c.spoil != nil {
				c.spoil(b)
			}
			if d := cmp.Diff(c.want, anomalies(t, open(t, b))); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
	// Who is content with a cheap one does not pay for the checksum.
	b := petest.Image{Checksum: 1, Overlay: []byte("x")}.Bytes()
	f := open(t, b)
	if err := f.Anomalies(func(string) bool { return false }); err != nil || f.cache.checksum.done {
		t.Error("read more than was asked for: ", err)
	}
}

func TestType(t *testing.T) {
	ntdll := []petest.Module{{Name: "NTDLL.DLL", Functions: []string{"NtClose"}}}
	kernel := []petest.Module{{Name: "ntoskrnl.exe", Functions: []string{"DbgPrint"}}}
	for name, c := range map[string]struct {
		image petest.Image
		want  string
	}{
		"program":        {petest.Image{}, Executable},
		"dll":            {petest.Image{Characteristics: 0x2102}, DLL},
		"driver":         {petest.Image{Subsystem: 1, Imports: kernel}, Driver},
		"native program": {petest.Image{Subsystem: 1, Imports: ntdll}, Executable},
		"efi driver":     {petest.Image{Subsystem: 11}, Driver},
		"no image":       {petest.Image{Characteristics: 0x0100}, Unknown},
	} {
		if got, err := open(t, c.image.Bytes()).Type(); got != c.want || err != nil {
			t.Errorf("%s is %q (%v), want %q", name, got, err, c.want)
		}
	}
}

func TestNotPE(t *testing.T) {
	ne := append([]byte("MZ"), make([]byte, 200)...)
	ne[60] = 0x80
	copy(ne[0x80:], "NE\x00\x00")
	far := append([]byte("MZ"), make([]byte, 200)...)
	le.PutUint32(far[60:], 0xfffffff0)
	for name, b := range map[string][]byte{"empty": nil, "text": []byte(strings.Repeat("text ", 40)), "MZ alone": []byte("MZ"), "NE": ne, "far": far} {
		if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrNotPE) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// counter counts what is read.
type counter struct {
	io.ReaderAt
	reads int
	bytes int64
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.reads, c.bytes = c.reads+1, c.bytes+int64(n)
	return n, err
}

func TestOtherFilesCostOneSmallRead(t *testing.T) {
	c := &counter{ReaderAt: strings.NewReader(strings.Repeat("text ", 1<<20))}
	if _, err := Open(c, 5<<20); !errors.Is(err, ErrNotPE) || c.reads != 1 || c.bytes > 64 {
		t.Errorf("%v after %d reads of %d bytes", err, c.reads, c.bytes)
	}
}

var errDisk = errors.New("bad sector")

// failing fails to read from an offset on.
type failing struct {
	io.ReaderAt
	from int64
}

func (r failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > r.from {
		return 0, errDisk
	}
	return r.ReaderAt.ReadAt(p, off)
}

// everything asks all there is to ask, and collects what went wrong.
func everything(f *File) error {
	_, e1 := f.Type()
	_, e2 := f.Imports()
	x, e3 := f.Exports()
	if x != nil {
		e3 = errors.Join(e3, x.DLLNameErr)
	}
	leaves, e4 := f.Resources()
	all := errors.Join(f.HeaderErr, f.SectionErr, e1, e2, e3, e4)
	for i := range min(len(leaves), 100) {
		_, err := f.Data(&leaves[i])
		all = errors.Join(all, err)
	}
	for i := range f.Sections {
		_, err := f.Entropy(&f.Sections[i])
		all = errors.Join(all, err)
	}
	_, e1 = f.Versions()
	list, e2 := f.Signatures()
	for i := range list {
		_, err := f.DigestMatches(&list[i])
		all = errors.Join(all, err)
		_, _ = list[i].Subject.String(), list[i].Issuer.Common()
	}
	_, e3 = f.Overlay()
	_, e4 = f.Checksum()
	return errors.Join(all, e1, e2, e3, e4, f.Anomalies(func(string) bool { return true }))
}

func TestUnreadableIsAnError(t *testing.T) {
	b := whole(true).Bytes()
	for from := int64(0); from < int64(len(b)); from += 97 {
		f, err := Open(failing{bytes.NewReader(b), from}, int64(len(b)))
		if err == nil {
			err = everything(f)
		}
		if !errors.Is(err, errDisk) {
			t.Fatalf("unreadable from %d on, and %v", from, err)
		}
	}
}

// A file that was cut is damaged, and what lies before the cut is there.
func TestCutFile(t *testing.T) {
	b := whole(false).Bytes()
	for n := len(b) - 1; n >= petest.Start+4; n-- {
		f, err := Open(bytes.NewReader(b[:n]), int64(n))
		if err != nil {
			t.Fatal(n, err)
		}
		if err := everything(f); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut to %d bytes: %v", n, err)
		}
		if n >= petest.Start+24 && f.Time != 1234567890 {
			t.Fatalf("cut to %d bytes: the time is lost", n)
		}
	}
}

// Claims that no file can hold end soon and take no memory for them.
func TestLies(t *testing.T) {
	image := whole(false).Bytes()
	f := open(t, image)
	exports := f.dir(dirExport)
	at := func(va uint32) int64 { s, _ := f.spanOf(uint64(va)); return s.off + int64(va) - int64(s.at) }
	resources := at(f.dir(dirResource).at)
	for name, c := range map[string]struct {
		spoil func([]byte)
		want  error
	}{
		"exports":        {func(b []byte) { copy(b[at(exports.at)+20:], "\xff\xff\xff\xff\xff\xff\xff\xff") }, ErrDamaged},
		"sections":       {func(b []byte) { copy(b[petest.Start+6:], "\xff\xff") }, ErrDamaged},
		"resource cycle": {func(b []byte) { le.PutUint32(b[resources+20:], 1<<31) }, ErrDamaged},
		"deep resources": {func(b []byte) { le.PutUint32(b[resources+16+24+24+20:], 1<<31|0x20) }, ErrDamaged},
		"data":           {func(b []byte) { le.PutUint32(b[resources+16+24+24+24+4:], 0xffffffff) }, ErrTooMuch},
		"certificate":    {func(b []byte) { le.PutUint32(b[petest.Start+24+96+4*8+4:], 0xffffffff) }, ErrTooMuch},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(image)
			c.spoil(b)
			if err := everything(open(t, b)); !errors.Is(err, c.want) {
				t.Error(err)
			}
		})
	}
}

// Version resources without end are cut off and told.
func TestManyVersions(t *testing.T) {
	var m petest.Image
	for range mostVersions + 1 {
		m.Resources = append(m.Resources, petest.Resource{Type: "16", Name: "1", Data: []byte("none")})
	}
	if _, err := open(t, m.Bytes()).Versions(); !errors.Is(err, ErrTooMuch) {
		t.Error(err)
	}
}

func TestLanguages(t *testing.T) {
	for id, want := range map[uint16]string{0x409: "English (United States)", 0x804: "Chinese (Simplified, PRC)", 0: "Language Neutral"} {
		if got, ok := Language(id); got != want || !ok {
			t.Errorf("%04x: %q", id, got)
		}
	}
	if got, ok := Language(0xffff); ok {
		t.Errorf("ffff: %q", got)
	}
}
