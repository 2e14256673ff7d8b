package pe

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf16"
)

// The parts of PKCS #7 (RFC 2315) and of Authenticode that tell the signer and
// the digest. Certificates are read only as far as their names, so that one
// which package crypto/x509 would refuse does not hide who signed.

var (
	oidSignedData   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidIndirectData = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	oidNested       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 4, 1}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
}

type signedData struct {
	Version      int
	Digests      asn1.RawValue
	Content      contentInfo
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Revocations  asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signer      `asn1:"set"`
}

type signer struct {
	Version         int
	Certificate     issuerAndSerial
	DigestAlgorithm asn1.RawValue
	Authenticated   asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm       asn1.RawValue
	Signature       []byte
	Unauthenticated asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

type indirectData struct {
	Data   asn1.RawValue
	Digest struct {
		Algorithm struct {
			OID    asn1.ObjectIdentifier
			Params asn1.RawValue `asn1:"optional"`
		}
		Digest []byte
	}
}

type certificate struct {
	TBS struct {
		Version   asn1.RawValue `asn1:"optional,explicit,tag:0"`
		Serial    *big.Int
		Algorithm asn1.RawValue
		Issuer    asn1.RawValue
		Validity  asn1.RawValue
		Subject   asn1.RawValue
		Key       asn1.RawValue
		Issuer2   asn1.RawValue `asn1:"optional,tag:1"`
		Subject2  asn1.RawValue `asn1:"optional,tag:2"`
		More      asn1.RawValue `asn1:"optional,tag:3"`
	}
	Algorithm asn1.RawValue
	Signature asn1.RawValue
}

// parseSigned appends the signatures of one PKCS #7 structure.
func parseSigned(list []Signature, der []byte, nested bool) ([]Signature, error) {
	var ci contentInfo
	if _, err := asn1.Unmarshal(der, &ci); err != nil {
		return list, damaged("its structure: %v", err)
	}
	if !ci.Type.Equal(oidSignedData) {
		return list, damaged("it holds %v, no signed data", ci.Type)
	}
	var sd signedData
	if _, err := asn1.Unmarshal(ci.Content.Bytes, &sd); err != nil {
		return list, damaged("signed data: %v", err)
	}
	var ind indirectData
	if !sd.Content.Type.Equal(oidIndirectData) {
		return list, damaged("it signs %v, no program", sd.Content.Type)
	}
	if _, err := asn1.Unmarshal(sd.Content.Content.Bytes, &ind); err != nil {
		return list, damaged("signed digest: %v", err)
	}
	algorithm := algorithmName(ind.Digest.Algorithm.OID)
	for _, s := range sd.Signers {
		if len(list) >= mostSignatures {
			return list, fmt.Errorf("signatures: %w", ErrTooMuch)
		}
		sig := Signature{Algorithm: algorithm, Digest: ind.Digest.Digest, Nested: nested, Issuer: parseName(s.Certificate.Issuer)}
		sig.Subject = subjectOf(sd.Certificates.Bytes, s.Certificate)
		list = append(list, sig)
		var err error
		if list, err = parseNested(list, s.Unauthenticated.Bytes); err != nil {
			return list, err
		}
	}
	return list, nil
}

// parseNested appends the signatures in the attributes of another. Each lies
// inside of its parent, so this comes to an end.
func parseNested(list []Signature, attributes []byte) ([]Signature, error) {
	for len(attributes) > 0 {
		var a attribute
		rest, err := asn1.Unmarshal(attributes, &a)
		if err != nil {
			return list, damaged("attributes: %v", err)
		}
		attributes = rest
		if !a.Type.Equal(oidNested) {
			continue
		}
		for values := a.Values.Bytes; len(values) > 0; {
			var v asn1.RawValue
			if values, err = asn1.Unmarshal(values, &v); err != nil {
				return list, damaged("nested signature: %v", err)
			}
			if list, err = parseSigned(list, v.FullBytes, true); err != nil {
				return list, fmt.Errorf("nested signature: %w", err)
			}
		}
	}
	return list, nil
}

func subjectOf(certificates []byte, of issuerAndSerial) Name {
	for len(certificates) > 0 {
		var raw asn1.RawValue
		rest, err := asn1.Unmarshal(certificates, &raw)
		if err != nil {
			return nil
		}
		certificates = rest
		var c certificate
		if _, err := asn1.Unmarshal(raw.FullBytes, &c); err != nil {
			continue
		}
		if c.TBS.Serial.Cmp(of.Serial) == 0 && bytes.Equal(c.TBS.Issuer.FullBytes, of.Issuer.FullBytes) {
			return parseName(c.TBS.Subject)
		}
	}
	return nil
}

// A Name is a distinguished name in the order of the certificate.
type Name []NamePart

// A NamePart is one attribute of it: CN and its like, or an object identifier
// in digits.
type NamePart struct{ Type, Value string }

var nameTypes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.15": "businessCategory", "2.5.4.17": "postalCode",
	"1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.25": "DC",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
	"1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// String is the name as CN=…, O=…, the most special first as Windows shows it.
func (n Name) String() string {
	parts := make([]string, 0, len(n))
	for i := len(n) - 1; i >= 0; i-- {
		parts = append(parts, n[i].Type+"="+n[i].Value)
	}
	return strings.Join(parts, ", ")
}

// Common is the common name, empty if there is none.
func (n Name) Common() string {
	for i := len(n) - 1; i >= 0; i-- {
		if n[i].Type == "CN" {
			return n[i].Value
		}
	}
	return ""
}

func parseName(raw asn1.RawValue) Name {
	var out Name
	for sets := raw.Bytes; len(sets) > 0; {
		var set asn1.RawValue
		rest, err := asn1.Unmarshal(sets, &set)
		if err != nil {
			return out
		}
		sets = rest
		for parts := set.Bytes; len(parts) > 0; {
			var p struct {
				Type  asn1.ObjectIdentifier
				Value asn1.RawValue
			}
			if parts, err = asn1.Unmarshal(parts, &p); err != nil {
				return out
			}
			t := p.Type.String()
			if known, ok := nameTypes[t]; ok {
				t = known
			}
			out = append(out, NamePart{t, asn1Text(p.Value)})
		}
	}
	return out
}

func asn1Text(v asn1.RawValue) string {
	switch v.Tag {
	case asn1.TagBMPString:
		u := make([]uint16, len(v.Bytes)/2)
		for i := range u {
			u[i] = uint16(v.Bytes[2*i])<<8 | uint16(v.Bytes[2*i+1])
		}
		return string(utf16.Decode(u))
	case asn1.TagT61String: // written as Latin-1
		r := make([]rune, len(v.Bytes))
		for i, c := range v.Bytes {
			r[i] = rune(c)
		}
		return string(r)
	}
	return string(v.Bytes)
}
