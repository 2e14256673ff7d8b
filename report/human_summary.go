package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"iocscan/scan"

	"github.com/charmbracelet/lipgloss"
)

func (h *human) End(r *scan.Result) error {
	if !h.opt.Quiet {
		h.verdicts(r)
		h.matched(r)
		h.undetermined(r)
		h.unchecked(r)
		h.unused(r, "rejected", "Rejected: these files were not searched for")
		h.unused(r, "excluded", "Excluded by the user")
		h.documents(r)
		h.scope(&r.Scan.Scope)
		h.troubles(r)
		h.problems(r)
	}
	h.lastLine(r)
	return h.send()
}

func (h *human) verdicts(r *scan.Result) {
	s := &r.Summary
	h.title("Summary")
	for _, v := range []struct {
		n     int
		word  string
		style lipgloss.Style
		means string
	}{
		{s.Matched, "matched", h.style.alarm, "found, shown above"},
		{s.Undetermined, "undetermined", h.style.warn, "no match, but not everything that could match was checked"},
		{s.Clear, "clear", h.style.good, "checked to the end, no match"},
		{s.Rejected, "rejected", h.style.warn, "could not be used"},
		{s.Excluded, "excluded", h.style.faint, "left out by the user"},
	} {
		line := fmt.Sprintf("%6d  ", v.n) + pad(v.word, 14)
		if v.n > 0 {
			line = v.style.Render(line)
		}
		h.line(0, line+h.style.faint.Render(v.means))
	}
	h.line(0, fmt.Sprintf("%6d  %s, %s looked at, %s read in %s s", s.IOCs,
		noun(s.IOCs, "IOC file", "IOC files"),
		count(s.Objects, "object", "objects"), size(s.BytesRead), strconv.FormatFloat(s.Seconds, 'f', 1, 64)))
	if n := r.Scan.Collection.Usable + r.Scan.Collection.Rejected + r.Scan.Collection.Excluded - s.IOCs; n > 0 {
		h.line(0, h.style.warn.Render(fmt.Sprintf("%6d  IOC files of the collection have no verdict: the report ends before it", n)))
	}
}

func withVerdict(r *scan.Result, verdict string) []*scan.IOC {
	var out []*scan.IOC
	for i := range r.IOCs {
		if r.IOCs[i].Verdict == verdict {
			out = append(out, &r.IOCs[i])
		}
	}
	return out
}

// list writes a titled, bounded table of IOC files: name, what the function
// says, file.
func (h *human) list(iocs []*scan.IOC, title string, say func(*scan.IOC) string) {
	if len(iocs) == 0 {
		return
	}
	h.title(title)
	n := h.limit(len(iocs), maxList)
	var rows [][]string
	for _, ioc := range iocs[:n] {
		rows = append(rows, []string{iocName(scan.IOCRef{File: ioc.File, Name: ioc.Name}), say(ioc), shown(ioc.File)})
	}
	h.table(rows)
	h.more(2, len(iocs), n)
}

// table writes rows with aligned columns, the last one loose.
func (h *human) table(rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], min(lipgloss.Width(c), 40))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, c := range row {
			if i < len(row)-1 {
				c = pad(c, widths[i]) + "  "
			}
			line.WriteString(c)
		}
		h.line(2, strings.TrimRight(line.String(), " "))
	}
}

func (h *human) matched(r *scan.Result) {
	h.list(withVerdict(r, "matched"), "Matched", func(ioc *scan.IOC) string {
		s := count(ioc.MatchCount, "match", "matches")
		if n := uint64(len(ioc.Matches)); n < ioc.MatchCount {
			s += fmt.Sprintf(" (%d listed)", n)
		}
		return s
	})
}

func (h *human) undetermined(r *scan.Result) {
	h.list(withVerdict(r, "undetermined"), "Undetermined: no match, but not everything could be checked", func(ioc *scan.IOC) string {
		return count(len(ioc.Unchecked), "condition", "conditions") + " not checked"
	})
}

