package modinfo_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/modinfo"
	"iocscan/scan/internal/modinfo/modinfotest"
)

func read(b []byte) (*modinfo.Info, error) {
	return modinfo.Read(bytes.NewReader(b), int64(len(b)))
}

var plain = modinfotest.Module("license=GPL", "alias=pci:v1", "alias=pci:v2", "depends=a,b", "intree=Y", "nothing", "vermagic=6.1.0 SMP ")

func TestRead(t *testing.T) {
	i, err := read(plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"license": {"GPL"}, "alias": {"pci:v1", "pci:v2"}, "vermagic": {"6.1.0 SMP "}, "nothing": nil, "parm": nil} {
		if got := i.All(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if i.Signature != (modinfo.Signature{}) || i.SignatureErr != nil {
		t.Errorf("%+v", i.Signature)
	}
}

func TestSignature(t *testing.T) {
	i, err := read(modinfotest.Signed(plain, "Example signing key", 0x12ab, []byte{1, 0xfe}))
	if want := (modinfo.Signature{Signer: "Example signing key", Key: "12:AB", Hash: "sha256", Value: "01:FE"}); err != nil || i.Signature != want {
		t.Errorf("%+v, %v", i, err)
	}
	old := append(bytes.Clone(plain), "NAMEKEYSIG\x01\x04\x01\x04\x03\x00\x00\x00\x00\x00\x00\x03~Module signature appended~\n"...)
	i, err = read(old)
	if want := (modinfo.Signature{Signer: "NAME", Key: "4B:45:59", Hash: "sha256", Value: "53:49:47"}); err != nil || i.Signature != want {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestDamage(t *testing.T) {
	signed := modinfotest.Signed(plain, "x", 1, []byte{1})
	far := bytes.Clone(plain)
	far[64+bytes.Index(far[64:], []byte("\x01\x00\x00\x00\x01\x00\x00\x00"))+32+2] = 0x7f // the size of the section
	endless := bytes.Clone(signed)
	copy(endless[len(endless)-32:], "\xff\xff\xff\xff")
	broken := bytes.Clone(signed)
	broken[len(plain)] ^= 0x55
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"nothing":          {nil, ""},
		"text":             {[]byte("#!/bin/sh\n"), ""},
		"no section":       {bytes.Replace(plain, []byte(".modinfo"), []byte(".modinf2"), 1), "no kernel module"},
		"a large section":  {far, "section"},
		"a long signature": {endless, "a signature of 4294967295 bytes"},
		"no PKCS #7":       {broken, "signature: "},
	} {
		i, err := read(c.b)
		if err == nil {
			err = i.SignatureErr
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(plain)
	f.Add(modinfotest.Signed(plain, "x", 1, []byte{1}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := read(b)
		if err != nil {
			if strings.Contains(err.Error(), "is damaged") {
				t.Log(err)
			}
			return
		}
		n := 0
		for _, s := range i.All("alias") {
			n += len(s)
		}
		if n > len(b) {
			t.Errorf("%d bytes of texts in %d", n, len(b))
		}
	})
}
