package regf

import "fmt"

// A Type says what the data of a value is meant to be. Nothing enforces it.
type Type uint32

// Types of the Windows registry (winnt.h).
const (
	None         Type = 0
	SZ           Type = 1
	ExpandSZ     Type = 2
	Binary       Type = 3
	DWORD        Type = 4
	DWORDBE      Type = 5
	Link         Type = 6
	MultiSZ      Type = 7
	ResourceList Type = 8
	FullResource Type = 9
	Requirements Type = 10
	QWORD        Type = 11
)

var typeNames = [...]string{
	None:         "REG_NONE",
	SZ:           "REG_SZ",
	ExpandSZ:     "REG_EXPAND_SZ",
	Binary:       "REG_BINARY",
	DWORD:        "REG_DWORD",
	DWORDBE:      "REG_DWORD_BIG_ENDIAN",
	Link:         "REG_LINK",
	MultiSZ:      "REG_MULTI_SZ",
	ResourceList: "REG_RESOURCE_LIST",
	FullResource: "REG_FULL_RESOURCE_DESCRIPTOR",
	Requirements: "REG_RESOURCE_REQUIREMENTS_LIST",
	QWORD:        "REG_QWORD",
}

// String is the name in winnt.h, or the number as 0x%08X where there is none
// (SAM and device properties use types of their own).
func (t Type) String() string {
	if int64(t) < int64(len(typeNames)) {
		return typeNames[t]
	}
	return fmt.Sprintf("0x%08X", uint32(t))
}
