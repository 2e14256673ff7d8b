package regf

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Flags of a key.
const (
	flagRoot    = 0x0004 // root of the hive
	flagLink    = 0x0010 // symbolic link
	flagASCII   = 0x0020 // name is stored one byte a character, Latin-1
	flagPredef  = 0x0040 // value count is a predefined handle, not a count
	keyHeader   = 76
	maxKeyName  = 512 // bytes; Windows allows 255 characters
	maxDepth    = 512
	offSubkeys  = 20
	offSubList  = 28
	offValues   = 36
	offValList  = 40
	offSecurity = 44
	offClass    = 48
)

// A Key is one key of a hive. To go through a whole tree use Walk, which
// guards against cycles; recursion over Subkeys does not.
type Key struct {
	h      *Hive
	off    uint32
	nk     []byte // header and name
	free   bool
	budget *budget // of the walk the key was met in, else nil
}

// purse is what a listing of the key draws on.
func (k Key) purse() *budget {
	if k.budget != nil {
		return k.budget
	}
	return k.h.newBudget()
}

func isKey(nk []byte) bool { return len(nk) >= keyHeader && nk[0] == 'n' && nk[1] == 'k' }

func (h *Hive) key(off uint32, b *budget) (Key, *Trouble) {
	nk, c, err := h.readAt(off, keyHeader+maxKeyName)
	if err != nil {
		return Key{}, err
	}
	if !isKey(nk) {
		return Key{}, damage(int64(off), "no key (nk) here")
	}
	if n := le16(nk, 72); keyHeader+n > len(nk) {
		return Key{}, damage(int64(off), "key name of %d bytes does not fit its cell, or is longer than Windows allows", n)
	}
	return Key{h, off, nk, c.free, b}, nil
}

// Name is the key's name in UTF-8, lone surrogates as in WTF-8. It may hold
// any character, also NUL.
func (k Key) Name() string { return string(k.AppendName(nil)) }

// AppendName appends the name to dst.
func (k Key) AppendName(dst []byte) []byte {
	return appendName(dst, k.rawName(), k.latin1())
}

func (k Key) rawName() []byte { return k.nk[keyHeader : keyHeader+le16(k.nk, 72)] }
func (k Key) latin1() bool    { return k.Flags()&flagASCII != 0 }

// Offset of the key's cell in the file.
func (k Key) Offset() int64 { return int64(k.off) + baseSize }

// Flags of the key (KEY_* of the format).
func (k Key) Flags() uint16 { return uint16(le16(k.nk, 2)) }

// IsLink: the key is a symbolic link to the key its value SymbolicLinkValue
// names.
func (k Key) IsLink() bool { return k.Flags()&flagLink != 0 }

// Written is when the key was last written, in FILETIME ticks (see ioc.Ticks).
func (k Key) Written() int64 { return int64(binary.LittleEndian.Uint64(k.nk[4:])) }

// NumSubkeys and NumValues are the counts the key gives, which a damaged hive
// may not bear out.
func (k Key) NumSubkeys() int { return count(le32(k.nk, offSubkeys)) }

func (k Key) NumValues() int {
	if k.Flags()&flagPredef != 0 {
		return 0
	}
	return count(le32(k.nk, offValues))
}

// Class is the key's class name, empty for most.
func (k Key) Class() (string, error) {
	off, n := le32(k.nk, offClass), le16(k.nk, 74)
	if off == noCell || n == 0 {
		return "", nil
	}
	if !k.purse().spend(int64(n)) {
		return "", overspent(off)
	}
	data, _, err := k.h.readAt(off, int64(n))
	switch {
	case err != nil:
	case n > len(data):
		err = damage(int64(off), "class name of %d bytes does not fit its cell", n)
	default:
		return string(appendUTF16(nil, data)), nil
	}
	return string(appendUTF16(nil, data)), err.losing("class name: %d read of %d bytes", len(data), n)
}

// Owner is the SID of the key's owner (S-1-…), empty if it has none.
func (k Key) Owner() (string, error) {
	off := le32(k.nk, offSecurity)
	if off == noCell {
		return "", nil
	}
	// Cell header, then the descriptor, which is self-relative: revision,
	// flags, offset of the owner.
	const header, fixed = 20, 20
	sk, c, err := k.h.readAt(off, header+fixed)
	if err != nil {
		return "", err.losing("the owner")
	}
	bad := damage(int64(off), "no valid security descriptor (sk) here").losing("the owner")
	if len(sk) < header+fixed || sk[0] != 's' || sk[1] != 'k' {
		return "", bad
	}
	owner, size := int64(le32(sk, header+4)), int64(le32(sk, 16))
	if owner == 0 {
		return "", nil
	}
	if owner+8 > size || header+size > c.size {
		return "", bad
	}
	const maxSID = 8 + 4*15
	sid, e := k.h.image.bytes(c.at+header+owner, min(maxSID, size-owner))
	if e != nil {
		return "", unreadable(int64(off), e).losing("the owner")
	}
	n := int(sid[1])
	if len(sid) < 8+4*n {
		return "", bad
	}
	var s strings.Builder
	fmt.Fprintf(&s, "S-%d-%d", sid[0], uint64(binary.BigEndian.Uint16(sid[2:]))<<32|uint64(binary.BigEndian.Uint32(sid[4:])))
	for i := range n {
		fmt.Fprintf(&s, "-%d", le32(sid, 8+4*i))
	}
	return s.String(), nil
}
