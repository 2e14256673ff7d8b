package scan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/document"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// allChannels is what --channels calls all of them.
const allChannels = "all"

// presetChannels are looked at in any case, the others where an IOC needs them:
// where a condition on an event log names their program, or asks for the
// event's data by name, as those programs write it, or for their event ids.
var (
	presetChannels     = []string{"Application", "System", "Security"}
	sysmonChannels     = []string{"Microsoft-Windows-Sysmon/Operational"}
	powerShellChannels = []string{"Windows PowerShell", "Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational"}
	powerShellEvents   = []string{"4100", "4101", "4102", "4103", "4104", "4105", "4106"}
)

// eventTerms finds the terms of EventLogItem that conditions use, and calls f
// for each condition.
func eventTerms(coll *ioc.Collection, f func(c *ioc.Condition)) []string {
	var terms []string
	seen := map[string]bool{}
	var walk func([]ioc.Node)
	walk = func(nodes []ioc.Node) {
		for _, n := range nodes {
			switch n := n.(type) {
			case *ioc.Indicator:
				walk(n.Children)
			case *ioc.Condition:
				if !ioc.EqualFold(n.Document(), "EventLogItem") {
					continue
				}
				if f != nil {
					f(n)
				}
				if key := ioc.Fold(n.Term); !seen[key] {
					seen[key] = true
					terms = append(terms, n.Term)
				}
			}
		}
	}
	for _, file := range coll.Files {
		if file.Status == ioc.Usable {
			walk(file.Criteria)
		}
	}
	return terms
}

// findEvents finds which event records are asked for.
func (p *Plan) findEvents() error {
	h := &p.cfg.Header.Scan
	o := &h.Options
	if o.Channels == nil {
		o.Channels = []string{}
	}
	e := &p.events
	e.Given = p.cfg.Logs
	e.SIDs = !slices.ContainsFunc(p.program.Contents("EventLogItem/user"), func(c string) bool {
		return !strings.HasPrefix(ioc.Fold(strings.TrimSpace(c)), "s-1-")
	})
	for _, bound := range []struct {
		option, text string
		from         bool
		ticks        *int64
		reported     *string
	}{{"--since", p.cfg.Since, true, &e.Since, &o.Since}, {"--until", p.cfg.Until, false, &e.Until, &o.Until}} {
		if bound.text == "" {
			continue
		}
		first, last, err := parseMoment(bound.text, p.zone())
		if err != nil {
			return &scope.UsageError{Option: bound.option, Value: bound.text, Err: err}
		}
		if *bound.ticks = last; bound.from {
			*bound.ticks = first
		}
		*bound.reported = ioc.TicksTime(*bound.ticks).Format(time.RFC3339Nano)
	}
	if e.Until != 0 && e.Since > e.Until {
		return &scope.UsageError{Option: "--until", Value: p.cfg.Until, Err: fmt.Errorf("before --since %s", p.cfg.Since)}
	}
	switch {
	case slices.ContainsFunc(o.Channels, func(c string) bool { return ioc.EqualFold(c, allChannels) }):
	case len(o.Channels) > 0:
		e.Channels = slices.Clone(o.Channels)
	case e.Given == nil:
		e.Channels, e.Prefixes = p.channels()
	}
	return nil
}

// channels are those that are looked at unless the user names some.
func (p *Plan) channels() (names, prefixes []string) {
	names = slices.Clone(presetChannels)
	for _, n := range p.program.Named("EventLogItem/log") {
		if n.Prefix {
			prefixes = append(prefixes, n.Content)
		} else {
			names = append(names, n.Content)
		}
	}
	sysmon, powerShell := false, false
	eventTerms(p.cfg.Collection, func(c *ioc.Condition) {
		content := ioc.Fold(c.Content)
		data := len(c.Term) > len(openEvents) && ioc.EqualFold(c.Term[:len(openEvents)], openEvents)
		sysmon = sysmon || data || strings.Contains(content, "sysmon")
		powerShell = powerShell || data || strings.Contains(content, "powershell") ||
			ioc.EqualFold(c.Term, "EventLogItem/EID") && slices.Contains(powerShellEvents, strings.TrimSpace(content))
	})
	if sysmon {
		names = append(names, sysmonChannels...)
	}
	if powerShell {
		names = append(names, powerShellChannels...)
	}
	return distinctFold(names), distinctFold(prefixes)
}

