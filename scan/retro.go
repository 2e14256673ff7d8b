package scan

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/scope"
)

// An interval is what a retrospective scan looks back on, in ticks, both ends
// included.
type interval struct {
	from, to int64
	now      int64 // the end of all that the running host can remember; 0: the evidence is not this host
}

func (i *interval) has(at int64) bool { return i.from <= at && at <= i.to }

// retroDefault is the interval from the beginning of yesterday to the end of
// today.
const retroDefault = "default"

var errInterval = errors.New("not an interval such as 2024-05-30..2024-05-31, or default")

// findInterval reads --retro. Dates and times without a zone are those of the
// host that is scanned, of other evidence UTC; what is today, the host that
// scans says.
func (p *Plan) findInterval() error {
	text := strings.TrimSpace(p.cfg.Retro)
	if text == "" {
		return nil
	}
	usage := func(err error) error { return &scope.UsageError{Option: "--retro", Value: p.cfg.Retro, Err: err} }
	if p.cfg.Since+p.cfg.Until != "" {
		return usage(errors.New("an interval goes without --since and --until"))
	}
	now := time.Now()
	i, err := parseInterval(text, now, p.zone())
	if err != nil {
		return usage(err)
	}
	if p.cfg.Source.Kind() == "host" {
		i.now = ioc.Ticks(now)
	}
	p.interval = &i
	p.cfg.Header.Scan.Interval = &Interval{From: moment(i.from), To: moment(i.to)}
	return nil
}

// moment is an instant for the report: whole seconds, which both ends have but
// for fractions that somebody typed.
func moment(ticks int64) string {
	t := ioc.TicksTime(ticks)
	if t.Nanosecond() == 999999900 { // the last tick of a second stands for it
		t = t.Truncate(time.Second)
	}
	return t.Format(time.RFC3339Nano)
}

func parseInterval(text string, now time.Time, zone *time.Location) (i interval, err error) {
	if ioc.EqualFold(text, retroDefault) {
		y, m, d := now.Date()
		i.from = ioc.Ticks(startOfDay(y, m, d-1, now.Location()))
		i.to = ioc.Ticks(startOfDay(y, m, d+1, now.Location())) - 1
		return i, nil
	}
	from, to, two := strings.Cut(text, "..")
	if !two {
		return i, errInterval
	}
	if i.from, _, err = parseMoment(from, zone); err != nil {
		return i, fmt.Errorf("%w: %q is %w", errInterval, from, err)
	}
	if _, i.to, err = parseMoment(to, zone); err != nil {
		return i, fmt.Errorf("%w: %q is %w", errInterval, to, err)
	}
	if i.to < i.from {
		return i, errors.New("the interval ends before it begins")
	}
	return i, nil
}

// startOfDay is the first instant of a day. It need not be midnight: where
// clocks are put forward at midnight the day begins at one.
func startOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	noon := time.Date(year, month, day, 12, 0, 0, 0, zone)
	year, month, day = noon.Date()
	before, after := 18*60*60, 0 // seconds before noon: of the day before, of the day
	for before-after > 1 {
		mid := (before + after) / 2
		if y, m, d := noon.Add(-time.Duration(mid) * time.Second).Date(); y == year && m == month && d == day {
			after = mid
		} else {
			before = mid
		}
	}
	return noon.Add(-time.Duration(after) * time.Second)
}
