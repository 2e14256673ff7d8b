package ioc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Bounds on one document. The largest published IOC has some 1,000 items and
// Indicators nested seven deep.
const (
	maxIndicatorDepth = 256
	maxDepth          = maxIndicatorDepth + 16
	maxElements       = 1 << 20
	maxNodes          = 1 << 17
	maxAttributes     = 64
)

// A reader gives the tokens of one document within bounds. All its errors are
// rejections with a place.
type reader struct {
	dec      *xml.Decoder
	cursor   cursor
	offset   int // where the last token begins
	depth    int
	elements int
}

func newReader(text []byte) *reader {
	d := xml.NewDecoder(bytes.NewReader(text))
	// The text is UTF-8 already. A declaration further down is refused when
	// its token arrives; its encoding must not keep it from arriving.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return &reader{dec: d, cursor: cursor{text: text}}
}

// at is the place where the last token begins.
func (r *reader) at() Pos { return r.cursor.pos(r.offset) }

// atText is the place of the first character of the last token, a text, that is
// no blank.
func (r *reader) atText() Pos { return r.cursor.pos(skipBlanks(r.cursor.text, r.offset)) }

// here is the place where the last token ends.
func (r *reader) here() Pos { return r.cursor.pos(int(r.dec.InputOffset())) }

// next is the next token, nil at the end of the file. It is valid until the
// following call.
func (r *reader) next() (xml.Token, error) {
	r.offset = int(r.dec.InputOffset())
	tok, err := r.dec.Token()
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, r.malformed(err)
	}
	switch t := tok.(type) {
	case xml.StartElement:
		r.depth++
		r.elements++
		if r.depth > maxDepth {
			return nil, rejected(r.at(), "limit", "", "elements nested deeper than %d", maxDepth)
		}
		if r.elements > maxElements {
			return nil, rejected(r.at(), "limit", "", "more than %d elements", maxElements)
		}
		if len(t.Attr) > maxAttributes {
			return nil, rejected(r.at(), "limit", "", "element %s has more than %d attributes", quote(t.Name.Local), maxAttributes)
		}
		for i := range t.Attr {
			for j := range i {
				if t.Attr[i].Name == t.Attr[j].Name {
					return nil, rejected(r.at(), "attribute-repeated", "", "element %s has the attribute %s twice", quote(t.Name.Local), quote(t.Attr[i].Name.Local))
				}
			}
		}
	case xml.EndElement:
		r.depth--
	case xml.ProcInst:
		if strings.EqualFold(t.Target, "xml") {
			return nil, rejected(r.at(), "trailing", "keep one document per file", "an XML declaration inside the document")
		}
	}
	return tok, nil
}

// malformed explains an error of the XML reader.
func (r *reader) malformed(err error) *rejection {
	msg := err.Error()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		msg = syntax.Msg
	}
	hint := ""
	switch {
	case strings.Contains(msg, "character entity"):
		hint = "write & as &amp;; entities of a document type declaration are never expanded"
	case strings.Contains(msg, "unexpected EOF"):
		hint = "the file is cut short"
	}
	return rejected(r.here(), "xml", hint, "not well-formed XML: %s", clip(msg, 200))
}

// skip reads the element whose start was the last token to its end.
func (r *reader) skip() error {
	for depth := 1; depth > 0; {
		tok, err := r.next()
		if err != nil {
			return err
		}
		switch tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// content reads the element whose start was the last token to its end and
// returns its text appended to buf, with that of elements inside it; nested
// says that there are such.
func (r *reader) content(buf []byte) (text []byte, nested bool, err error) {
	for depth := 1; ; {
		tok, err := r.next()
		if err != nil {
			return nil, false, err
		}
		switch t := tok.(type) {
		case xml.CharData:
			buf = append(buf, t...)
		case xml.StartElement:
			depth++
			nested = true
		case xml.EndElement:
			if depth--; depth == 0 {
				return buf, nested, nil
			}
		}
	}
}
