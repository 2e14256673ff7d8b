package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"iocscan/report"
	"iocscan/scan"
	"iocscan/scan/scope"
)

// A planReport is what --plan says: what would be read, and what nothing could
// answer.
type planReport struct {
	Schema    string          `json:"schema"` // iocscan.plan/1
	Source    scan.Source     `json:"source"`
	Documents []scan.Document `json:"documents"` // status is empty for those that would be read
	Scope     scan.Scope      `json:"scope"`
	Drives    string          `json:"drives"`
	Keys      []string        `json:"keys"`
	Named     []planName      `json:"named"` // every path that an IOC names outright, and what became of it
	Gaps      []planGap       `json:"gaps"`
	IOCs      scan.Counts     `json:"iocs"`
	Rejected  []planFile      `json:"rejected"`
}

type planName struct {
	Path    string `json:"path"`
	Prefix  bool   `json:"prefix"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
}

type planGap struct {
	File        string `json:"file"`
	ConditionID string `json:"condition_id"`
	Term        string `json:"term"`
	Content     string `json:"content"`
	Reason      string `json:"reason"`
}

type planFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

func (a *app) printPlan(p *scan.Plan, format string) error {
	h := p.Header()
	r := planReport{
		Schema: "iocscan.plan/1", Source: h.Scan.Source, Documents: p.Documents(), Scope: h.Scan.Scope,
		Drives: h.Scan.Options.Drives, Keys: h.Scan.Options.Keys, IOCs: h.Scan.Collection,
		Named: []planName{}, Gaps: []planGap{}, Rejected: []planFile{},
	}
	for _, t := range p.Scope.Targets {
		n := planName{Path: t.Name.Path, Prefix: t.Name.Prefix, Outcome: t.Outcome.String()}
		if t.Err != nil {
			n.Reason = t.Err.Error()
		}
		r.Named = append(r.Named, n)
	}
	for _, g := range p.Gaps {
		r.Gaps = append(r.Gaps, planGap{g.File.Path, g.Condition.ID, g.Condition.Term, g.Condition.Content, g.Reason})
	}
	for _, f := range p.Rejected() {
		r.Rejected = append(r.Rejected, planFile{f.Path, f.Reason})
	}
	switch f, err := report.ParseFormat(format); {
	case err != nil:
		return fmt.Errorf("--format: %w", err)
	case f == report.FormatJSON || f == report.FormatJSONL:
		enc := json.NewEncoder(a.stdout)
		enc.SetEscapeHTML(false)
		if f == report.FormatJSON {
			enc.SetIndent("", "  ")
		}
		return enc.Encode(r)
	case f == report.FormatCSV:
		return fmt.Errorf("--plan has no CSV form; human or json")
	}
	_, err := a.stdout.Write([]byte(r.text()))
	return err
}

// text is the plan for people.
func (r *planReport) text() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	place := "this host"
	if r.Source.Kind != "host" {
		place = r.Source.Kind + " " + report.Escape(r.Source.Path)
	}
	system := r.Source.Platform
	if system == "" {
		system = "unknown system"
	}
	say("Source: %s (%s)", place, system)
	for _, n := range r.Source.Notes {
		say("  note: %s", report.Escape(n))
	}
	say("IOC files: %d usable, %d rejected, %d excluded", r.IOCs.Usable, r.IOCs.Rejected, r.IOCs.Excluded)
	for _, f := range r.Rejected {
		say("  rejected  %s: %s", report.Escape(f.File), report.Escape(f.Reason))
	}
	say("Documents:")
	for _, d := range r.Documents {
		what := "would be read"
		if d.Status != "" {
			what = d.Status + ": " + d.Reason
		}
		say("  %-24s %s", d.Name, what)
	}
	if len(r.Scope.Areas)+len(r.Named) > 0 {
		say("Areas for files (--drives %s):", r.Drives)
		for _, p := range r.Scope.Areas {
			say("  %s", report.Escape(p))
		}
		r.names(say)
		for _, x := range r.Scope.Exclude {
			say("  not       %s (--exclude)", report.Escape(x))
		}
		for _, l := range r.Scope.LeftOut {
			say("  left out  %s: %s", report.Escape(l.Path), report.Escape(l.Reason))
		}
	}
	if len(r.Scope.Keys) > 0 {
		say("Keys of the registry (--keys %s):", report.Escape(strings.Join(r.Keys, ", ")))
		for _, k := range r.Scope.Keys {
			say("  %s", report.Escape(k))
		}
	}
	if len(r.Scope.Channels) > 0 {
		say("Channels of event logs:")
		for _, c := range r.Scope.Channels {
			say("  %s", report.Escape(c))
		}
	}
	if len(r.Gaps) > 0 {
		say("Conditions that nothing answers: %d", len(r.Gaps))
		for _, g := range r.Gaps {
			say("  %s: %s %q: %s", report.Escape(g.File), report.Escape(g.Term), report.Escape(g.Content), report.Escape(g.Reason))
		}
	}
	return b.String()
}

func (r *planReport) names(say func(string, ...any)) {
	for _, n := range r.Named {
		prefix := ""
		if n.Prefix {
			prefix = "…"
		}
		why := n.Outcome
		if n.Outcome == scope.Looked.String() {
			why = "named by an IOC"
		}
		if n.Reason != "" {
			why += ": " + n.Reason
		}
		say("  %s%s: %s", report.Escape(n.Path), prefix, report.Escape(why))
	}
}
