package msgtable

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A Table is a message table.
type Table struct {
	b      []byte
	blocks []block // by number, none within another
}

// A block has the texts of consecutive numbers.
type block struct {
	low     uint32
	entries []uint32 // offsets
}

// A Message is a text with its insertions.
type Message struct {
	Text string
	// Approximate: the text is in a code page that the table does not name,
	// and letters beyond ASCII may be others.
	Approximate bool
}

const (
	blockSize = 12
	entryHead = 4

	// mostEntries is several times what the largest known table has: one text
	// for each number of 16 bits.
	mostEntries = 1 << 18
)

// The flags of an entry say how its text is encoded; neither of these is the
// code page of the system that the table was made for.
const (
	encodedWide = 1
	encodedUTF8 = 2
)

// ParseTable reads the resource RT_MESSAGETABLE, which it keeps. The error comes
// beside what could be read.
func ParseTable(b []byte) (*Table, error) {
	t := &Table{b: b}
	head, err := part(b, 0, 4)
	if err != nil {
		return t, fmt.Errorf("message table: %w", err)
	}
	left := mostEntries
	for i := range uint64(le.Uint32(head)) {
		h, err := part(b, 4+blockSize*i, blockSize)
		if err == nil {
			err = t.block(le.Uint32(h), le.Uint32(h[4:]), uint64(le.Uint32(h[8:])), &left)
		}
		if err != nil {
			return t.sorted(fmt.Errorf("message table: block %d: %w", i, err))
		}
	}
	return t.sorted(nil)
}

// sorted puts the blocks in order, which the compiler does and nothing demands.
func (t *Table) sorted(err error) (*Table, error) {
	slices.SortStableFunc(t.blocks, func(a, b block) int { return cmp.Compare(a.low, b.low) })
	for i := 1; i < len(t.blocks); i++ {
		if before := t.blocks[i-1]; t.blocks[i].low-before.low < uint32(len(before.entries)) {
			t.blocks = t.blocks[:i]
			if err == nil {
				err = fmt.Errorf("message table: %w", damaged("two blocks have the number %d", t.blocks[i-1].low))
			}
			break
		}
	}
	return t, err
}

func (t *Table) block(low, high uint32, at uint64, left *int) error {
	if high < low {
		return damaged("the numbers %d to %d", low, high)
	}
	blk := block{low: low}
	defer func() {
		if len(blk.entries) > 0 {
			t.blocks = append(t.blocks, blk)
		}
	}()
	for range uint64(high-low) + 1 {
		h, err := part(t.b, at, entryHead)
		if err != nil {
			return err
		}
		n := uint64(le.Uint16(h))
		if _, err := part(t.b, at, n); err != nil || n < entryHead {
			return damaged("a text of %d bytes at 0x%x", n, at)
		}
		if *left--; *left < 0 {
			return ErrTooMuch
		}
		blk.entries = append(blk.entries, uint32(at))
		at += n
	}
	return nil
}

// Message finds a text by its number.
func (t *Table) Message(id uint32) (m Message, ok bool) {
	i, exact := slices.BinarySearchFunc(t.blocks, id, func(b block, id uint32) int { return cmp.Compare(b.low, id) })
	if !exact {
		i--
	}
	if i < 0 || id-t.blocks[i].low >= uint32(len(t.blocks[i].entries)) {
		return Message{}, false
	}
	at := t.blocks[i].entries[id-t.blocks[i].low]
	n := uint32(le.Uint16(t.b[at:]))
	return decode(le.Uint16(t.b[at+2:]), t.b[at+entryHead:at+n]), true
}

func decode(encoded uint16, b []byte) Message {
	if encoded == encodedWide {
		u := make([]uint16, 0, len(b)/2)
		for ; len(b) >= 2 && le.Uint16(b) != 0; b = b[2:] {
			u = append(u, le.Uint16(b))
		}
		return Message{Text: string(utf16.Decode(u))}
	}
	if n := bytes.IndexByte(b, 0); n >= 0 {
		b = b[:n]
	}
	ascii := !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
	if ascii || encoded == encodedUTF8 {
		return Message{Text: string(bytes.ToValidUTF8(b, []byte(string(utf8.RuneError))))}
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		text = bytes.ToValidUTF8(b, []byte(string(utf8.RuneError)))
	}
	return Message{Text: string(text), Approximate: true}
}
