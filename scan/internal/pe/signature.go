package pe

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"fmt"
	"hash"
)

// A Signature is one Authenticode signature that the file carries. Whether
// anybody trusts its signer is not asked.
type Signature struct {
	Subject, Issuer Name // of the signer's certificate; Subject is empty where the certificate is not enclosed
	Algorithm       string
	Digest          []byte // that the signer signed
	Nested          bool   // within another signature
}

const (
	mostCertificates = 4 << 20 // bytes of the certificate table that are read
	mostSignatures   = 64
	certHead         = 8
	certPKCS7        = 2
)

// Signed reports whether the file carries a signature. One that lies in a
// catalogue elsewhere on the system is not seen here.
func (f *File) Signed() (bool, error) {
	list, err := f.certificates()
	if len(list) > 0 {
		return true, nil
	}
	return false, err
}

// certificates are the entries of the certificate table that hold a signature.
// An entry of length 0 ends the table: some files have room for one only.
func (f *File) certificates() ([][]byte, error) {
	return f.cache.certificates.get(f.readCertificates)
}

func (f *File) readCertificates() (list [][]byte, err error) {
	d := f.dir(dirSecurity)
	switch {
	case f.HeaderErr != nil:
		return nil, f.HeaderErr
	case d.at == 0 || d.size == 0:
		return nil, nil
	case d.size > mostCertificates:
		return nil, fmt.Errorf("signature: a certificate table of %d bytes: %w", d.size, ErrTooMuch)
	case int64(d.at)+int64(d.size) > f.file.size:
		return nil, fmt.Errorf("signature: %w", damaged("the file ends at %d, before %d", f.file.size, int64(d.at)+int64(d.size)))
	}
	b := make([]byte, d.size)
	if err := f.file.readAt(b, int64(d.at)); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	for len(b) >= certHead {
		length := le.Uint32(b)
		if length == 0 {
			break
		}
		if length < certHead || uint64(length) > uint64(len(b)) {
			return list, fmt.Errorf("signature: %w", damaged("a certificate says it has %d of %d bytes", length, len(b)))
		}
		if le.Uint16(b[6:]) == certPKCS7 {
			list = append(list, b[certHead:length])
		}
		b = b[min((uint64(length)+7)&^7, uint64(len(b))):]
	}
	return list, nil
}

// Signatures lists the signatures that the file carries, each before those
// nested in it. The error comes beside what could be read.
func (f *File) Signatures() ([]Signature, error) { return f.cache.signatures.get(f.readSignatures) }

func (f *File) readSignatures() (list []Signature, err error) {
	certificates, fault := f.certificates()
	for _, c := range certificates {
		if list, err = parseSigned(list, c, false); err != nil {
			return list, fmt.Errorf("signature: %w", err)
		}
	}
	return list, fault
}

// digestAlgorithms are those that signers use.
var digestAlgorithms = [...]struct {
	oid, name string
	start     func() hash.Hash
}{
	{"1.2.840.113549.2.5", "MD5", md5.New},
	{"1.3.14.3.2.26", "SHA1", sha1.New},
	{"2.16.840.1.101.3.4.2.1", "SHA256", sha256.New},
	{"2.16.840.1.101.3.4.2.2", "SHA384", sha512.New384},
	{"2.16.840.1.101.3.4.2.3", "SHA512", sha512.New},
}

// algorithmName is the name, or the identifier of one that is not known.
func algorithmName(oid asn1.ObjectIdentifier) string {
	for _, a := range digestAlgorithms {
		if a.oid == oid.String() {
			return a.name
		}
	}
	return oid.String()
}

// DigestMatches reports whether the file is what a signature was made for. It
// reads the whole file.
func (f *File) DigestMatches(s *Signature) (same bool, err error) {
	defer guard(&err)
	if f.WholeErr != nil {
		return false, f.WholeErr
	}
	for _, a := range digestAlgorithms {
		if a.name == s.Algorithm {
			sum, err := f.digest(a.start())
			return err == nil && bytes.Equal(sum, s.Digest), err
		}
	}
	return false, fmt.Errorf("signature: the digest algorithm %s is not known", s.Algorithm)
}

// digest is the Authenticode digest: of the file without the checksum, the
// directory entry of the certificate table, and the table itself.
func (f *File) digest(h hash.Hash) ([]byte, error) {
	d := f.dir(dirSecurity)
	from := int64(0)
	for _, hole := range [][2]int64{
		{f.optional + optChecksum, 4},
		{f.dirsAt + dirSecurity*8, 8},
		{int64(d.at), int64(d.size)},
	} {
		if hole[0] < from {
			return nil, fmt.Errorf("signature: %w", damaged("the certificate table lies in the headers"))
		}
		if err := f.stream(from, hole[0], func(b []byte) { h.Write(b) }); err != nil {
			return nil, fmt.Errorf("signature: %w", err)
		}
		from = hole[0] + hole[1]
	}
	if err := f.stream(from, f.file.size, func(b []byte) { h.Write(b) }); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return h.Sum(nil), nil
}
