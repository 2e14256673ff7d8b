// Package modinfo reads what a kernel module of Linux says of itself: the
// section .modinfo of its ELF file, texts of the form name=value that NULs end
// (include/linux/moduleparam.h), and the signature that may be appended to the
// file (scripts/sign-file.c).
package modinfo

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Info is what a module says, by name and in the order of the file. Names such
// as alias and parm occur more than once.
type Info struct {
	tags []tag
	Signature
	SignatureErr error // there is a signature that cannot be read
}

type tag struct{ name, value string }

// A Signature is appended to a module. All texts are empty where there is none.
type Signature struct {
	Signer string // common name of who signed
	Key    string // serial number of the key, as XX:XX
	Hash   string // such as sha256
	Value  string // as XX:XX
}

// All are the values of a name.
func (i *Info) All(name string) (values []string) {
	for _, t := range i.tags {
		if t.name == name {
			values = append(values, t.value)
		}
	}
	return values
}

const (
	mostInfo = 4 << 20 // bytes of the section
	mostTags = 1 << 16
)

// errNone answers a file that is no module.
var errNone = errors.New("no kernel module: no section .modinfo")

// Read reads a module of so many bytes.
func Read(r io.ReaderAt, size int64) (info *Info, err error) {
	defer func() { // of the library
		if p := recover(); p != nil {
			info, err = nil, fmt.Errorf("the ELF file is damaged: %v", p)
		}
	}()
	f, err := elf.NewFile(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	s := f.Section(".modinfo")
	if s == nil {
		return nil, errNone
	}
	if s.Type == elf.SHT_NOBITS || s.Flags&elf.SHF_COMPRESSED != 0 || s.FileSize > mostInfo {
		return nil, fmt.Errorf("a section .modinfo of %d bytes with the flags %v", s.FileSize, s.Flags)
	}
	b := make([]byte, min(int64(s.FileSize), max(size, 0)))
	if n, err := s.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("section .modinfo: %w", err)
	}
	if uint64(len(b)) < s.FileSize {
		return nil, errors.New("section .modinfo: it ends behind the file")
	}
	info = &Info{}
	for len(b) > 0 {
		text, rest, _ := bytes.Cut(b, []byte{0})
		b = rest
		if name, value, ok := strings.Cut(string(text), "="); ok {
			if len(info.tags) >= mostTags {
				return nil, fmt.Errorf("more than %d texts", mostTags)
			}
			info.tags = append(info.tags, tag{name, value})
		}
	}
	info.Signature, info.SignatureErr = signature(r, size)
	return info, nil
}
