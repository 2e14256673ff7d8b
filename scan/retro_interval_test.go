package scan

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // Windows has no such files

	"iocscan/ioc"
	"iocscan/scan/document"
)

func TestParseInterval(t *testing.T) {
	at := func(s string) time.Time {
		m, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	now := at("2024-03-31T13:00:00Z")
	for _, c := range []struct {
		text, zone string
		from, next string // next is the first second that is not of the interval
	}{
		{"2024-05-01..2024-05-02", "UTC", "2024-05-01T00:00:00Z", "2024-05-03T00:00:00Z"},
		{" 2024-05-01 .. 2024-05-01 ", "UTC", "2024-05-01T00:00:00Z", "2024-05-02T00:00:00Z"},
		{"2024-05-01T10:00:00Z..2024-05-01T10:00:00Z", "Asia/Tokyo", "2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z"},
		{"2024-05-01T10:00:00+02:00..2024-05-01", "Asia/Tokyo", "2024-05-01T08:00:00Z", "2024-05-01T15:00:00Z"},
		{"2024-05-01 10:00..2024-05-01T10:01", "UTC", "2024-05-01T10:00:00Z", "2024-05-01T10:02:00Z"},
		{"2023-12-31..2024-01-01", "Asia/Kolkata", "2023-12-30T18:30:00Z", "2024-01-01T18:30:00Z"},
		// A day of 23 hours and one of 25.
		{"2024-03-31..2024-03-31", "Europe/Berlin", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"},
		{"2024-10-27..2024-10-27", "Europe/Berlin", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"},
		// A day that begins at one, and one at whose end an hour comes twice.
		{"2018-11-04..2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},
		{"2018-11-03..2018-11-03", "America/Sao_Paulo", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z"},
		{"2018-02-17..2018-02-17", "America/Sao_Paulo", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"},
		// A day that was left out.
		{"2011-12-29..2011-12-31", "Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"},
		{"default", "UTC", "2024-03-30T00:00:00Z", "2024-04-01T00:00:00Z"},
		{"DEFAULT", "Europe/Berlin", "2024-03-29T23:00:00Z", "2024-03-31T22:00:00Z"},
		{"default", "Pacific/Auckland", "2024-03-30T11:00:00Z", "2024-04-01T11:00:00Z"}, // there it is the first of April
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseInterval(strings.TrimSpace(c.text), now.In(zone), zone)
		if err != nil {
			t.Errorf("%s in %s: %v", c.text, c.zone, err)
			continue
		}
		from, next := ioc.Ticks(at(c.from)), ioc.Ticks(at(c.next))
		if got.from != from || got.to != next-1 {
			t.Errorf("%s in %s: %s to %s, want %s to %s", c.text, c.zone, ioc.TicksTime(got.from), ioc.TicksTime(got.to), c.from, c.next)
		}
		if got.has(from-1) || !got.has(from) || !got.has(next-1) || got.has(next) {
			t.Errorf("%s in %s: the ends are not exact", c.text, c.zone)
		}
		if last := at(c.next).Add(-time.Second).Format(time.RFC3339); moment(got.to) != last {
			t.Errorf("%s in %s: reported to %s, want %s", c.text, c.zone, moment(got.to), last)
		}
	}
	for text, want := range map[string]string{
		"2024-05-01": "not an interval", "..": "not an interval", "2024-05-01..": "not an interval", "..2024-05-01": "not an interval",
		"2024-05-01..31": "not an interval", "x..y": "not an interval", "2024-05-02..2024-05-01": "ends before it begins",
		"2024-02-30..2024-03-01": "not an interval", "2024-05-01..2024-05-02..2024-05-03": "not an interval",
	} {
		if i, err := parseInterval(text, now, time.UTC); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", text, i, err, want)
		}
	}
}

// What a memory of some span says of the interval [100, 200].
func TestMemoryParts(t *testing.T) {
	const all, late = "covers the interval", "does not cover the whole interval"
	span := func(first, last int64) document.Span { return document.Span{First: first * 1e7, Last: last * 1e7} }
	for _, c := range []struct {
		name  string
		now   int64
		every bool
		spans map[string]document.Span
		why   string            // why the listing is not complete
		parts map[string]string // beginnings, by origin
	}{
		{"all of it", 0, false, map[string]document.Span{"a": span(50, 250)}, "", map[string]string{"a": all}},
		{"to the ends", 0, false, map[string]document.Span{"a": span(100, 201)}, "", map[string]string{"a": all}},
		{"overwritten", 0, false, map[string]document.Span{"a": span(101, 250)}, "nothing covers", map[string]string{"a": "covers the interval from 1601-01-01T00:01:41Z"}},
		{"taken too early", 0, false, map[string]document.Span{"a": span(50, 150)}, "nothing covers", map[string]string{"a": "covers the interval to 1601-01-01T00:02:30Z"}},
		{"inside", 0, false, map[string]document.Span{"a": span(120, 150)}, "nothing covers", map[string]string{"a": "covers the interval from 1601-01-01T00:02:00Z to 1601-01-01T00:02:30Z"}},
		{"before", 0, false, map[string]document.Span{"a": span(20, 50)}, "nothing covers", map[string]string{"a": "ends before the interval"}},
		{"behind", 0, false, map[string]document.Span{"a": span(300, 400)}, "nothing covers", map[string]string{"a": "begins after the interval"}},
		{"nothing", 0, false, nil, "no record of any time", nil},
		{"a quiet log beside another", 0, false, map[string]document.Span{"a": span(50, 60), "b": span(150, 300)}, "", map[string]string{"a": all, "b": "covers the interval from"}},
		{"one of several, where each counts", 0, true, map[string]document.Span{"a": span(50, 60), "b": span(150, 300)}, "b " + late, map[string]string{"a": all, "b": "covers the interval from"}},
		{"a quiet log of a running host", 180, false, map[string]document.Span{"a": span(50, 60)}, "", map[string]string{"a": all}},
		{"an overwritten log of a running host", 500, false, map[string]document.Span{"a": span(150, 400)}, "nothing covers", map[string]string{"a": "covers the interval from"}},
	} {
		m := &memory{interval: &interval{100 * 1e7, 201*1e7 - 1, c.now * 1e7}, spans: map[string]*document.Span{}, in: 1}
		m.Every = c.every
		if c.spans == nil {
			c.spans = map[string]document.Span{}
		}
		l := document.Listing{Complete: true, Full: true, Spans: c.spans}
		m.conclude(&l)
		if l.Complete != (c.why == "") || !strings.Contains(l.Why, c.why) || l.Full != l.Complete {
			t.Errorf("%s: %+v", c.name, l)
		}
		if len(l.Notes) != len(c.parts) {
			t.Errorf("%s: %q", c.name, l.Notes)
		}
		for _, n := range l.Notes {
			origin, said, _ := strings.Cut(n, ": ")
			_, part, _ := strings.Cut(said, ", ")
			if want := c.parts[origin]; !strings.HasPrefix(part, want) || want == all && part != all {
				t.Errorf("%s: %q, want %q", c.name, n, want)
			}
		}
	}
}