// A cause of conditions that were not checked.
type unchecked struct {
	reason     string
	conditions int
	iocs       int
	last       *scan.IOC // to count each file once
	terms      map[string]int
}

// unchecked says why conditions were not checked: each reason once, the one
// that concerns most conditions first.
func (h *human) unchecked(r *scan.Result) {
	byReason := map[string]*unchecked{}
	conditions, iocs := 0, 0
	for i := range r.IOCs {
		ioc := &r.IOCs[i]
		if len(ioc.Unchecked) > 0 {
			iocs++
		}
		for _, u := range ioc.Unchecked {
			g := byReason[u.Reason]
			if g == nil {
				g = &unchecked{reason: u.Reason, terms: map[string]int{}}
				byReason[u.Reason] = g
			}
			conditions++
			g.conditions++
			g.terms[u.Term]++
			if g.last != ioc {
				g.last = ioc
				g.iocs++
			}
		}
	}
	if conditions == 0 {
		return
	}
	groups := make([]*unchecked, 0, len(byReason))
	for _, g := range byReason {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *unchecked) int {
		return cmp.Or(cmp.Compare(b.conditions, a.conditions), cmp.Compare(a.reason, b.reason))
	})
	h.title(fmt.Sprintf("Not checked: %s in %s", count(conditions, "condition", "conditions"), count(iocs, "IOC file", "IOC files")))
	n := h.limit(len(groups), maxReasons)
	for _, g := range groups[:n] {
		h.prose(0, fmt.Sprintf("%6d", g.conditions), 8, orNone(g.reason, "no reason given"))
		h.prose(8, "", 0, h.terms(g.terms)+", in "+count(g.iocs, "IOC file", "IOC files"))
	}
	h.more(2, len(groups), n)
}

// terms lists the terms that come most often.
func (h *human) terms(counts map[string]int) string {
	names := make([]string, 0, len(counts))
	for t := range counts {
		names = append(names, t)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	n := h.limit(len(names), maxTerms)
	out := make([]string, n)
	for i, t := range names[:n] {
		out[i] = orNone(t, "no term")
	}
	s := strings.Join(out, ", ")
	if n < len(names) {
		s += fmt.Sprintf(" and %d more terms", len(names)-n)
	}
	return s
}

// unused lists the files that took no part, with the first reason each gives.
func (h *human) unused(r *scan.Result, verdict, title string) {
	iocs := withVerdict(r, verdict)
	if len(iocs) == 0 {
		return
	}
	h.title(title)
	n := h.limit(len(iocs), maxList)
	for _, ioc := range iocs[:n] {
		h.line(2, shown(ioc.File))
		if p := worst(ioc.Problems); p != nil {
			h.prose(6, "", 0, problem(p))
		}
	}
	h.more(2, len(iocs), n)
}

// worst is the first of the gravest problems.
func worst(problems []scan.Problem) *scan.Problem {
	for _, severity := range []string{"error", "warning", "notice"} {
		for i := range problems {
			if problems[i].Severity == severity {
				return &problems[i]
			}
		}
	}
	return nil
}

func problem(p *scan.Problem) string {
	s := shown(p.Text)
	if p.Line > 0 {
		s = fmt.Sprintf("line %d: %s", p.Line, s)
	}
	if p.Hint != "" {
		s += " (" + shown(p.Hint) + ")"
	}
	return s
}

func (h *human) documents(r *scan.Result) {
	if len(r.Documents) == 0 {
		return
	}
	h.title("Documents")
	rows := [][]string{{"name", "status", "scanned", "matched", "reason"}}
	for _, d := range r.Documents {
		rows = append(rows, []string{shown(d.Name), shown(d.Status), strconv.FormatUint(d.Scanned, 10),
			strconv.FormatUint(d.Matched, 10), shown(d.Reason)})
	}
	h.table(rows)
	for _, d := range r.Documents {
		for _, n := range d.Notes {
			h.prose(2, "", 0, shown(d.Name)+": "+shown(n))
		}
	}
}

func (h *human) scope(s *scan.Scope) {
	var left []string
	for _, l := range s.LeftOut {
		left = append(left, shown(l.Path)+": "+shown(l.Reason))
	}
	for _, part := range []struct {
		title string
		lines []string
	}{
		{"Areas: clear is said within these", shownAll(s.Areas)},
		{"Channels of event logs: clear is said within these", shownAll(s.Channels)},
		{"Keys of the registry: clear is said within these", shownAll(s.Keys)},
		{"Looked at beyond them because IOC files name them", shownAll(s.Named)},
		{"Excluded paths", shownAll(s.Exclude)},
		{"Left out", left},
	} {
		if len(part.lines) == 0 {
			continue
		}
		h.title(part.title)
		n := h.limit(len(part.lines), maxList)
		for _, l := range part.lines[:n] {
			h.line(2, l)
		}
		h.more(2, len(part.lines), n)
	}
}

func shownAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = shown(s)
	}
	return out
}

