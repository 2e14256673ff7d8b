package match

import (
	"bytes"
	"io"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"iocscan/ioc"
)

// A contentIndex tests the strings of a content without listing them. The
// content's blocks go once through one multi-pattern matcher that holds every
// literal in its single-byte and its UTF-16LE form. That settles Contains in
// plain ASCII; everything else it only narrows down, and the few candidates
// are then asked of the content itself.
type contentIndex struct {
	doc    *docProgram
	field  int
	grams  *grams
	lits   []contentTest
	always []predID               // nothing narrows these down
	raw    map[predID]bytePattern // those over raw bytes
}

type contentTest struct {
	pred    predID
	settled bool // that the literal occurs is the answer
}

func newContentIndex(d *docProgram, ids []predID) *contentIndex {
	x := &contentIndex{doc: d, field: int(d.preds[ids[0]].field), raw: map[predID]bytePattern{}}
	var texts []string
	var tests []int32
	for _, id := range ids {
		p := d.preds[id].pattern
		if p.Test == ioc.Matches && p.Regex().NamesBytes() {
			b := newBytePattern(p)
			x.raw[id] = b
			if b.lits == nil || shortest(b.lits) < shortestBytes {
				x.always = append(x.always, id)
				continue
			}
			for _, lit := range b.lits {
				texts, tests = append(texts, lit), append(tests, int32(len(x.lits)))
				x.lits = append(x.lits, contentTest{id, b.whole})
			}
			continue
		}
		forms, settled := contentLiterals(p)
		if forms == nil {
			x.always = append(x.always, id)
			continue
		}
		for _, f := range forms {
			texts = append(texts, f, widen(f))
			tests = append(tests, int32(len(x.lits)), int32(len(x.lits)))
			x.lits = append(x.lits, contentTest{id, settled})
		}
	}
	if len(texts) > 0 {
		x.grams = newGrams(texts, tests)
	}
	return x
}

// contentLiterals are folded ASCII texts of which one must occur in a content
// that passes; nil where there are none.
func contentLiterals(p *ioc.Pattern) (forms []string, settled bool) {
	if p.Numeral() {
		return nil, false
	}
	var set []string
	if p.Test == ioc.Matches {
		set = requiredLiterals(p.Regex().Source)
	} else {
		for _, t := range p.Texts() {
			set = append(set, foldedText(p, t))
		}
		if p.Test == ioc.Contains && !p.Case && isASCII(set[0]) {
			return set, true
		}
	}
	for _, t := range set {
		part := longestASCII(t)
		if len(part) < shortestUsual && len(part) < len(t) || part == "" {
			return nil, false
		}
		forms = append(forms, part)
	}
	return forms, false
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// longestASCII is the longest part of a folded text that folding leaves alone
// in raw bytes. The letters k and s are also the folded forms of letters
// beyond ASCII, but those do not occur in the strings looked for.
func longestASCII(s string) string {
	best := ""
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] < utf8.RuneSelf {
			j++
		}
		if j-i > len(best) {
			best = s[i:j]
		}
		i = j + 1
	}
	return best
}

// widen writes ASCII as UTF-16LE.
func widen(s string) string {
	b := make([]byte, 0, 2*len(s))
	for i := 0; i < len(s); i++ {
		b = append(b, s[i], 0)
	}
	return string(b)
}

// A contentSearch is the state of one content on its way through the index.
type contentSearch struct {
	index *contentIndex
	seen  []uint32 // by literal: the generation it was last seen in
	gen   uint32
	found []int32 // literals seen in this content
	tail  []byte  // folded end of the last block
	buf   []byte
}

func newContentSearch(x *contentIndex) *contentSearch {
	return &contentSearch{index: x, seen: make([]uint32, len(x.lits))}
}

func (s *contentSearch) reset() {
	s.gen++
	s.found, s.tail = s.found[:0], s.tail[:0]
}

