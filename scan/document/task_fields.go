package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/task"
)

const (
	taskAction  = "TaskItem/ActionList/Action"
	taskTrigger = "TaskItem/TriggerList/Trigger"
)

// taskFields are the terms of TaskItem. Not among them, and so reported as not
// supported: hashes and signatures that are not said to be those of an action's
// program, what only macOS has, the next run, and WorkItemData.
var taskFields = slices.Concat([]Field[taskRow]{
	field(match.Field{Term: "TaskItem/Name", Kind: ioc.Text, Same: sameTask, Identity: true}, func(r *taskRow, yield func(ioc.Value) bool) error {
		yieldWords(yield, r.names...)
		return nil
	}),
	field(match.Field{Term: "TaskItem/VirtualPath", Kind: ioc.Path, Multi: true}, taskPlace),
	field(match.Field{Term: "TaskItem/path", Kind: ioc.Path, Cost: match.Parse, Multi: true}, unixPaths),
	field(match.Field{Term: "TaskItem/AccountName", Kind: ioc.Text, Cost: match.Parse, Multi: true, Identity: true}, taskAccounts),
	field(match.Field{Term: "TaskItem/userName", Kind: ioc.Text, Cost: match.Parse, Multi: true}, taskAccounts),
	field(match.Field{Term: "TaskItem/AccountLogonType", Kind: ioc.Text, Cost: match.Parse, Multi: true}, principals(logonTypes, func(p *task.Principal) string { return p.LogonType })),
	field(match.Field{Term: "TaskItem/AccountRunLevel", Kind: ioc.Text, Cost: match.Parse, Multi: true}, principals(runLevels, func(p *task.Principal) string { return p.RunLevel })),
	field(match.Field{Term: "TaskItem/Creator", Kind: ioc.Text, Cost: match.Parse, Same: sameAccount}, taskText(func(t *task.Task) string { return t.Author })),
	field(match.Field{Term: "TaskItem/Comment", Kind: ioc.Text, Cost: match.Parse}, taskText(func(t *task.Task) string { return t.Comment })),
	field(match.Field{Term: "TaskItem/CreationDate", Kind: ioc.Time, Cost: match.Parse, Identity: true}, taskTime(func(t *task.Task) string { return t.Created })),
	field(match.Field{Term: "TaskItem/Status", Kind: ioc.Text, Cost: match.Parse, Multi: true}, taskStatus),
	field(match.Field{Term: "TaskItem/Flag", Kind: ioc.Text, Cost: match.Parse, Multi: true}, taskFlags),
	field(match.Field{Term: "TaskItem/ExitCode", Kind: ioc.Text, Cost: match.Parse}, fromJob(func(j *task.Job, yield func(ioc.Value) bool) error {
		yield(ioc.TextValue(fmt.Sprint(j.ExitCode)))
		return nil
	})),
	field(match.Field{Term: "TaskItem/MostRecentRunTime", Kind: ioc.Time, Cost: match.Parse}, fromJob(func(j *task.Job, yield func(ioc.Value) bool) error {
		_, err := yieldTime(j.LastRun, 0, yield)
		return err
	})),
	field(match.Field{Term: "TaskItem/MaxRunTime", Kind: ioc.Text, Cost: match.Parse}, taskText(func(t *task.Task) string { return t.MaxRunTime })),
	field(match.Field{Term: "TaskItem/Priority", Kind: ioc.Text, Cost: match.Parse}, taskText(func(t *task.Task) string { return t.Priority })),
	field(match.Field{Term: "TaskItem/ApplicationName", Kind: ioc.Path, Cost: match.Parse, Multi: true}, programs(func(a *task.Action) string { return a.Path })),
	field(match.Field{Term: "TaskItem/Parameters", Kind: ioc.Text, Cost: match.Parse, Multi: true}, programs(func(a *task.Action) string { return a.Arguments })),
	field(match.Field{Term: "TaskItem/WorkingDirectory", Kind: ioc.Path, Cost: match.Parse, Multi: true}, programs(func(a *task.Action) string { return a.Directory })),

	actionField("ActionType", ioc.Text, func(a *task.Action) []string { return named(actionKinds, a.Kind) }),
	actionField("ExecProgramPath", ioc.Path, func(a *task.Action) []string { return []string{a.Path} }),
	actionField("ExecArguments", ioc.Text, func(a *task.Action) []string { return []string{a.Arguments} }),
	actionField("ExecWorkingDirectory", ioc.Path, func(a *task.Action) []string { return []string{a.Directory} }),
	actionField("COMClassId", ioc.Text, func(a *task.Action) []string { return []string{a.ClassID, strings.Trim(a.ClassID, "{}")} }),
	actionField("COMData", ioc.Text, func(a *task.Action) []string { return []string{a.Data} }),
	actionField("EmailServer", ioc.Text, func(a *task.Action) []string { return []string{a.Server} }),
	actionField("EmailSubject", ioc.Text, func(a *task.Action) []string { return []string{a.Subject} }),
	actionField("EmailFrom", ioc.Text, func(a *task.Action) []string { return []string{a.From} }),
	actionField("EmailTo", ioc.Text, func(a *task.Action) []string { return []string{a.To} }),
	actionField("EmailCC", ioc.Text, func(a *task.Action) []string { return []string{a.CC} }),
	actionField("EmailBCC", ioc.Text, func(a *task.Action) []string { return []string{a.BCC} }),
	actionField("EmailReplyTo", ioc.Text, func(a *task.Action) []string { return []string{a.ReplyTo} }),
	actionField("EmailBody", ioc.Text, bodyOf(task.SendEmail)),
	actionField("EmailAttachments", ioc.Path, func(a *task.Action) []string { return a.Attachments }),
	actionField("ShowMessageTitle", ioc.Text, func(a *task.Action) []string { return []string{a.Title} }),
	actionField("ShowMessageBody", ioc.Text, bodyOf(task.ShowMessage)),

	triggerField("TriggerFrequency", ioc.Text, func(g *task.Trigger) []string {
		if kind, _, calendar := strings.Cut(g.Kind, "/ScheduleBy"); calendar {
			return append(named(triggerKinds, g.Kind), kind)
		}
		return named(triggerKinds, g.Kind)
	}),
	triggerField("TriggerBegin", ioc.Time, func(g *task.Trigger) []string { return []string{g.Begin} }),
	triggerField("TriggerEnd", ioc.Time, func(g *task.Trigger) []string { return []string{g.End} }),
	triggerField("TriggerDelay", ioc.Text, func(g *task.Trigger) []string { return []string{g.Delay} }),
	triggerField("TriggerEnabled", ioc.Bool, func(g *task.Trigger) []string { return []string{fmt.Sprint(!g.Disabled)} }),
	triggerField("TriggerMaxRunTime", ioc.Text, func(g *task.Trigger) []string { return []string{g.MaxRunTime} }),
	triggerField("TriggerSessionChangeType", ioc.Text, func(g *task.Trigger) []string { return named(sessionChanges, g.StateChange) }),
	triggerField("TriggerSubscription", ioc.Text, func(g *task.Trigger) []string { return []string{g.Subscription} }),
	triggerField("TriggerUsername", ioc.Text, func(g *task.Trigger) []string { return []string{g.User} }),
	triggerField("TriggerValueQueries", ioc.Text, func(g *task.Trigger) []string { return g.Queries }),

	cronField("crontabPath", ioc.Path, func(r *taskRow) string { return r.file.shown() }),
	cronField("crontabCommand", ioc.Text, func(r *taskRow) string { return r.cron.Command }),
	cronField("crontabMinute", ioc.Text, func(r *taskRow) string { return r.cron.Minute }),
	cronField("crontabHour", ioc.Text, func(r *taskRow) string { return r.cron.Hour }),
	cronField("crontabDayOfMonth", ioc.Text, func(r *taskRow) string { return r.cron.DayOfMonth }),
	cronField("crontabMonth", ioc.Text, func(r *taskRow) string { return r.cron.Month }),
	cronField("crontabDayOfWeek", ioc.Text, func(r *taskRow) string { return r.cron.DayOfWeek }),
	cronField("crontabEvent", ioc.Text, func(r *taskRow) string { return r.cron.Event }),
	cronField("crontabPeriod", ioc.Text, func(r *taskRow) string { return r.cron.Period }),
	cronField("crontabDelay", ioc.Int, func(r *taskRow) string { return r.cron.Delay }),
	cronField("crontabJobIdentifier", ioc.Text, func(r *taskRow) string { return r.cron.ID }),
}, taskPrograms())

