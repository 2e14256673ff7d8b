package task

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxEntries is more than any crontab has.
const maxEntries = 1 << 14

// A CronEntry is a line of a crontab.
type CronEntry struct {
	Minute, Hour, DayOfMonth, Month, DayOfWeek string
	Event                                      string // @reboot, @daily … in place of the five
	User                                       string // where the crontab names one
	Command                                    string
	Period, Delay, ID                          string // of an anacrontab, in place of all times
}

// Schedule is when the entry runs, as it is written.
func (e *CronEntry) Schedule() string {
	switch {
	case e.Event != "":
		return e.Event
	case e.Period != "":
		return e.Period + " " + e.Delay
	}
	return strings.Join([]string{e.Minute, e.Hour, e.DayOfMonth, e.Month, e.DayOfWeek}, " ")
}

// A CronKind is a form of crontabs.
type CronKind uint8

const (
	UserCron   CronKind = iota // of one user: five times and a command
	SystemCron                 // with the user before the command
	AnaCron                    // period, delay, name and command
)

func setting(line string) bool {
	name, _, ok := strings.Cut(line, "=")
	name = strings.Trim(strings.TrimSpace(name), `"'`)
	return ok && name != "" && !strings.ContainsAny(name, " \t*/@,") && (name[0] < '0' || name[0] > '9')
}

// ParseCron reads a crontab. A line that is neither an entry nor a setting nor
// a comment is left out and told in the error, beside the entries.
func ParseCron(data []byte, kind CronKind) (entries []CronEntry, err error) {
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || setting(line) {
			continue
		}
		e, ok := cronEntry(line, kind)
		switch {
		case len(entries) == maxEntries:
			return entries, fmt.Errorf("more than %d entries", maxEntries)
		case ok:
			entries = append(entries, e)
		case err == nil:
			err = fmt.Errorf("line %d is no entry of a crontab", number)
		}
	}
	return entries, err
}

func cronEntry(line string, kind CronKind) (e CronEntry, ok bool) {
	take := func(words ...*string) bool {
		for _, w := range words {
			end := strings.IndexAny(line, " \t")
			if end <= 0 {
				return false
			}
			*w, line = line[:end], strings.TrimLeft(line[end:], " \t")
		}
		return true
	}
	switch {
	case kind == AnaCron:
		ok = take(&e.Period, &e.Delay, &e.ID)
	case line[0] == '@':
		ok = take(&e.Event)
	default:
		line = strings.TrimPrefix(line, "-") // SUSE: without a line in the system's log
		ok = take(&e.Minute, &e.Hour, &e.DayOfMonth, &e.Month, &e.DayOfWeek) &&
			strings.Contains("0123456789*~", e.Minute[:1])
	}
	if kind == SystemCron {
		ok = ok && take(&e.User)
	}
	e.Command = line
	return e, ok && e.Command != ""
}

// atName is queue, number of the job and the minute it runs in since 1970.
var atName = regexp.MustCompile(`^=?[a-zA-Z]([0-9a-f]{5})([0-9a-f]{8})$`)

// IsAt reports whether a file of the spool is a job of at, by its name.
func IsAt(name string) bool { return atName.MatchString(name) }

// ParseAt reads a job of at: a script that sets the environment, goes to a
// folder and runs the commands.
func ParseAt(name string, data []byte) (*Task, error) {
	parts := atName.FindStringSubmatch(name)
	script := string(data)
	if parts == nil || !strings.HasPrefix(script, "#!") {
		return nil, errors.New("not a job of at")
	}
	minutes, err := strconv.ParseInt(parts[2], 16, 64)
	if err != nil {
		return nil, err
	}
	t := &Task{Triggers: []Trigger{{Kind: "at", Begin: time.Unix(minutes*60, 0).UTC().Format(time.RFC3339)}}}
	dir, body := "", ""
	if at := strings.Index(script, "\ncd "); at >= 0 {
		line, rest, _ := strings.Cut(script[at+1:], "\n")
		dir, _, _ = strings.Cut(strings.TrimPrefix(line, "cd "), " ||")
		if _, after, ok := strings.Cut(rest, "\n}\n"); ok {
			rest = after
		}
		body = rest
	}
	count := 0
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if count++; count > maxEntries {
			return nil, fmt.Errorf("more than %d commands", maxEntries)
		}
		a := Command(line)
		a.Directory = path.Clean(strings.ReplaceAll(dir, `\`, ""))
		t.Actions = append(t.Actions, a)
	}
	return t, nil
}