// block takes the next piece of the content. Literals across the border are
// found because the end of the last piece is put before it.
func (s *contentSearch) block(b []byte) {
	g := s.index.grams
	if g == nil {
		return
	}
	s.buf = append(append(s.buf[:0], s.tail...), b...)
	fresh := s.buf[len(s.tail):]
	for i, c := range fresh {
		fresh[i] = lowerByte[c]
	}
	g.find(s.buf, func(lit int32, _ int) {
		if s.seen[lit] != s.gen {
			s.seen[lit] = s.gen
			s.found = append(s.found, lit)
		}
	})
	keep := min(g.longest-1, len(s.buf))
	s.tail = append(s.tail[:0], s.buf[len(s.buf)-keep:]...)
}

// finish asks the content what the blocks left open and reports what passes.
func (s *contentSearch) finish(it ContentItem, hit func(predID, ioc.Truth)) error {
	open := append([]predID(nil), s.index.always...)
	for _, lit := range s.found {
		t := s.index.lits[lit]
		if t.settled {
			hit(t.pred, ioc.True)
		} else {
			open = append(open, t.pred)
		}
	}
	slices.Sort(open)
	var runs, raw []predID
	for _, id := range slices.Compact(open) {
		p := s.index.doc.preds[id].pattern
		var t ioc.Truth
		var err error
		switch {
		case p.Test == ioc.Contains:
			t, err = containsRaw(it, p)
		case p.Test == ioc.Matches && p.Regex().NamesBytes():
			raw = append(raw, id)
			continue
		default:
			runs = append(runs, id)
			continue
		}
		if err != nil {
			return err
		}
		if t != ioc.False {
			hit(id, t)
		}
	}
	if len(raw) > 0 {
		if err := askBytes(it, s.index.doc, raw, s.index.raw, hit); err != nil {
			return err
		}
	}
	return s.askRuns(it, runs, hit)
}

// shortestBytes: a single byte is in every content.
const shortestBytes = 2

// askRuns asks patterns of each string of the content.
func (s *contentSearch) askRuns(it ContentItem, ids []predID, hit func(predID, ioc.Truth)) error {
	if len(ids) == 0 {
		return nil
	}
	unknown := map[predID]bool{}
	err := it.Each(s.index.field, func(v ioc.Value) bool {
		rest := ids[:0]
		for _, id := range ids {
			switch s.index.doc.preds[id].pattern.Match(v) {
			case ioc.True:
				hit(id, ioc.True)
				continue
			case ioc.Unknown:
				unknown[id] = true
			}
			rest = append(rest, id)
		}
		ids = rest
		return len(ids) > 0
	})
	for _, id := range ids {
		if unknown[id] {
			hit(id, ioc.Unknown)
		}
	}
	return err
}

// rawWindow is how much content is held to answer a test on raw bytes.
const rawWindow = 1 << 20

// containsRaw looks for a text in the content read as UTF-8 and as UTF-16LE at
// both alignments, folded unless the pattern keeps case.
func containsRaw(it ContentItem, p *ioc.Pattern) (ioc.Truth, error) {
	text := []byte(p.Text())
	overlap := 4*len(text) + 8
	size := it.Size()
	buf := make([]byte, min(size, int64(rawWindow+overlap)))
	var scratch []byte
	for off := int64(0); off < size; off += rawWindow {
		n, err := it.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		if err != nil && err != io.EOF {
			return ioc.Unknown, err
		}
		b := buf[:n]
		for _, view := range [][]byte{b, decodeWide(b, 0), decodeWide(b, 1)} {
			if !p.Case {
				scratch = ioc.AppendFold(scratch[:0], string(view))
				view = scratch
			}
			if bytes.Contains(view, text) {
				return ioc.True, nil
			}
		}
	}
	return ioc.False, nil
}

func decodeWide(b []byte, from int) []byte {
	out := make([]byte, 0, len(b))
	for i := from; i+1 < len(b); i += 2 {
		r := rune(b[i]) | rune(b[i+1])<<8
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			if c := utf16.DecodeRune(r, rune(b[i+2])|rune(b[i+3])<<8); c != utf8.RuneError {
				r, i = c, i+2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}