// yieldWords yields those that are there, each once where they follow each other.
// It reports whether to go on.
func yieldWords(yield func(ioc.Value) bool, list ...string) bool {
	return yieldEach(ioc.Text, 0, list, yield)
}

func yieldEach(kind ioc.Kind, elem int, list []string, yield func(ioc.Value) bool) bool {
	last := ""
	for _, s := range list {
		if s != "" && s != last && !yield(ioc.Value{Kind: kind, Str: s}.At(elem)) {
			return false
		}
		last = s
	}
	return true
}

// dateForms are those of the XML; a time without a zone is that of the
// machine, which the file does not tell, and read as UTC.
var dateForms = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"}

// yieldTime yields a time unless the text is empty. It reports whether to go on.
func yieldTime(text string, elem int, yield func(ioc.Value) bool) (bool, error) {
	if text == "" {
		return true, nil
	}
	for _, form := range dateForms {
		if at, err := time.Parse(form, text); err == nil {
			return yield(ioc.TimeValue(at).At(elem)), nil
		}
	}
	return true, fmt.Errorf("%.40q is no time", text)
}

func actionField(term string, kind ioc.Kind, get func(*task.Action) []string) Field[taskRow] {
	return field(match.Field{Term: taskAction + "/" + term, Kind: kind, Cost: match.Parse, Multi: true, Element: taskAction}, func(r *taskRow, yield func(ioc.Value) bool) error {
		t, err := r.load()
		if err != nil {
			return err
		}
		for n := range t.Actions {
			if !yieldEach(kind, n, get(&t.Actions[n]), yield) {
				return nil
			}
		}
		return nil
	})
}

