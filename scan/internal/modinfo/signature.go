package modinfo

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

const (
	signatureMark = "~Module signature appended~\n"
	trailer       = 12 // algorithm, hash, kind, two lengths, padding, length of the signature
	mostSignature = 1 << 20

	kindPKCS7 = 2
)

// hashes are those of older kernels (enum pkey_hash_algo), by number.
var hashes = [...]string{"md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224"}

// signature reads what is at the end of the file.
func signature(r io.ReaderAt, size int64) (s Signature, err error) {
	end := make([]byte, trailer+len(signatureMark))
	if size < int64(len(end)) {
		return s, nil
	}
	if n, err := r.ReadAt(end, size-int64(len(end))); n < len(end) {
		return s, fmt.Errorf("end of the module: %w", err)
	}
	if string(end[trailer:]) != signatureMark {
		return s, nil
	}
	length := int64(binary.BigEndian.Uint32(end[8:]))
	signer, key := int64(end[3]), int64(end[4])
	before := length + signer + key
	if before > mostSignature || before > size-int64(len(end)) {
		return s, fmt.Errorf("a signature of %d bytes", before)
	}
	b := make([]byte, before)
	if n, err := r.ReadAt(b, size-int64(len(end))-before); n < len(b) {
		return s, fmt.Errorf("signature: %w", err)
	}
	if end[2] == kindPKCS7 {
		return pkcs7(b[signer+key:])
	}
	s = Signature{Signer: string(b[:signer]), Key: colons(b[signer : signer+key]), Value: colons(b[signer+key:])}
	if int(end[1]) < len(hashes) {
		s.Hash = hashes[end[1]]
	}
	return s, nil
}

// The parts of RFC 2315 that are asked for.
type (
	contentInfo struct {
		Kind    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version      int
		Digests      asn1.RawValue
		Content      asn1.RawValue
		Certificates asn1.RawValue `asn1:"optional,tag:0"`
		Revoked      asn1.RawValue `asn1:"optional,tag:1"`
		Signers      []signerInfo  `asn1:"set"`
	}
	signerInfo struct {
		Version int
		Signer  struct {
			Issuer pkix.RDNSequence
			Serial *big.Int
		}
		Digest     pkix.AlgorithmIdentifier
		Attributes asn1.RawValue `asn1:"optional,tag:0"`
		Encryption pkix.AlgorithmIdentifier
		Signature  []byte
	}
)

var digestNames = map[string]string{
	"1.2.840.113549.2.5": "md5", "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.1": "sha256",
	"2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512", "2.16.840.1.101.3.4.2.4": "sha224",
	"2.16.840.1.101.3.4.2.8": "sha3-256", "2.16.840.1.101.3.4.2.9": "sha3-384", "2.16.840.1.101.3.4.2.10": "sha3-512",
}

func pkcs7(b []byte) (s Signature, err error) {
	var outer contentInfo
	var data signedData
	if _, err = asn1.Unmarshal(b, &outer); err == nil {
		_, err = asn1.Unmarshal(outer.Content.Bytes, &data)
	}
	if err == nil && len(data.Signers) == 0 {
		err = errors.New("nobody has signed")
	}
	if err != nil {
		return s, fmt.Errorf("signature: %w", err)
	}
	one := &data.Signers[0]
	var name pkix.Name
	name.FillFromRDNSequence(&one.Signer.Issuer)
	s = Signature{Signer: name.CommonName, Hash: digestNames[one.Digest.Algorithm.String()], Value: colons(one.Signature)}
	if one.Signer.Serial != nil {
		s.Key = colons(one.Signer.Serial.Bytes())
	}
	return s, nil
}

func colons(b []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", b), " ", ":")
}
