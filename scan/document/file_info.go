package document

import (
	"io/fs"
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// stat is the object's metadata, asked for once. What the listing gave serves.
func (f *file) stat() (*source.Info, error) {
	if f.why != nil {
		return nil, f.why
	}
	if f.info != nil {
		return f.info, nil
	}
	i := f.item
	if !i.stated {
		i.stated = true
		if i.info, i.infoErr = f.in.vol.FS.Lstat(f.path()); i.infoErr != nil {
			i.tell(i.infoErr)
		}
	}
	return &i.info, i.infoErr
}

// SizeInBytes: files only.
func sizeInBytes(f *file, yield func(ioc.Value) bool) error {
	if !f.hasContent() {
		return nil
	}
	info, err := f.stat()
	if err != nil {
		return err
	}
	if info.Size < 0 {
		return errCleared
	}
	yield(ioc.IntValue(uint64(info.Size)))
	return nil
}

// fileTime answers a time; one that the file system does not keep is absent.
func fileTime(of func(*source.Info) int64) func(*file, func(ioc.Value) bool) error {
	return func(f *file, yield func(ioc.Value) bool) error {
		info, err := f.stat()
		if err != nil {
			return err
		}
		if t := of(info); t != 0 {
			yield(ioc.TicksValue(t))
		}
		return nil
	}
}

// attributeWords are the FILE_ATTRIBUTE_* bits in their order, in the words
// that audits of Windows hosts use.
var attributeWords = [...]struct {
	bit  uint32
	word string
}{
	{0x1, "ReadOnly"}, {0x2, "Hidden"}, {0x4, "System"}, {0x10, "Directory"}, {0x20, "Archive"},
	{0x40, "Device"}, {0x80, "Normal"}, {0x100, "Temporary"}, {0x200, "SparseFile"},
	{0x400, "ReparsePoint"}, {0x800, "Compressed"}, {0x1000, "Offline"},
	{0x2000, "NotContentIndexed"}, {0x4000, "Encrypted"},
}

// FileAttributes: each word, and where there are several all of them in one
// text. Linux and macOS have no such words; two of them mean something there:
// Directory, and Hidden for a name that begins with a dot.
func fileAttributes(f *file, yield func(ioc.Value) bool) error {
	if !f.windows() {
		if f.isFolder() && !yield(ioc.TextValue("Directory")) {
			return nil
		}
		if strings.HasPrefix(f.name, ".") {
			yield(ioc.TextValue("Hidden"))
		}
		return nil
	}
	info, err := f.stat()
	if err != nil {
		return err
	}
	if info.Attributes == 0 { // a file without any has Normal, so they are not known
		return errNotCarried
	}
	all := f.item.buf[:0]
	words := 0
	for _, a := range attributeWords {
		if info.Attributes&a.bit == 0 {
			continue
		}
		if words++; words > 1 {
			all = append(all, ' ')
		}
		all = append(all, a.word...)
		if !yield(ioc.TextValue(a.word)) {
			return nil
		}
	}
	if f.item.buf = all; words > 1 {
		yield(ioc.TextValue(text(all)))
	}
	return nil
}

// INode is the inode or MFT record number. No file system numbers from 0, so 0
// says that the source does not know it.
func inode(f *file, yield func(ioc.Value) bool) error {
	info, err := f.stat()
	if err != nil {
		return err
	}
	if info.INode == 0 {
		return errNotCarried
	}
	yield(ioc.IntValue(info.INode))
	return nil
}

// Permissions are the POSIX mode bits 07777, as the number they are and as the
// number that their octal digits spell: content is written 493, and 755.
// Windows has none.
func permissions(f *file, yield func(ioc.Value) bool) error {
	if f.windows() {
		return nil
	}
	info, err := f.stat()
	if err != nil {
		return err
	}
	mode := uint64(info.Mode.Perm())
	for _, b := range [...]struct {
		is  fs.FileMode
		bit uint64
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if info.Mode&b.is != 0 {
			mode |= b.bit
		}
	}
	if yield(ioc.IntValue(mode)) {
		if spelt := spellOctal(mode); spelt != mode {
			yield(ioc.IntValue(spelt))
		}
	}
	return nil
}

// spellOctal reads the octal digits of n as decimal ones.
func spellOctal(n uint64) uint64 {
	var out uint64
	for place := uint64(1); n > 0; place, n = place*10, n>>3 {
		out += place * (n & 7)
	}
	return out
}

// samePermissions: one content may be the octal spelling of the other.
func samePermissions(a, b string) bool {
	x, errX := strconv.ParseUint(strings.TrimSpace(a), 10, 64)
	y, errY := strconv.ParseUint(strings.TrimSpace(b), 10, 64)
	return errX == nil && errY == nil && (x == y || spellOctal(x) == y || spellOctal(y) == x)
}

// DevicePath (\Device\HarddiskVolume2) is known to the running kernel only,
// and no source passes it on yet.
func devicePath(f *file, _ func(ioc.Value) bool) error {
	if f.windows() {
		return errNotCarried
	}
	return nil
}
