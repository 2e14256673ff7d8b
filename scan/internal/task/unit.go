package task

import (
	"fmt"
	"strings"
)

// A Unit is a unit file of systemd: its settings in their order, by section.
type Unit map[string][]Setting

// A Setting is a line of a unit file.
type Setting struct{ Key, Value string }

// maxSettings is more than any unit has.
const maxSettings = 1 << 14

// Add reads a unit file, or one that is dropped in to change it. Lines that are
// no settings are passed over, as systemd does.
func (u Unit) Add(data []byte) error {
	section, count := "", 0
	var joined []byte // lines so far that go on in the next
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line != "" && (line[0] == '#' || line[0] == ';') {
			continue
		}
		if rest, more := strings.CutSuffix(line, `\`); more {
			joined = append(append(joined, rest...), ' ')
			continue
		}
		line, joined = strings.TrimSpace(string(append(joined, line...))), joined[:0]
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		if count++; count > maxSettings {
			return fmt.Errorf("more than %d settings", maxSettings)
		}
		u[section] = append(u[section], Setting{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return nil
}

// All are the values of a setting that may be given several times; an empty
// one takes back those before.
func (u Unit) All(section, key string) []string {
	var list []string
	for _, s := range u[section] {
		switch {
		case s.Key != key:
		case s.Value == "":
			list = nil
		default:
			list = append(list, s.Value)
		}
	}
	return list
}

// Get is the last value of a setting.
func (u Unit) Get(section, key string) string {
	last := ""
	for _, s := range u[section] {
		if s.Key == key {
			last = s.Value
		}
	}
	return last
}

// timerKeys are what starts a timer.
var timerKeys = []string{"OnCalendar", "OnBootSec", "OnStartupSec", "OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec"}

// Timer is the task of a timer and the service that it starts; service may be
// nil where there is none.
func Timer(timer, service Unit) *Task {
	t := &Task{Comment: timer.Get("Unit", "Description"), Principals: []Principal{{Account: "root"}}}
	for _, key := range timerKeys {
		for _, v := range timer.All("Timer", key) {
			t.Triggers = append(t.Triggers, Trigger{Kind: key + "=" + v, Delay: timer.Get("Timer", "RandomizedDelaySec")})
		}
	}
	if user := service.Get("Service", "User"); user != "" {
		t.Principals[0].Account = user
	}
	for _, key := range []string{"ExecStartPre", "ExecStart", "ExecStartPost"} {
		for _, line := range service.All("Service", key) {
			// Before the path may stand what changes how it is run.
			a := Command(strings.TrimLeft(line, "@-:+!|"))
			a.Directory = service.Get("Service", "WorkingDirectory")
			t.Actions = append(t.Actions, a)
		}
	}
	return t
}
