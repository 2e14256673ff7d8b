package document

import (
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/task"
)

// What the XML calls a thing, and what the Task Scheduler's interface does:
// both are values.
var (
	actionKinds = map[string]string{
		task.Exec: "TASK_ACTION_EXEC", task.ComHandler: "TASK_ACTION_COM_HANDLER",
		task.SendEmail: "TASK_ACTION_SEND_EMAIL", task.ShowMessage: "TASK_ACTION_SHOW_MESSAGE",
	}
	triggerKinds = map[string]string{
		"EventTrigger": "TASK_TRIGGER_EVENT", "TimeTrigger": "TASK_TRIGGER_TIME",
		"CalendarTrigger/ScheduleByDay": "TASK_TRIGGER_DAILY", "CalendarTrigger/ScheduleByWeek": "TASK_TRIGGER_WEEKLY",
		"CalendarTrigger/ScheduleByMonth": "TASK_TRIGGER_MONTHLY", "CalendarTrigger/ScheduleByMonthDayOfWeek": "TASK_TRIGGER_MONTHLYDOW",
		"IdleTrigger": "TASK_TRIGGER_IDLE", "RegistrationTrigger": "TASK_TRIGGER_REGISTRATION",
		"BootTrigger": "TASK_TRIGGER_BOOT", "LogonTrigger": "TASK_TRIGGER_LOGON",
		"SessionStateChangeTrigger": "TASK_TRIGGER_SESSION_STATE_CHANGE", "WnfStateChangeTrigger": "TASK_TRIGGER_CUSTOM_TRIGGER_01",
	}
	logonTypes = map[string]string{
		"S4U": "TASK_LOGON_S4U", "Password": "TASK_LOGON_PASSWORD", "InteractiveToken": "TASK_LOGON_INTERACTIVE_TOKEN",
		"InteractiveTokenOrPassword": "TASK_LOGON_INTERACTIVE_TOKEN_OR_PASSWORD", "ServiceAccount": "TASK_LOGON_SERVICE_ACCOUNT",
		"Group": "TASK_LOGON_GROUP",
	}
	runLevels      = map[string]string{"LeastPrivilege": "TASK_RUNLEVEL_LUA", "HighestAvailable": "TASK_RUNLEVEL_HIGHEST"}
	sessionChanges = map[string]string{
		"ConsoleConnect": "TASK_CONSOLE_CONNECT", "ConsoleDisconnect": "TASK_CONSOLE_DISCONNECT",
		"RemoteConnect": "TASK_REMOTE_CONNECT", "RemoteDisconnect": "TASK_REMOTE_DISCONNECT",
		"SessionLock": "TASK_SESSION_LOCK", "SessionUnlock": "TASK_SESSION_UNLOCK",
	}
	// wellKnown are accounts that are called the same on every Windows.
	wellKnown = map[string]string{
		"S-1-1-0": `Everyone`, "S-1-5-4": `NT AUTHORITY\INTERACTIVE`, "S-1-5-11": `NT AUTHORITY\Authenticated Users`,
		"S-1-5-18": `NT AUTHORITY\SYSTEM`, "S-1-5-19": `NT AUTHORITY\LOCAL SERVICE`, "S-1-5-20": `NT AUTHORITY\NETWORK SERVICE`,
		"S-1-5-32-544": `BUILTIN\Administrators`, "S-1-5-32-545": `BUILTIN\Users`,
	}
)

// named is a word and its other name.
func named(names map[string]string, word string) []string { return []string{word, names[word]} }

func sameTask(a, b string) bool {
	bare := func(s string) string {
		s = ioc.Fold(strings.TrimSpace(s))
		return strings.TrimSuffix(strings.TrimSuffix(s, ".job"), timerEnding)
	}
	return bare(a) == bare(b)
}

func taskText(get func(*task.Task) string) func(*taskRow, func(ioc.Value) bool) error {
	return func(r *taskRow, yield func(ioc.Value) bool) error {
		t, err := r.load()
		if err == nil {
			yieldWords(yield, get(t))
		}
		return err
	}
}

func taskTime(get func(*task.Task) string) func(*taskRow, func(ioc.Value) bool) error {
	return func(r *taskRow, yield func(ioc.Value) bool) error {
		t, err := r.load()
		if err == nil {
			_, err = yieldTime(get(t), 0, yield)
		}
		return err
	}
}