func bodyOf(kind string) func(*task.Action) []string {
	return func(a *task.Action) []string {
		if a.Kind != kind {
			return nil
		}
		return []string{a.Body}
	}
}

func triggerField(term string, kind ioc.Kind, get func(*task.Trigger) []string) Field[taskRow] {
	return field(match.Field{Term: taskTrigger + "/" + term, Kind: kind, Cost: match.Parse, Multi: true, Element: taskTrigger}, func(r *taskRow, yield func(ioc.Value) bool) error {
		t, err := r.load()
		if err != nil {
			return err
		}
		var bad error
		for n := range t.Triggers {
			list, more := get(&t.Triggers[n]), true
			switch kind {
			case ioc.Time:
				if more, err = yieldTime(list[0], n, yield); err != nil {
					bad = err
				}
			case ioc.Bool:
				more = yield(ioc.BoolValue(list[0] == "true").At(n))
			default:
				more = yieldEach(kind, n, list, yield)
			}
			if !more {
				return nil
			}
		}
		return bad
	})
}

// cronField answers a term that only lines of crontabs have.
func cronField(term string, kind ioc.Kind, get func(*taskRow) string) Field[taskRow] {
	return field(match.Field{Term: "TaskItem/" + term, Kind: kind}, func(r *taskRow, yield func(ioc.Value) bool) error {
		if r.cron == nil || get(r) == "" {
			return nil
		}
		if kind == ioc.Int {
			n, err := strconv.ParseUint(get(r), 10, 64)
			if err != nil {
				return fmt.Errorf("%.40q is no number", get(r))
			}
			yield(ioc.IntValue(n))
			return nil
		}
		yieldEach(kind, 0, []string{get(r)}, yield)
		return nil
	})
}
