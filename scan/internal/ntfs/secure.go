package ntfs

import (
	"fmt"
	"strings"
)

const (
	sdsStripe  = 256 << 10 // each is followed by a copy of itself
	maxSDS     = 64 << 20
	sdsName    = "$\x00S\x00D\x00S\x00"
	sdsMinimum = 20
)

// owner is the SID of the object's owner: by the id of its descriptor in
// $Secure, or before NTFS 3.0 in the object itself; empty: not known.
func (v *volume) owner(o *object, si []byte) string {
	if len(si) >= 72 {
		if id := le.Uint32(si[52:]); id != 0 {
			return v.owners()[id]
		}
	}
	b, err := v.bytes(o, typeSecurity, maxDescriptor)
	if err != nil {
		return ""
	}
	return ownerSID(b)
}

// readOwners reads the stream $SDS of $Secure: hash 4 bytes, id 4, offset 8,
// length 4, descriptor, the next one at a multiple of 16. What cannot be read
// leaves owners unknown.
func (v *volume) readOwners() map[uint32]string {
	owners := map[uint32]string{}
	o, err := v.fixed(recordSecure)
	if err != nil {
		return owners
	}
	c, err := v.stream(o, typeData, sdsName)
	if err != nil {
		return owners
	}
	known := map[string]string{} // most descriptors have one of a few owners
	stripe := make([]byte, sdsStripe)
	for at := int64(0); at < min(c.size, maxSDS); at += 2 * sdsStripe {
		n, _ := c.ReadAt(stripe, at)
		for b := stripe[:n]; len(b) >= sdsMinimum; {
			size := int64(le.Uint32(b[16:]))
			if size < sdsMinimum || size > int64(len(b)) || le.Uint64(b[8:]) != uint64(at)+uint64(n-len(b)) {
				break
			}
			if sid := ownerSID(b[sdsMinimum:size]); sid != "" {
				if _, ok := known[sid]; !ok {
					known[sid] = sid
				}
				owners[le.Uint32(b[4:])] = known[sid]
			}
			b = b[min(int64(len(b)), (size+15)&^15):]
		}
	}
	return owners
}

// ownerSID is the owner in a self-relative security descriptor, [MS-DTYP] 2.4.6,
// whose offset is at 4; a SID is revision 1 byte, count 1, authority 6 (highest
// byte first), and 4 bytes each.
func ownerSID(b []byte) string {
	if len(b) < 20 {
		return ""
	}
	at := int64(le.Uint32(b[4:]))
	if at < 20 || at+8 > int64(len(b)) {
		return ""
	}
	b = b[at:]
	count := int(b[1])
	if b[0] != 1 || count > 15 || len(b) < 8+4*count {
		return ""
	}
	var authority uint64
	for _, x := range b[2:8] {
		authority = authority<<8 | uint64(x)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "S-1-%d", authority)
	for i := range count {
		fmt.Fprintf(&s, "-%d", le.Uint32(b[8+4*i:]))
	}
	return s.String()
}
