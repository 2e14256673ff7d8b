package task

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCron(t *testing.T) {
	for _, c := range []struct {
		kind CronKind
		text string
		want []CronEntry
		err  string
	}{
		{UserCron, "# a\nPATH=/bin\nMAILTO = \"\"\n\n*/5 * * * 1-5\t/tmp/.x/run  >/dev/null 2>&1\n@reboot X=1 /tmp/evil\n", []CronEntry{
			{Minute: "*/5", Hour: "*", DayOfMonth: "*", Month: "*", DayOfWeek: "1-5", Command: "/tmp/.x/run  >/dev/null 2>&1"},
			{Event: "@reboot", Command: "X=1 /tmp/evil"},
		}, ""},
		{SystemCron, "17 *\t* * *\troot cd / && run-parts --report /etc/cron.hourly\r\n", []CronEntry{
			{Minute: "17", Hour: "*", DayOfMonth: "*", Month: "*", DayOfWeek: "*", User: "root", Command: "cd / && run-parts --report /etc/cron.hourly"},
		}, ""},
		{AnaCron, "SHELL=/bin/sh\n7 10 cron.weekly run-parts /etc/cron.weekly", []CronEntry{
			{Period: "7", Delay: "10", ID: "cron.weekly", Command: "run-parts /etc/cron.weekly"},
		}, ""},
		{UserCron, "nonsense\n1 2 3 4 5 cmd", []CronEntry{{Minute: "1", Hour: "2", DayOfMonth: "3", Month: "4", DayOfWeek: "5", Command: "cmd"}}, "line 1"},
		{SystemCron, "1 2 3 4 5 root", nil, "line 1"},
		{UserCron, "\x00\x01\x02", nil, "line 1"},
		{UserCron, "", nil, ""},
	} {
		got, err := ParseCron([]byte(c.text), c.kind)
		if d := cmp.Diff(c.want, got); d != "" || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %v (-want +got)\n%s", c.text, err, d)
		}
	}
	if got, err := ParseCron([]byte(strings.Repeat("@daily x\n", maxEntries+1)), UserCron); len(got) != maxEntries || err == nil {
		t.Errorf("%d entries, %v", len(got), err)
	}
}

const sampleAt = "#!/bin/sh\n# atrun uid=0 gid=0\n# mail root 0\numask 22\nPATH=/bin; export PATH\ncd /root/my\\ place || {\n\t echo 'Execution directory inaccessible' >&2\n\t exit 1\n}\n/tmp/evil --now\n"

func TestAt(t *testing.T) {
	name := fmt.Sprintf("a00001%08x", 28576980)
	got, err := ParseAt(name, []byte(sampleAt))
	if err != nil {
		t.Fatal(err)
	}
	want := &Task{
		Triggers: []Trigger{{Kind: "at", Begin: "2024-05-02T03:00:00Z"}},
		Actions:  []Action{{Kind: Exec, Path: "/tmp/evil", Arguments: "--now", Directory: "/root/my place"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if _, err := ParseAt(name, []byte("\x7fELF")); err == nil || !IsAt(name) || IsAt(".SEQ") {
		t.Error("not told apart")
	}
}

const (
	sampleTimer   = "[Unit]\nDescription=Beat\n[Timer]\nOnCalendar=daily\nOnCalendar=\nOnCalendar=*-*-* 03:00:00\nOnBootSec=5min\nRandomizedDelaySec=1h\n"
	sampleService = "[Service]\n; a comment\nUser=www\nWorkingDirectory=/srv\nExecStart=/bin/old\nExecStart=\nExecStart=-/usr/bin/beat \\\n  --fast\n"
)

func TestTimer(t *testing.T) {
	timer, service := Unit{}, Unit{}
	for _, err := range []error{timer.Add([]byte(sampleTimer)), service.Add([]byte(sampleService))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := &Task{
		Comment: "Beat", Principals: []Principal{{Account: "www"}},
		Triggers: []Trigger{{Kind: "OnCalendar=*-*-* 03:00:00", Delay: "1h"}, {Kind: "OnBootSec=5min", Delay: "1h"}},
		Actions:  []Action{{Kind: Exec, Path: "/usr/bin/beat", Arguments: "--fast", Directory: "/srv"}},
	}
	if d := cmp.Diff(want, Timer(timer, service)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if got := Timer(timer, nil); len(got.Actions) != 0 || got.Principals[0].Account != "root" {
		t.Errorf("%+v", got)
	}
}

func TestCommand(t *testing.T) {
	for line, want := range map[string][2]string{
		`"C:\a b\c.exe" /x "y"`: {`C:\a b\c.exe`, `/x "y"`}, "cmd": {"cmd", ""}, " cmd  a b ": {"cmd", "a b"}, `"open`: {`"open`, ""}, "": {"", ""},
	} {
		if a := Command(line); a.Path != want[0] || a.Arguments != want[1] {
			t.Errorf("%q: %+v", line, a)
		}
	}
}

func FuzzUnix(f *testing.F) {
	for _, s := range []string{sampleAt, sampleTimer, sampleService, "*/5 * * * * root run\n@daily x y\n7 10 id cmd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []CronKind{UserCron, SystemCron, AnaCron} {
			entries, _ := ParseCron([]byte(s), kind)
			for _, e := range entries {
				if e.Command == "" || e.Schedule() == "" {
					t.Errorf("%+v", e)
				}
			}
		}
		u := Unit{}
		u.Add([]byte(s))
		Timer(u, u)
		ParseAt("a0000101b31e34", []byte(s))
	})
}
