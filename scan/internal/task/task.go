// Package task reads what a system keeps of programs to start later: the XML
// of the Windows Task Scheduler, its older .job files, crontabs, at jobs and
// the unit files of systemd. What it reads is hostile; every reader is bounded
// and whatever is larger than MaxFile is not for it.
package task

import "strings"

// MaxFile is more bytes than any of the files has.
const MaxFile = 1 << 20

// A Task is a program, or several, and what starts it. Texts are as the file
// has them; an empty one is not there. Times are ISO 8601, those without a zone
// in that of the machine.
type Task struct {
	URI        string // the task's own idea of its place: \Microsoft\Windows\…
	Author     string
	Comment    string
	Created    string
	Principals []Principal
	Disabled   bool
	Hidden     bool
	MaxRunTime string
	Priority   string
	Actions    []Action
	Triggers   []Trigger
	Job        *Job // what only .job files have
}

// A Principal is whom a task runs as.
type Principal struct{ Account, LogonType, RunLevel string }

// Kinds of actions, by their names in the XML.
const (
	Exec        = "Exec"
	ComHandler  = "ComHandler"
	SendEmail   = "SendEmail"
	ShowMessage = "ShowMessage"
)

// An Action is what a task does.
type Action struct {
	Kind                       string
	Path, Arguments, Directory string // Exec
	ClassID, Data              string // ComHandler

	Server, Subject, From, To, CC, BCC, ReplyTo string // SendEmail
	Attachments                                 []string

	Title, Body string // ShowMessage; Body of SendEmail too
}

// A Trigger is what starts a task.
type Trigger struct {
	Kind         string // element of the XML (LogonTrigger), of a calendar trigger with its schedule (CalendarTrigger/ScheduleByDay); else the schedule as written
	Begin, End   string
	Delay        string
	MaxRunTime   string
	User         string
	StateChange  string
	Subscription string
	Queries      []string
	Disabled     bool
}

// Command is an action from a line that a shell would read: its first word is
// the program. Quotes around that are taken off; nothing else is.
func Command(line string) Action {
	line = strings.TrimSpace(line)
	if line == "" {
		return Action{Kind: Exec}
	}
	if q := line[0]; q == '"' || q == '\'' {
		if end := strings.IndexByte(line[1:], q); end >= 0 {
			return Action{Kind: Exec, Path: line[1 : 1+end], Arguments: strings.TrimSpace(line[2+end:])}
		}
	}
	if end := strings.IndexAny(line, " \t\n"); end >= 0 {
		return Action{Kind: Exec, Path: line[:end], Arguments: strings.TrimSpace(line[end:])}
	}
	return Action{Kind: Exec, Path: line}
}
