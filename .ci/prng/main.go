// Command prng writes the bcryptprimitives.dll that Wine 8 has not got and
// without which no Go program starts there: a library without code, whose only
// export, ProcessPrng, is forwarded to RtlGenRandom.
//
//	go run ./.ci/prng FILE
//
// The shape of the file is that of Microsoft's PE format specification,
// sections "File Headers" and "The .edata Section".
package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"os"
)

const (
	fileAlignment    = 0x200
	sectionAlignment = 0x1000
	sectionAddress   = sectionAlignment // the first page is that of the headers
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: prng FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], library(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "prng:", err)
		os.Exit(1)
	}
}

// exportDirectory is the table that begins .edata, and the three tables of one
// entry each that it points to.
type exportDirectory struct {
	Characteristics, TimeDateStamp, Version              uint32
	Name, OrdinalBase, Functions, Names                  uint32
	AddressOfFunctions, AddressOfNames, AddressOfOrdinal uint32

	Function uint32 // an address within .edata forwards: it is that of "library.function"
	NameOf   uint32
	Ordinal  uint16
}

func exports() []byte {
	var d exportDirectory
	at := func(offset int) uint32 { return sectionAddress + uint32(offset) }
	tables := binary.Size(d) - 10
	var names bytes.Buffer
	name := func(s string) uint32 {
		address := at(binary.Size(d) + names.Len())
		names.WriteString(s + "\x00")
		return address
	}
	d.Name = name("bcryptprimitives.dll")
	d.OrdinalBase, d.Functions, d.Names = 1, 1, 1
	d.AddressOfFunctions, d.AddressOfNames, d.AddressOfOrdinal = at(tables), at(tables+4), at(tables+8)
	d.NameOf = name("ProcessPrng")
	d.Function = name("advapi32.SystemFunction036") // RtlGenRandom
	var b bytes.Buffer
	write(&b, d)
	b.Write(names.Bytes())
	return b.Bytes()
}

func library() []byte {
	edata := exports()
	stored := uint32(fileAlignment) // the table is far smaller

	var b bytes.Buffer
	dos := [64]byte{'M', 'Z', 60: 64} // at 60: where the PE header begins
	b.Write(dos[:])
	b.WriteString("PE\x00\x00")
	header := pe.OptionalHeader64{
		Magic:                 0x20b,
		SizeOfInitializedData: stored,
		ImageBase:             0x180000000,
		SectionAlignment:      sectionAlignment, FileAlignment: fileAlignment,
		MajorOperatingSystemVersion: 6, MajorSubsystemVersion: 6,
		SizeOfImage: sectionAddress + sectionAlignment, SizeOfHeaders: fileAlignment,
		Subsystem:          pe.IMAGE_SUBSYSTEM_WINDOWS_CUI,
		SizeOfStackReserve: 0x1000, SizeOfStackCommit: 0x1000,
		SizeOfHeapReserve: 0x1000, SizeOfHeapCommit: 0x1000,
		NumberOfRvaAndSizes: 16,
	}
	header.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT] = pe.DataDirectory{
		VirtualAddress: sectionAddress, Size: uint32(len(edata)),
	}
	write(&b, pe.FileHeader{
		Machine: pe.IMAGE_FILE_MACHINE_AMD64, NumberOfSections: 1,
		SizeOfOptionalHeader: uint16(binary.Size(header)),
		Characteristics:      pe.IMAGE_FILE_EXECUTABLE_IMAGE | pe.IMAGE_FILE_LARGE_ADDRESS_AWARE | pe.IMAGE_FILE_DLL,
	})
	write(&b, header)
	write(&b, pe.SectionHeader32{
		Name:        [8]uint8{'.', 'e', 'd', 'a', 't', 'a'},
		VirtualSize: uint32(len(edata)), VirtualAddress: sectionAddress,
		SizeOfRawData: stored, PointerToRawData: fileAlignment,
		Characteristics: pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ,
	})
	b.Write(make([]byte, fileAlignment-b.Len()))
	b.Write(edata)
	b.Write(make([]byte, 2*fileAlignment-b.Len()))
	return b.Bytes()
}

// write cannot fail: the values have a fixed size and the buffer grows.
func write(b *bytes.Buffer, v any) { _ = binary.Write(b, binary.LittleEndian, v) }
