package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"iocscan/ioc/match"
	"iocscan/scan"
)

// HumanOptions are the choices of the report for people.
type HumanOptions struct {
	Color   bool // the caller knows whether the writer is a terminal and what the user wants
	Width   int  // columns at which prose is broken; 0: not at all
	Quiet   bool // only the findings and the last line
	Verbose bool // every field of an object, every list to its end
}

// Human is the report for people: who scans what, each match as a card as soon
// as it is found, and at the end the verdicts, what was not checked and why,
// and in the last line the result with the exit status. Lists are bounded and
// say how much they leave out; the JSON report has all of it.
func Human(w io.Writer, opt HumanOptions) scan.Sink {
	return &human{w: w, opt: opt, style: newStyles(w, opt.Color), cards: map[scan.IOCRef]int{}}
}

type human struct {
	w     io.Writer
	opt   HumanOptions
	style styles
	out   strings.Builder
	cards map[scan.IOCRef]int // matches shown so far
}

const (
	fullCards  = 10 // matches of an IOC that are shown in full
	maxList    = 20 // lines of a list
	maxReasons = 15 // reasons for which something was not checked
	maxTerms   = 6  // terms named with a reason
	maxFields  = 5  // values of a field
)

// limit is the length to which a list is shown.
func (h *human) limit(n, bound int) int {
	if h.opt.Verbose {
		return n
	}
	return min(n, bound)
}

// more says what a bounded list leaves out.
func (h *human) more(indent, n, shown int) {
	if n > shown {
		h.line(indent, h.style.faint.Render(fmt.Sprintf("and %d more; see the JSON report", n-shown)))
	}
}

// line writes a line as it is.
func (h *human) line(indent int, s string) {
	h.out.WriteString(strings.Repeat(" ", indent))
	h.out.WriteString(s)
	h.out.WriteByte('\n')
}

// prose writes a text behind a word, broken at the width and hanging.
func (h *human) prose(indent int, word string, width int, text string) {
	hang := indent + width
	columns := 0
	if h.opt.Width > 0 {
		columns = max(20, h.opt.Width-hang)
	}
	for i, l := range wrap(text, columns) {
		if i == 0 && word != "" {
			h.line(indent, h.style.faint.Render(pad(word, width))+l)
		} else {
			h.line(hang, l)
		}
	}
}

func (h *human) title(s string) {
	h.out.WriteByte('\n')
	h.line(0, h.style.title.Render(s))
}

// send writes what was gathered, in one call.
func (h *human) send() error {
	s := h.out.String()
	h.out.Reset()
	if s == "" {
		return nil
	}
	_, err := io.WriteString(h.w, s)
	return err
}

func (h *human) Begin(head *scan.Header) error {
	if h.opt.Quiet {
		return nil
	}
	const w = 12
	s := &head.Scan
	tool := shown(head.Tool.Name + " " + head.Tool.Version)
	h.line(0, h.style.title.Render(tool)+", "+shown(head.Tool.Platform))
	source := shown(s.Source.Kind)
	if s.Source.Path != "" {
		source += " " + shown(s.Source.Path)
	}
	h.prose(2, "source", w, source+", "+orNone(s.Source.Platform, "platform not known"))
	for _, n := range s.Source.Notes {
		h.prose(2, "", w, shown(n))
	}
	who := orNone(s.Host, "not known") + ", user " + orNone(s.User, "not known")
	switch {
	case s.Elevated:
		who += " (elevated)"
	case s.Source.Kind == "host":
		who += " (not elevated: part of the evidence may be unreadable)"
	}
	h.prose(2, "host", w, who)
	h.prose(2, "started", w, shown(s.Started))
	c := s.Collection
	h.prose(2, "indicators", w, fmt.Sprintf("%s: %d usable, %d rejected, %d excluded",
		count(c.Files, "IOC file", "IOC files"), c.Usable, c.Rejected, c.Excluded))
	if s.Interval != nil {
		h.prose(2, "interval", w, shown(s.Interval.From)+" to "+shown(s.Interval.To))
	}
	return h.send()
}

// Trouble waits for the summary: in between it would bury the findings.
func (h *human) Trouble(*scan.Trouble) error { return nil }

func (h *human) Match(m *scan.Match) error {
	h.cards[m.IOC]++
	head := h.style.alarm.Render("MATCH") + "  " + h.style.title.Render(iocName(m.IOC))
	if n := h.cards[m.IOC]; n > h.limit(n, fullCards) {
		h.brief(head, m)
		return h.send()
	}
	const w = 8
	h.out.WriteByte('\n')
	h.line(0, head)
	h.line(2, h.style.faint.Render(pad("file", w))+shown(m.IOC.File)+h.style.faint.Render("  id "+orNone(m.IOC.ID, "none")))
	h.prose(2, "because", w, shown(m.Text))
	for _, note := range m.Notes {
		h.prose(2, "note", w, shown(note))
	}
	for i := range m.Objects {
		h.object(&m.Objects[i])
	}
	if len(m.Objects) == 0 {
		h.line(2, h.style.faint.Render(pad("object", w))+"none: it matched because something is absent")
	}
	return h.send()
}

// brief names the objects of a match whose IOC has had its full cards.
func (h *human) brief(head string, m *scan.Match) {
	if h.cards[m.IOC] == fullCards+1 {
		h.out.WriteByte('\n')
	}
	var objects []string
	for i := range m.Objects {
		objects = append(objects, shown(m.Objects[i].Document)+" "+shown(m.Objects[i].Label))
	}
	if objects == nil {
		objects = []string{shown(m.Text)}
	}
	h.line(0, head+"  "+strings.Join(objects, "; "))
}

func (h *human) object(o *match.Object) {
	const w = 10
	h.line(2, h.style.faint.Render("object  ")+shown(o.Document)+"  "+h.style.title.Render(shown(o.Label)))
	for i := range o.Conditions {
		c := &o.Conditions[i]
		h.line(w, condition(c.Term, c.Condition, c.Negate, c.Content))
		if !c.Negate {
			h.line(w+2, h.style.faint.Render("found ")+quote(c.Value))
		}
	}
	if !h.opt.Verbose {
		return
	}
	for _, f := range o.Fields {
		for i, v := range f.Values {
			if i == maxFields {
				h.line(w, h.style.faint.Render(fmt.Sprintf("%s: and %d more; see the JSON report", shown(f.Term), len(f.Values)-i)))
				break
			}
			h.line(w, h.style.faint.Render(shown(f.Term)+" = ")+quote(v))
		}
	}
}

// condition is a condition in words.
func condition(term, test string, negate bool, content string) string {
	if negate {
		test = "not " + test
	}
	return shown(term) + " " + shown(test) + " " + quote(content)
}

func quote(s string) string { return `"` + shown(s) + `"` }

// iocName is the name of an IOC, or its file where it has none.
func iocName(ref scan.IOCRef) string {
	if strings.TrimSpace(ref.Name) == "" {
		return shown(ref.File)
	}
	return shown(ref.Name)
}

// count is a number with its noun.
func count[N int | uint64](n N, one, many string) string {
	return strconv.FormatUint(uint64(n), 10) + " " + noun(n, one, many)
}

func noun[N int | uint64](n N, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
