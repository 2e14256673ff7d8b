package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"iocscan/ioc/match"
	"iocscan/scan"
)

// A stream is what is known of a JSONL report so far.
type stream struct {
	sink    scan.Sink
	layout  layout
	head    *scan.Header
	matches []scan.Match
	claimed []bool // by an ioc line
	result  scan.Result
	ended   bool // the summary was there
}

func replayStream(r *bufio.Reader, sink scan.Sink) error {
	s := stream{sink: sink, layout: layout{}}
	s.result.Troubles = []scan.Trouble{}
	for number := 1; ; number++ {
		line, err := readLine(r)
		if err != nil && err != io.EOF {
			return fmt.Errorf("line %d: %w", number, err)
		}
		torn := err == io.EOF
		if len(bytes.TrimSpace(line)) > 0 {
			tell, err := s.line(line)
			switch {
			case err != nil && torn && s.head != nil && !s.ended:
				// The writer was stopped in the middle of its last line.
			case err != nil:
				return fmt.Errorf("line %d: %w", number, err)
			case tell != nil:
				if err := tell(); err != nil {
					return err
				}
			}
		}
		if torn {
			break
		}
	}
	if s.head == nil {
		return errors.New("line 1: no header")
	}
	if !s.ended {
		s.interrupted()
	}
	s.result.Troubles = sortTroubles(s.result.Troubles)
	return sink.End(&s.result)
}

// sortTroubles puts them into the order of a result.
func sortTroubles(troubles []scan.Trouble) []scan.Trouble {
	slices.SortFunc(troubles, func(a, b scan.Trouble) int {
		return cmp.Or(strings.Compare(a.Document, b.Document), strings.Compare(a.Object, b.Object), strings.Compare(a.Error, b.Error))
	})
	return troubles
}

// readLine reads a line without its line feed. io.EOF says that it had none.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("longer than %d MiB", maxLine>>20)
		case err == nil:
			return line[:len(line)-1], nil
		case err != bufio.ErrBufferFull:
			return line, err
		}
	}
}

// line takes one line in. What it returns tells the sink of it; an error of
// that is the sink's own.
func (s *stream) line(text []byte) (func() error, error) {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, err
	}
	switch {
	case s.ended:
		return nil, errors.New("something follows the summary")
	case s.head == nil && kind.Type != headerType:
		return nil, fmt.Errorf("a line of type %.40q before the header", kind.Type)
	}
	read := func(line any) error {
		d := newDecoder(bytes.NewReader(text))
		d.layout = s.layout
		if err := d.value(reflect.ValueOf(line).Elem()); err != nil {
			return fmt.Errorf("%s: %w", kind.Type, err)
		}
		return d.end()
	}
	switch kind.Type {
	case headerType:
		var l headerLine
		if err := read(&l); err != nil {
			return nil, err
		}
		if err := checkSchema(l.Schema); err != nil {
			return nil, err
		}
		first := s.head == nil
		if !first && l.Scan.Started != s.head.Scan.Started {
			return nil, errors.New("the header of another scan")
		}
		s.head, s.result.Header = &l.Header, l.Header
		if first {
			return func() error { return s.sink.Begin(&l.Header) }, nil
		}
	case matchType:
		var l matchLine
		if err := read(&l); err != nil {
			return nil, err
		}
		s.matches, s.claimed = append(s.matches, l.Match), append(s.claimed, false)
		return func() error { return s.sink.Match(&l.Match) }, nil
	case troubleType:
		var l troubleLine
		if err := read(&l); err != nil {
			return nil, err
		}
		s.result.Troubles = append(s.result.Troubles, l.Trouble)
		return func() error { return s.sink.Trouble(&l.Trouble) }, nil
	case iocType:
		var l iocLine
		if err := read(&l); err != nil {
			return nil, err
		}
		return nil, s.ioc(&l)
	case documentType:
		var l documentLine
		if err := read(&l); err != nil {
			return nil, err
		}
		s.result.Documents = append(s.result.Documents, l.Document)
	case summaryType:
		var l summaryLine
		if err := read(&l); err != nil {
			return nil, err
		}
		s.result.Scan.Finished, s.result.Scan.Status, s.result.Summary = l.Finished, l.Status, l.Summary
		s.ended = true
	default:
		return nil, fmt.Errorf("unknown type %.40q", kind.Type)
	}
	return nil, nil
}

// ioc puts an IOC together with its matches.
func (s *stream) ioc(l *iocLine) error {
	ref := scan.IOCRef{File: l.File, ID: l.ID, Name: l.Name}
	l.Matches = make([]match.Match, 0, min(len(l.MatchLines), len(s.matches)))
	for _, n := range l.MatchLines {
		if n < 1 || n > len(s.matches) || s.claimed[n-1] || s.matches[n-1].IOC != ref {
			return fmt.Errorf("ioc: match line %d is not one of this IOC", n)
		}
		s.claimed[n-1] = true
		l.Matches = append(l.Matches, s.matches[n-1].Match)
	}
	s.result.IOCs = append(s.result.IOCs, l.IOC)
	return nil
}

// interrupted rebuilds what a stream without its end leaves unsaid.
func (s *stream) interrupted() {
	r := &s.result
	r.Scan.Finished, r.Scan.Status = nil, "interrupted"
	known := map[scan.IOCRef]bool{}
	for i := range r.IOCs {
		known[scan.IOCRef{File: r.IOCs[i].File, ID: r.IOCs[i].ID, Name: r.IOCs[i].Name}] = true
	}
	at := map[scan.IOCRef]int{}
	for i, m := range s.matches {
		if s.claimed[i] || known[m.IOC] {
			continue
		}
		n, ok := at[m.IOC]
		if !ok {
			n = len(r.IOCs)
			at[m.IOC] = n
			r.IOCs = append(r.IOCs, scan.IOC{File: m.IOC.File, ID: m.IOC.ID, Name: m.IOC.Name, Verdict: string(match.Matched)})
		}
		r.IOCs[n].Matches = append(r.IOCs[n].Matches, m.Match)
		r.IOCs[n].MatchCount++
	}
	for _, n := range at {
		slices.SortStableFunc(r.IOCs[n].Matches, byLabels)
	}
	slices.SortStableFunc(r.IOCs, func(a, b scan.IOC) int { return strings.Compare(a.File, b.File) })
	r.Summary = summary(r.IOCs)
}

func byLabels(a, b match.Match) int {
	return cmp.Or(slices.CompareFunc(a.Objects, b.Objects, func(a, b match.Object) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Document, b.Document))
	}), strings.Compare(a.Text, b.Text))
}

// summary is the summary of the IOCs of an interrupted scan.
func summary(iocs []scan.IOC) scan.Summary {
	s := scan.Summary{IOCs: len(iocs), ExitStatus: 3}
	for i := range iocs {
		switch iocs[i].Verdict {
		case "matched":
			s.Matched++
			s.ExitStatus = 1
		case "clear":
			s.Clear++
		case "undetermined":
			s.Undetermined++
		case "rejected":
			s.Rejected++
		case "excluded":
			s.Excluded++
		}
	}
	return s
}
