package report

import (
	"crypto/sha256"
	"io"
	"reflect"

	"iocscan/scan"
)

// JSONL is the stream: one JSON object a line, written in one call as it
// happens, so that whatever was found before a kill or a crash is on disk. The
// lines are
//
//	header    schema, tool, scan as known at the start; once more at the end if
//	          more of it became known
//	match     ioc {file, id, name} and the match
//	trouble   as in the JSON report
//	ioc       an element of iocs; in place of matches it has match_lines, the
//	          numbers of its match lines (the first one is 1) in the order of
//	          the JSON report
//	document  as in the JSON report
//	summary   finished, status and the summary; always last
//
// The JSON report of the run can be rebuilt from it to the byte, see Replay.
func JSONL(w io.Writer) scan.Sink {
	return &jsonlSink{w: w, layout: layout{}, matches: map[digest][]int{}, troubles: map[digest]int{}}
}

// The lines of a stream. Each has its type first and then what is said in the
// words of package scan.
type (
	headerLine struct {
		Type string `json:"type"`
		scan.Header
	}
	matchLine struct {
		Type string `json:"type"`
		scan.Match
	}
	troubleLine struct {
		Type string `json:"type"`
		scan.Trouble
	}
	iocLine struct {
		Type string `json:"type"`
		scan.IOC
		MatchLines []int `json:"match_lines" instead:"matches"`
	}
	documentLine struct {
		Type string `json:"type"`
		scan.Document
	}
	summaryLine struct {
		Type     string  `json:"type"`
		Finished *string `json:"finished"`
		Status   string  `json:"status"`
		scan.Summary
	}
)

const (
	headerType   = "header"
	matchType    = "match"
	troubleType  = "trouble"
	iocType      = "ioc"
	documentType = "document"
	summaryType  = "summary"
)

type digest [sha256.Size]byte

type jsonlSink struct {
	w      io.Writer
	buf    []byte
	layout layout

	header   digest
	lines    int              // match lines written
	matches  map[digest][]int // the numbers of the lines not yet claimed by an IOC
	troubles map[digest]int   // lines written, by content
}

// encode makes a line of its own in s.buf, with the line feed.
func (s *jsonlSink) encode(line any) digest {
	e := encoder{buf: s.buf[:0], layout: s.layout}
	e.value(reflect.ValueOf(line))
	s.buf = append(e.buf, '\n')
	return sha256.Sum256(s.buf)
}

func (s *jsonlSink) write() error {
	_, err := s.w.Write(s.buf)
	if cap(s.buf) > 1<<20 {
		s.buf = nil
	}
	return err
}

func (s *jsonlSink) Begin(h *scan.Header) error {
	s.header = s.encode(headerLine{headerType, *h})
	return s.write()
}

func (s *jsonlSink) Match(m *scan.Match) error {
	sum := s.encode(matchLine{matchType, *m})
	s.lines++
	s.matches[sum] = append(s.matches[sum], s.lines)
	return s.write()
}

func (s *jsonlSink) Trouble(t *scan.Trouble) error {
	s.troubles[s.encode(troubleLine{troubleType, *t})]++
	return s.write()
}

func (s *jsonlSink) End(r *scan.Result) error {
	if s.encode(headerLine{headerType, beginning(r.Header)}) != s.header {
		if err := s.write(); err != nil {
			return err
		}
	}
	for i := range r.Troubles {
		if err := s.told(&r.Troubles[i]); err != nil {
			return err
		}
	}
	for i := range r.IOCs {
		if err := s.ioc(&r.IOCs[i]); err != nil {
			return err
		}
	}
	for i := range r.Documents {
		s.encode(documentLine{documentType, r.Documents[i]})
		if err := s.write(); err != nil {
			return err
		}
	}
	s.encode(summaryLine{summaryType, r.Scan.Finished, r.Scan.Status, r.Summary})
	return s.write()
}

// told writes a trouble of the result unless the stream has it already.
func (s *jsonlSink) told(t *scan.Trouble) error {
	sum := s.encode(troubleLine{troubleType, *t})
	if s.troubles[sum] > 0 {
		s.troubles[sum]--
		return nil
	}
	return s.write()
}

// ioc writes the line of an IOC, after those of its matches that the stream
// does not have in this form yet.
func (s *jsonlSink) ioc(ioc *scan.IOC) error {
	ref := scan.IOCRef{File: ioc.File, ID: ioc.ID, Name: ioc.Name}
	line := iocLine{Type: iocType, IOC: *ioc, MatchLines: make([]int, len(ioc.Matches))}
	for i := range ioc.Matches {
		m := matchLine{matchType, scan.Match{IOC: ref, Match: ioc.Matches[i]}}
		sum := s.encode(m)
		if len(s.matches[sum]) == 0 {
			if err := s.Match(&m.Match); err != nil {
				return err
			}
		}
		line.MatchLines[i] = s.matches[sum][0]
		s.matches[sum] = s.matches[sum][1:]
	}
	s.encode(line)
	return s.write()
}

// beginning is a header as it is before the scan.
func beginning(h scan.Header) scan.Header {
	h.Scan.Finished, h.Scan.Status = nil, ""
	return h
}
