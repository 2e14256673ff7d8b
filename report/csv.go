package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"iocscan/scan"
)

// CSV is the table of RFC 4180 with one row for each condition that held on an
// object, written when the scan ends. match is the number of the match within
// its IOC file, from 1.
//
// A condition that no object holds (an absence) has a row with document and
// object empty; since a match tells only its id, content has the text of the
// matched branch. An object without conditions keeps a row of its own.
//
// Every cell goes through Escape; one that a spreadsheet would take for a
// formula begins with an apostrophe.
func CSV(w io.Writer) scan.Sink {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return csvSink{c}
}

type csvSink struct{ w *csv.Writer }

func (s csvSink) Begin(*scan.Header) error {
	return s.row("ioc_file", "ioc_id", "ioc_name", "match", "document", "object",
		"condition_id", "term", "condition", "negate", "content", "value")
}

func (csvSink) Match(*scan.Match) error     { return nil }
func (csvSink) Trouble(*scan.Trouble) error { return nil }

func (s csvSink) End(r *scan.Result) error {
	for i := range r.IOCs {
		if err := s.ioc(&r.IOCs[i]); err != nil {
			return err
		}
	}
	s.w.Flush()
	return s.w.Error()
}

func (s csvSink) ioc(ioc *scan.IOC) error {
	for i, m := range ioc.Matches {
		row := func(cells ...string) error {
			return s.row(append([]string{ioc.File, ioc.ID, ioc.Name, strconv.Itoa(i + 1)}, cells...)...)
		}
		var held []string
		for _, o := range m.Objects {
			if len(o.Conditions) == 0 {
				if err := row(o.Document, o.Label, "", "", "", "", "", ""); err != nil {
					return err
				}
			}
			for _, c := range o.Conditions {
				held = append(held, c.ID)
				if err := row(o.Document, o.Label, c.ID, c.Term, c.Condition, strconv.FormatBool(c.Negate), c.Content, c.Value); err != nil {
					return err
				}
			}
		}
		for _, id := range m.Conditions {
			if slices.Contains(held, id) {
				continue
			}
			// Only a negated condition holds without an object.
			if err := row("", "", id, "", "", "true", m.Text, ""); err != nil {
				return err
			}
		}
		if len(m.Objects) == 0 && len(m.Conditions) == 0 {
			if err := row("", "", "", "", "", "", m.Text, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s csvSink) row(cells ...string) error {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return s.w.Write(cells)
}

// formula begins a formula in some spreadsheet, the full-width forms in those
// that fold width (OWASP, CSV Injection).
const formula = "=+-@\t\r\n＝＋－＠"

func cell(s string) string {
	safe := Escape(s)
	// Some spreadsheets trim the blanks first.
	if strings.ContainsAny(firstRune(s), formula) || strings.ContainsAny(firstRune(strings.TrimLeftFunc(s, unicode.IsSpace)), formula) {
		return "'" + safe
	}
	return safe
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}