func (h *human) troubles(r *scan.Result) {
	if len(r.Troubles) == 0 {
		return
	}
	h.title("Troubles: " + count(len(r.Troubles), "thing", "things") + " could not be read or done")
	n := h.limit(len(r.Troubles), maxList)
	for _, t := range r.Troubles[:n] {
		h.line(2, orNone(t.Document, "scan")+"  "+shown(t.Object))
		h.prose(6, "", 0, shown(t.Error))
	}
	h.more(2, len(r.Troubles), n)
}

// problems counts what is odd in the files that were used; those of the others
// are told above.
func (h *human) problems(r *scan.Result) {
	errors, warnings, files := 0, 0, 0
	for i := range r.IOCs {
		ioc := &r.IOCs[i]
		if ioc.Verdict == "rejected" || ioc.Verdict == "excluded" {
			continue
		}
		before := errors + warnings
		for _, p := range ioc.Problems {
			switch p.Severity {
			case "error":
				errors++
			case "warning":
				warnings++
			}
		}
		if errors+warnings > before {
			files++
		}
	}
	if files == 0 {
		return
	}
	h.title("Problems in IOC files")
	h.line(2, fmt.Sprintf("%s and %s in %s; the JSON report lists them", count(errors, "error", "errors"),
		count(warnings, "warning", "warnings"), count(files, "usable file", "usable files")))
}

// lastLine is the result in words.
func (h *human) lastLine(r *scan.Result) {
	s := &r.Summary
	open := s.Undetermined > 0 || s.Rejected > 0 || r.Scan.Status != "complete"
	var words, meaning string
	style := h.style.good
	switch {
	case s.Matched > 0:
		words, meaning, style = fmt.Sprintf("%d of %s matched", s.Matched, count(s.IOCs, "IOC file", "IOC files")), "at least one IOC matched", h.style.alarm
	case open || s.ExitStatus == 3:
		words, meaning, style = "nothing matched, but not everything was checked", "incomplete", h.style.warn
	default:
		words, meaning = "nothing matched, and everything asked for was checked", "clear"
	}
	if s.Matched > 0 && s.Undetermined > 0 {
		words += fmt.Sprintf(", %d undetermined", s.Undetermined)
	}
	switch r.Scan.Status {
	case "timeout":
		words += "; the time limit ended the scan"
	case "interrupted":
		words += "; the scan was interrupted"
	}
	if s.ExitStatus == 0 && meaning == "incomplete" {
		meaning = "incomplete, which was accepted"
	}
	if !h.opt.Quiet || len(h.cards) > 0 {
		h.out.WriteByte('\n')
	}
	h.line(0, style.Render("Result: "+words+".")+fmt.Sprintf(" Exit status %d: %s.", s.ExitStatus, meaning))
}

// size is a number of bytes as people say it.
func size(n uint64) string {
	if n < 1024 {
		return count(n, "byte", "bytes")
	}
	f, unit := float64(n), 0
	for f >= 1024 && unit < 5 {
		f, unit = f/1024, unit+1
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + []string{"", "KiB", "MiB", "GiB", "TiB", "PiB"}[unit]
}