const openEvents = "EventLogItem/EventData/"

// distinctFold drops what is the same without regard to case.
func distinctFold(list []string) []string {
	var out []string
	for _, s := range list {
		if !containsFold(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// fillChannels writes the channels that are looked at into the report's header.
func (p *Plan) fillChannels() {
	sc := &p.cfg.Header.Scan.Scope
	sc.Channels = []string{}
	if p.runs("EventLogItem") {
		sc.Channels = append(sc.Channels, shownChannels(&p.events)...)
	}
	if slices.ContainsFunc(p.docs, func(d planned) bool {
		return d.logged() != nil && slices.Contains(document.NeedsOn(d.table, p.cfg.Source.Platform()), source.Logs)
	}) {
		sc.Channels = append(sc.Channels, shownChannels(&p.past)...)
	}
	if slices.Contains(sc.Channels, allChannels) {
		sc.Channels = []string{allChannels}
	}
	slices.Sort(sc.Channels)
	sc.Channels = append([]string{}, distinctFold(sc.Channels)...)
}

func shownChannels(e *document.Events) []string {
	out := slices.Clone(e.Channels)
	for _, n := range e.Prefixes {
		out = append(out, n+"…")
	}
	if len(out) == 0 {
		return []string{allChannels}
	}
	return out
}

// zone is that of dates and times on the command line that name none.
func (p *Plan) zone() *time.Location {
	if p.cfg.Source.Kind() == "host" {
		return time.Local
	}
	return time.UTC
}

// momentForms are ISO 8601 in the lengths that people type, and how long what
// they name is: 0 for what has a fraction.
var momentForms = []struct {
	layout string
	length time.Duration
}{
	{"2006-01-02", 0}, // to the next day, which may not be 24 hours away
	{"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15:04:05", time.Second},
}

// parseMoment reads a date or a time of the command line and returns the first
// and the last instant of it in ticks. Without a zone it is in the given one.
func parseMoment(s string, zone *time.Location) (first, last int64, err error) {
	text := strings.TrimSpace(s)
	if len(text) > 10 && (text[10] == ' ' || text[10] == 't') {
		text = text[:10] + "T" + text[11:]
	}
	for _, f := range momentForms {
		for _, tail := range []string{"", "Z07:00"} {
			t, err := time.ParseInLocation(f.layout+tail, text, zone)
			if err != nil || t.Year() < 1601 {
				continue
			}
			end := t.Add(f.length)
			switch {
			case f.length == 0:
				y, m, d := t.Date()
				if t.Hour() == 23 { // a midnight that clocks leave out is read as the hour before
					d++
				}
				t, end = startOfDay(y, m, d, t.Location()), startOfDay(y, m, d+1, t.Location())
			case t.Nanosecond() != 0: // the layout takes a fraction unasked
				end = t.Add(100)
			}
			return ioc.Ticks(t), ioc.Ticks(end) - 1, nil
		}
	}
	return 0, 0, fmt.Errorf("not a date or time such as 2024-05-31 or 2024-05-31T23:59:59Z")
}

// withTerms opens documents for the names that conditions ask for.
func withTerms(tables []document.Document, coll *ioc.Collection) []document.Document {
	var terms []string
	for i, t := range tables {
		if o, ok := t.(document.Opener); ok {
			if terms == nil {
				terms = eventTerms(coll, nil)
			}
			tables[i] = o.With(terms)
		}
	}
	return tables
}
