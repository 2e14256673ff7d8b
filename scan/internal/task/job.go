package task

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Job is what only .job files have.
type Job struct {
	Status   uint32 // SCHED_S_…
	ExitCode uint32
	Flags    uint32 // TASK_FLAG_…
	LastRun  string // empty: never
}

// Flags of a job, [MS-TSCH] 2.4.1: bit and the name that the Task Scheduler
// gives it after TASK_FLAG_.
var jobFlags = [...]struct {
	bit  uint32
	name string
}{
	{0x1, "INTERACTIVE"}, {0x2, "DELETE_WHEN_DONE"}, {0x4, "DISABLED"}, {0x10, "START_ONLY_IF_IDLE"},
	{0x20, "KILL_ON_IDLE_END"}, {0x40, "DONT_START_IF_ON_BATTERIES"}, {0x80, "KILL_IF_GOING_ON_BATTERIES"},
	{0x100, "RUN_ONLY_IF_DOCKED"}, {0x200, "HIDDEN"}, {0x400, "RUN_IF_CONNECTED_TO_INTERNET"},
	{0x800, "RESTART_ON_IDLE_RESUME"}, {0x1000, "SYSTEM_REQUIRED"}, {0x2000, "RUN_ONLY_IF_LOGGED_ON"},
}

// FlagNames are the names of the flags that are set.
func (j *Job) FlagNames() []string {
	var list []string
	for _, f := range jobFlags {
		if j.Flags&f.bit != 0 {
			list = append(list, "TASK_FLAG_"+f.name)
		}
	}
	return list
}

// StatusName is the name of the status, or its number.
func (j *Job) StatusName() string {
	names := [...]string{"READY", "RUNNING", "DISABLED", "HAS_NOT_RUN", "NO_MORE_RUNS", "NOT_SCHEDULED", "TERMINATED", "NO_VALID_TRIGGERS"}
	if n := j.Status - 0x41300; n < uint32(len(names)) {
		return "SCHED_S_TASK_" + names[n]
	}
	return fmt.Sprintf("0x%08X", j.Status)
}

const (
	jobFixed    = 68
	triggerSize = 48
	maxTriggers = 1024
)

// The kinds of triggers by their numbers, in the words of the XML.
var jobTriggers = [...]string{
	"TimeTrigger", "CalendarTrigger/ScheduleByDay", "CalendarTrigger/ScheduleByWeek", "CalendarTrigger/ScheduleByMonth",
	"CalendarTrigger/ScheduleByMonthDayOfWeek", "IdleTrigger", "BootTrigger", "LogonTrigger",
}

var errJob = errors.New("not a job of the Task Scheduler, or cut short")

// ParseJob reads a .job file ([MS-TSCH] 2.4). It does not say whom the task
// runs as; the Task Scheduler keeps that apart.
func ParseJob(data []byte) (*Task, error) {
	r := jobReader{b: data}
	if len(data) < jobFixed || r.u16(2) != 1 {
		return nil, errJob
	}
	j := &Job{ExitCode: r.u32(40), Status: r.u32(44), Flags: r.u32(48)}
	if r.u16(52) != 0 {
		j.LastRun = stamp(r.u16(52), r.u16(54), r.u16(58), r.u16(60), r.u16(62), r.u16(64))
	}
	t := &Task{Job: j, Disabled: j.Flags&0x4 != 0, Hidden: j.Flags&0x200 != 0, Priority: priority(r.u32(32))}
	if ms := r.u32(36); ms != 1<<32-1 { // that: without end
		t.MaxRunTime = fmt.Sprint(ms)
	}
	r.at = r.u16(20)
	a := Action{Kind: Exec}
	a.Path, a.Arguments, a.Directory = r.text(), r.text(), r.text()
	t.Actions = []Action{a}
	t.Author, t.Comment = r.text(), r.text()

	at := r.u16(22)
	n := r.u16(at)
	if n > maxTriggers {
		return nil, errJob
	}
	for i := range n {
		t.Triggers = append(t.Triggers, r.trigger(at+2+i*triggerSize))
	}
	if r.bad {
		return nil, errJob
	}
	return t, nil
}

func (r *jobReader) trigger(at int) Trigger {
	r.bad = r.bad || at+triggerSize > len(r.b)
	flags := r.u32(at + 28)
	g := Trigger{
		Begin:    stamp(r.u16(at+4), r.u16(at+6), r.u16(at+8), r.u16(at+16), r.u16(at+18), 0),
		Disabled: flags&4 != 0,
	}
	if flags&1 != 0 {
		g.End = stamp(r.u16(at+10), r.u16(at+12), r.u16(at+14), 0, 0, 0)
	}
	if kind := r.u32(at + 32); kind < uint32(len(jobTriggers)) {
		g.Kind = jobTriggers[kind]
	} else {
		g.Kind = fmt.Sprint(kind)
	}
	return g
}

func stamp(year, month, day, hour, minute, second int) string {
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Format("2006-01-02T15:04:05")
}

func priority(n uint32) string {
	switch n {
	case 0x20:
		return "NORMAL_PRIORITY_CLASS"
	case 0x40:
		return "IDLE_PRIORITY_CLASS"
	case 0x80:
		return "HIGH_PRIORITY_CLASS"
	case 0x100:
		return "REALTIME_PRIORITY_CLASS"
	}
	return fmt.Sprintf("0x%X", n)
}

// A jobReader answers zeros beyond the end and remembers that it was asked.
type jobReader struct {
	b   []byte
	at  int
	bad bool
}

func (r *jobReader) u16(off int) int {
	if off+2 > len(r.b) {
		r.bad = true
		return 0
	}
	return int(binary.LittleEndian.Uint16(r.b[off:]))
}

func (r *jobReader) u32(off int) uint32 {
	if off+4 > len(r.b) {
		r.bad = true
		return 0
	}
	return binary.LittleEndian.Uint32(r.b[off:])
}

// text reads a number of characters and those, the last of which is zero.
func (r *jobReader) text() string {
	n := r.u16(r.at)
	r.at += 2
	if r.at+2*n > len(r.b) {
		r.bad = true
		return ""
	}
	s := string(decode(append([]byte("\xff\xfe"), r.b[r.at:r.at+2*n]...)))
	r.at += 2 * n
	return strings.TrimRight(s, "\x00")
}
