package petest

import (
	"crypto/sha256"
	"encoding/asn1"
)

// A Signature has the form of an Authenticode signature; nothing in it is
// signed by anybody.
type Signature struct {
	Subject, Issuer []string // types and values in turn: CN, O and C
	Wrong           bool     // the digest is not that of the file
	Nested          *Signature
}

var nameOIDs = map[string]asn1.ObjectIdentifier{"CN": {2, 5, 4, 3}, "C": {2, 5, 4, 6}, "O": {2, 5, 4, 10}}

// table is the certificate table for a file, without which it is hashed except
// for the checksum and the directory entry.
func (s *Signature) table(file []byte, checksum, entry int) []byte {
	h := sha256.New()
	h.Write(file[:checksum])
	h.Write(file[checksum+4 : entry])
	h.Write(file[entry+8:])
	der := s.der(h.Sum(nil))
	out := le.AppendUint32(nil, uint32(len(der)+8))
	out = le.AppendUint16(out, 0x200)
	out = le.AppendUint16(out, 2)
	out = append(out, der...)
	for len(out)%8 != 0 {
		out = append(out, 0)
	}
	return out
}

func tlv(tag byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	n := len(body)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	case n < 0x10000:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
	}
	panic("too long")
}

func must(v any) []byte {
	b, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func oid(n ...int) []byte { return must(asn1.ObjectIdentifier(n)) }

const (
	seq    = 0x30
	set    = 0x31
	zero   = 0xa0 // [0]
	one    = 0xa1
	octets = 0x04
)

func name(parts []string) []byte {
	var out [][]byte
	for i := 0; i+1 < len(parts); i += 2 {
		out = append(out, tlv(set, tlv(seq, must(nameOIDs[parts[i]]), tlv(0x0c, []byte(parts[i+1])))))
	}
	return tlv(seq, out...)
}

func (s *Signature) der(digest []byte) []byte {
	if s.Wrong {
		digest = append([]byte{digest[0] ^ 1}, digest[1:]...)
	}
	none := tlv(0x05)
	algorithm := tlv(seq, oid(2, 16, 840, 1, 101, 3, 4, 2, 1), none)
	issuer, serial := name(s.Issuer), must(7)
	certificate := tlv(seq,
		tlv(seq, tlv(zero, must(2)), serial, algorithm, issuer, tlv(seq), name(s.Subject), tlv(seq)),
		algorithm, tlv(0x03, []byte{0}))
	var unsigned []byte
	if s.Nested != nil {
		unsigned = tlv(one, tlv(seq, oid(1, 3, 6, 1, 4, 1, 311, 2, 4, 1), tlv(set, s.Nested.der(digest))))
	}
	content := tlv(seq, oid(1, 3, 6, 1, 4, 1, 311, 2, 1, 4), tlv(zero,
		tlv(seq, tlv(seq, oid(1, 3, 6, 1, 4, 1, 311, 2, 1, 15)), tlv(seq, algorithm, tlv(octets, digest)))))
	signer := tlv(seq, must(1), tlv(seq, issuer, serial), algorithm, algorithm, tlv(octets, []byte{1}), unsigned)
	return tlv(seq, oid(1, 2, 840, 113549, 1, 7, 2), tlv(zero,
		tlv(seq, must(1), tlv(set, algorithm), content, tlv(zero, certificate), tlv(set, signer))))
}
