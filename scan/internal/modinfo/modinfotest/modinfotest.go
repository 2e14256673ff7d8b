// Package modinfotest makes files of kernel modules for tests.
package modinfotest

import (
	"bytes"
	"crypto/x509/pkix"
	"debug/elf"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
)

// Module is an ELF file with the texts in its section .modinfo.
func Module(texts ...string) []byte {
	var info []byte
	for _, s := range texts {
		info = append(append(info, s...), 0)
	}
	names := "\x00.modinfo\x00.shstrtab\x00"
	head := elf.Header64{Type: uint16(elf.ET_REL), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Shentsize: 64, Shnum: 3, Shstrndx: 2}
	copy(head.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	at := uint64(64)
	head.Shoff = at + uint64(len(info)+len(names))
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: at, Size: uint64(len(info)), Addralign: 1},
		{Name: 10, Type: uint32(elf.SHT_STRTAB), Off: at + uint64(len(info)), Size: uint64(len(names)), Addralign: 1},
	}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, head) // to memory: cannot fail
	b.Write(info)
	b.WriteString(names)
	binary.Write(&b, binary.LittleEndian, sections)
	return b.Bytes()
}

var (
	oidSigned = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
)

// Signed appends a signature that nothing verifies.
func Signed(module []byte, signer string, key int64, value []byte) []byte {
	type issuerAndSerial struct {
		Issuer pkix.RDNSequence
		Serial *big.Int
	}
	type signerInfo struct {
		Version    int
		Signer     issuerAndSerial
		Digest     pkix.AlgorithmIdentifier
		Encryption pkix.AlgorithmIdentifier
		Signature  []byte
	}
	type signedData struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content struct{ Kind asn1.ObjectIdentifier }
		Signers []signerInfo `asn1:"set"`
	}
	digest := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	data := signedData{Version: 1, Digests: []pkix.AlgorithmIdentifier{digest}, Signers: []signerInfo{{
		1, issuerAndSerial{pkix.Name{CommonName: signer}.ToRDNSequence(), big.NewInt(key)}, digest, pkix.AlgorithmIdentifier{Algorithm: oidRSA}, value,
	}}}
	data.Content.Kind = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	inner, err := asn1.Marshal(data)
	if err != nil {
		panic(err)
	}
	b, err := asn1.Marshal(struct {
		Kind    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{oidSigned, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
	if err != nil {
		panic(err)
	}
	out := append(bytes.Clone(module), b...)
	out = append(out, 0, 0, 2, 0, 0, 0, 0, 0)
	out = binary.BigEndian.AppendUint32(out, uint32(len(b)))
	return append(out, "~Module signature appended~\n"...)
}
