// Package evtx reads Windows XML event logs value by value: it compiles the
// templates of a chunk once and then points at the values of each record,
// which become text only when somebody asks for it.
//
// A [File] finds the chunks of a log, trusting no count of any header. A
// [Reader] decodes one chunk after the other and hands out a [Record] at a
// time; it holds all its memory, is not safe for concurrent use, and one per
// worker is the way to use several processors ([File.Each] does). A [Whole]
// gives a complete record as ordered JSON and is meant for the few that
// matter.
//
// The format is described in the libevtx documentation "Windows XML Event Log
// (EVTX)" and in [MS-EVEN6] section 2.2.12 (BinXml); where both are silent or
// wrong, comments say what real logs hold.
//
// Input is taken as hostile: every reference is checked, and each chunk has a
// budget of steps, so that time and memory per chunk are bounded.
package evtx

import "errors"

// ChunkSize is the size of a chunk in bytes. Offsets inside it fit 17 bits.
const ChunkSize = 65536

const (
	fileHeaderSize  = 4096
	chunkHeaderSize = 512 // records begin here
	recordHeadSize  = 24
	recordMagic     = 0x00002a2a
	minRecord       = recordHeadSize + 4 // the size is repeated behind the record
)

// Bounds on one chunk. Real logs stay below a twentieth of each.
const (
	maxSteps     = 300_000 // tokens, items and 32-byte pieces of values
	maxDepth     = 12      // BinXML inside values
	maxOpen      = 64      // elements open at once
	maxFields    = 16_384  // fields of a record
	maxValues    = 8_192   // values of a template instance
	maxTemplates = 4_096   // compiled templates of a chunk
	maxElems     = 65_000  // elements of a template; their number has 16 bits
	maxNames     = 65_536  // distinct names, cut back between chunks
	maxNameBytes = 8 << 20
)

// ErrFormat means that a file is no event log.
var ErrFormat = errors.New("not an event log")

var (
	errBad    = errors.New("invalid binary XML")
	errBudget = errors.New("binary XML exceeds the limits of a chunk")
	errNoTmpl = errors.New("template definition is damaged")
)