// programs answers for the actions that start one.
func programs(get func(*task.Action) string) func(*taskRow, func(ioc.Value) bool) error {
	return func(r *taskRow, yield func(ioc.Value) bool) error {
		t, err := r.load()
		if err != nil {
			return err
		}
		for n := range t.Actions {
			if a := &t.Actions[n]; a.Kind == task.Exec && !yieldWords(yield, get(a)) {
				return nil
			}
		}
		return nil
	}
}

// fromJob answers what of a task of Windows only a .job file has; of others
// the registry keeps it.
func fromJob(get func(*task.Job, func(ioc.Value) bool) error) func(*taskRow, func(ioc.Value) bool) error {
	return func(r *taskRow, yield func(ioc.Value) bool) error {
		t, err := r.load()
		switch {
		case err != nil:
			return err
		case t.Job != nil:
			return get(t.Job, yield)
		case r.windows():
			return errNotCarried
		}
		return nil
	}
}

// taskPlace is the place among the tasks of Windows, and where the task itself
// says it is; both with the leading backslash.
func taskPlace(r *taskRow, yield func(ioc.Value) bool) error {
	if !r.windows() {
		return nil
	}
	if !yield(ioc.PathValue(r.virtual)) {
		return nil
	}
	t, err := r.load()
	if err == nil && t.URI != "" && !ioc.EqualFold(t.URI, r.virtual) {
		yield(ioc.PathValue(t.URI))
	}
	if err == nil && t.URI == "" && r.file.loose != nil {
		return errLoosePlace
	}
	return err
}

// unixPaths: neither Linux nor the vocabulary says whether it is the program
// or the file that asks for it, so both are values.
func unixPaths(r *taskRow, yield func(ioc.Value) bool) error {
	if r.windows() || !yield(ioc.PathValue(r.file.shown())) {
		return nil
	}
	t, err := r.load()
	if err != nil {
		return err
	}
	for n := range t.Actions {
		if p := t.Actions[n].Path; p != "" && p != r.file.shown() && !yield(ioc.PathValue(p)) {
			return nil
		}
	}
	return nil
}

// taskAccounts are whom the task runs as: a name, with and without its domain,
// or a SID with the name that every Windows has for it.
func taskAccounts(r *taskRow, yield func(ioc.Value) bool) error {
	t, err := r.load()
	if err != nil {
		return err
	}
	var unnamed error
	if len(t.Principals) == 0 { // a .job file, or a script of at
		unnamed = errNotCarried
	}
	for n := range t.Principals {
		account := t.Principals[n].Account
		name := account
		if strings.HasPrefix(account, "S-1-") {
			if name = wellKnown[account]; name == "" {
				unnamed = errNotCarried
			}
		}
		_, bare, _ := strings.Cut(name, `\`)
		if !yieldWords(yield, account, name, bare) {
			return nil
		}
	}
	return unnamed
}

func principals(names map[string]string, get func(*task.Principal) string) func(*taskRow, func(ioc.Value) bool) error {
	return func(r *taskRow, yield func(ioc.Value) bool) error {
		t, err := r.load()
		if err != nil {
			return err
		}
		for n := range t.Principals {
			if !yieldWords(yield, named(names, get(&t.Principals[n]))...) {
				return nil
			}
		}
		return nil
	}
}

// taskStatus: a file tells that a task is disabled; whether one that is not is
// ready, queued or running only the Task Scheduler knows. A .job file has the
// status of its last change.
func taskStatus(r *taskRow, yield func(ioc.Value) bool) error {
	t, err := r.load()
	switch {
	case err != nil:
		return err
	case !r.windows():
		return nil
	case t.Disabled && !yieldWords(yield, "Disabled", "TASK_STATE_DISABLED"):
		return nil
	case t.Job != nil:
		yieldWords(yield, t.Job.StatusName())
	case !t.Disabled:
		return errNotCarried
	}
	return nil
}

// taskFlags are those of a .job file; the XML has settings instead, of which
// two are such flags.
func taskFlags(r *taskRow, yield func(ioc.Value) bool) error {
	t, err := r.load()
	switch {
	case err != nil:
		return err
	case !r.windows():
		return nil
	case t.Job != nil:
		yieldWords(yield, t.Job.FlagNames()...)
		return nil
	}
	if t.Disabled && !yieldWords(yield, "TASK_FLAG_DISABLED") || t.Hidden && !yieldWords(yield, "TASK_FLAG_HIDDEN") {
		return nil
	}
	return errNotCarried
}
