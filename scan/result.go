package scan

import (
	"cmp"
	"context"
	"slices"
	"time"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

// Verdicts of IOC files that did not take part; the others are match.Verdict.
const (
	Rejected = "rejected"
	Excluded = "excluded"
)

// Exit statuses. They depend on the result alone, never on a format.
const (
	ExitClear      = 0 // nothing matched, and everything asked for was checked
	ExitMatched    = 1 // at least one IOC matched
	ExitError      = 2 // the scan could not be run; never in a result
	ExitIncomplete = 3 // nothing matched, but something was not checked
)

// result gathers the outcome when every document has been looked at.
func (r *run) result(ctx context.Context, started time.Time) *Result {
	res := &Result{Header: r.header, IOCs: []IOC{}, Documents: r.docs, Troubles: r.troubles.sorted()}
	finished := time.Now()
	stamp := finished.UTC().Format(time.RFC3339)
	res.Scan.Finished = &stamp
	switch {
	case ctx.Err() == nil:
		res.Scan.Status = StatusComplete
	case cause(ctx) == errTimeout:
		res.Scan.Status = StatusTimeout
	default:
		res.Scan.Status = StatusInterrupted
	}
	for i, f := range r.host.Results() {
		file := r.cfg.Collection.Files[i]
		res.IOCs = append(res.IOCs, newIOC(file, f, r.Problems(i)))
	}
	s := &res.Summary
	for i := range res.IOCs {
		s.count(res.IOCs[i].Verdict)
	}
	for _, d := range res.Documents {
		s.Objects += d.Scanned
	}
	if r.progress != nil {
		s.BytesRead = r.progress.Bytes()
	}
	s.Seconds = finished.Sub(started).Seconds()
	s.ExitStatus = exitStatus(res)
	return res
}

func (s *Summary) count(verdict string) {
	s.IOCs++
	switch verdict {
	case string(match.Matched):
		s.Matched++
	case string(match.Clear):
		s.Clear++
	case string(match.Undetermined):
		s.Undetermined++
	case Rejected:
		s.Rejected++
	case Excluded:
		s.Excluded++
	}
}

func exitStatus(r *Result) int {
	s := &r.Summary
	switch {
	case s.Matched > 0:
		return ExitMatched
	case r.Scan.Options.AcceptIncomplete:
		return ExitClear
	case s.Undetermined > 0 || s.Rejected > 0 || r.Scan.Status != StatusComplete ||
		slices.ContainsFunc(r.Troubles, func(t Trouble) bool { return t.Document == "" }): // of the evidence as a whole
		return ExitIncomplete
	}
	return ExitClear
}

// newIOC is the outcome of one IOC file.
func newIOC(f *ioc.File, r match.FileResult, problems []Problem) IOC {
	out := IOC{
		File: f.Path, SHA256: f.SHA256, ID: f.ID, Version: f.Version, Name: f.Name, Description: f.Description,
		Author: f.Author, Authored: f.Authored, Keywords: f.Keywords, Links: []Link{},
		Verdict: string(r.Verdict), MatchCount: r.Count, Matches: r.Matches, Unchecked: r.Unchecked, Problems: problems,
	}
	switch f.Status {
	case ioc.Rejected:
		out.Verdict = Rejected
	case ioc.Excluded:
		out.Verdict = Excluded
	}
	for _, l := range f.Links {
		out.Links = append(out.Links, Link{l.Rel, l.Href, l.Text})
	}
	if out.Keywords == nil {
		out.Keywords = []string{}
	}
	if out.Matches == nil {
		out.Matches = []match.Match{}
	}
	if out.Unchecked == nil {
		out.Unchecked = []match.Unchecked{}
	}
	return out
}

// problems are those of reading and of compiling a file, and the reason why it
// takes no part where no problem says so.
func problems(f *ioc.File, compiled []ioc.Problem) []Problem {
	all := slices.Concat(f.Problems, compiled)
	slices.SortStableFunc(all, func(a, b ioc.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	out := []Problem{}
	worst := ioc.Notice
	for _, p := range all {
		worst = max(worst, p.Severity)
		out = append(out, Problem{p.Severity.String(), int(p.Line), int(p.Column), p.Rule, p.Text, p.Hint})
	}
	switch {
	case f.Status == ioc.Excluded:
		out = append(out, Problem{Severity: ioc.Notice.String(), Rule: Excluded, Text: f.Reason})
	case f.Status == ioc.Rejected && worst < ioc.Error:
		out = append(out, Problem{Severity: ioc.Error.String(), Rule: Rejected, Text: f.Reason})
	}
	return out
}
