package document

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/source"
)

const sampleTask = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Date>2024-05-01T10:00:00</Date><Author>CORP\eve</Author><Description>keep alive</Description></RegistrationInfo>
  <Triggers>
    <LogonTrigger><Enabled>false</Enabled><UserId>CORP\bob</UserId></LogonTrigger>
    <CalendarTrigger><StartBoundary>2024-05-01T03:00:00Z</StartBoundary><ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger>
  </Triggers>
  <Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>
  <Settings><Hidden>true</Hidden></Settings>
  <Actions>
    <Exec><Command>C:\Temp\evil.exe</Command><Arguments>/c run</Arguments></Exec>
    <ComHandler><ClassId>{01}</ClassId></ComHandler>
  </Actions>
</Task>`

func utf16le(s string) string {
	b := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// jobFile is the smallest .job: a program, and no trigger.
func jobFile(program string) string {
	b := make([]byte, 70)
	binary.LittleEndian.PutUint16(b[2:], 1)
	binary.LittleEndian.PutUint16(b[20:], 70)
	binary.LittleEndian.PutUint32(b[44:], 0x41303)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(program)+1))
	b = append(b, utf16le(program + "\x00")[2:]...)
	b = append(b, make([]byte, 8)...)
	binary.LittleEndian.PutUint16(b[22:], uint16(len(b)))
	return string(append(b, 0, 0))
}

func taskMachine() *source.Mem {
	return source.NewMem(source.Windows).
		Add(`C:\Windows\System32\Tasks\Microsoft\Updater`, utf16le(sampleTask)).
		Add(`C:\Windows\Tasks\At1.job`, jobFile("cmd.exe")).
		Add(`C:\Windows\Tasks\SA.DAT`, "x")
}

func cronMachine() *source.Mem {
	return source.NewMem(source.Linux).
		Add("/etc/crontab", "SHELL=/bin/sh\n17 *\t* * *\troot cd / && run-parts /etc/cron.hourly\n").
		Add("/etc/anacrontab", "7 10 cron.weekly run-parts /etc/cron.weekly\n").
		Add("/etc/cron.d/beat", "@reboot www /tmp/.x/beat --fast\n").
		Add("/etc/cron.daily/.placeholder", "").
		Add("/etc/cron.daily/logrotate", "#!/bin/sh\n").
		Add("/var/spool/cron/crontabs/eve", "*/5 * * * * /home/eve/run\n").
		Add("/var/spool/cron/crontabs/tmp.abc", "0 0 * * * /never\n").
		Add("/var/spool/cron/atjobs/.SEQ", "0001").
		Add("/var/spool/cron/atjobs/a0000101b40c14", "#!/bin/sh\numask 22\ncd /root || {\n exit 1\n}\n/tmp/once\n").
		Add("/usr/lib/systemd/system/backup.timer", "[Unit]\nDescription=Backup\n[Timer]\nOnCalendar=daily\n").
		Add("/usr/lib/systemd/system/backup.service", "[Service]\nExecStart=/usr/bin/backup --all\n").
		Add("/etc/systemd/system/backup.service.d/evil.conf", "[Service]\nUser=eve\nExecStart=\nExecStart=-/tmp/backup\n").
		Add("/usr/lib/systemd/system/gone.timer", "[Timer]\nOnBootSec=1\n").
		AddLink("/etc/systemd/system/gone.timer", "/dev/null").
		AddLink("/lib", "usr/lib")
}

func TestTasksOfWindows(t *testing.T) {
	got := find(t, &tasks, taskMachine())
	if !got.Complete || !got.Full || got.Objects != 2 || len(got.values) != 2 || len(got.troubles)+len(got.gaps) > 0 {
		t.Fatalf("%+v", got)
	}
	label := `C:\Windows\System32\Tasks\Microsoft\Updater`
	want := map[string]string{
		"Name": "Updater", "VirtualPath": `\Microsoft\Updater`, "Creator": `CORP\eve`, "Comment": "keep alive",
		"CreationDate": "2024-05-01T10:00:00Z", "AccountName": `S-1-5-18|NT AUTHORITY\SYSTEM|SYSTEM`, "userName": `S-1-5-18|NT AUTHORITY\SYSTEM|SYSTEM`,
		"AccountRunLevel": "LeastPrivilege|TASK_RUNLEVEL_LUA", "Flag": "TASK_FLAG_HIDDEN", "MaxRunTime": "PT72H", "Priority": "7",
		"ApplicationName": `C:\Temp\evil.exe`, "Parameters": "/c run",
		"ActionList/Action/ActionType":      "Exec|TASK_ACTION_EXEC|ComHandler|TASK_ACTION_COM_HANDLER",
		"ActionList/Action/ExecProgramPath": `C:\Temp\evil.exe`, "ActionList/Action/ExecArguments": "/c run", "ActionList/Action/COMClassId": "{01}|01",
		"TriggerList/Trigger/TriggerFrequency": "LogonTrigger|TASK_TRIGGER_LOGON|CalendarTrigger/ScheduleByDay|TASK_TRIGGER_DAILY|CalendarTrigger",
		"TriggerList/Trigger/TriggerBegin":     "2024-05-01T03:00:00Z", "TriggerList/Trigger/TriggerEnabled": "false|true", "TriggerList/Trigger/TriggerUsername": `CORP\bob`,
	}
	if d := cmp.Diff(want, joined(got.values[label])); d != "" {
		t.Errorf("%s (-want +got)\n%s", label, d)
	}
	if d := cmp.Diff(map[string]string{
		"Status": errNotCarried.Error(), "Flag": errNotCarried.Error(), "ExitCode": errNotCarried.Error(), "MostRecentRunTime": errNotCarried.Error(),
	}, got.errs[label]); d != "" {
		t.Errorf("%s: unknown (-want +got)\n%s", label, d)
	}
	job := joined(got.values[`C:\Windows\Tasks\At1.job`])
	for term, want := range map[string]string{
		"Name": "At1.job|At1", "VirtualPath": `\At1`, "Status": "SCHED_S_TASK_HAS_NOT_RUN", "ExitCode": "0", "ApplicationName": "cmd.exe", "MostRecentRunTime": "",
	} {
		if job[term] != want {
			t.Errorf("%s of the job: %s, not %s", term, job[term], want)
		}
	}
}

func joined(values map[string][]string) map[string]string {
	out := map[string]string{}
	for term, list := range values {
		out[term] = strings.Join(list, "|")
	}
	return out
}

func TestTasksOfLinux(t *testing.T) {
	got := find(t, &tasks, cronMachine())
	if !got.Complete || !got.Full || len(got.troubles)+len(got.gaps) > 0 {
		t.Fatalf("%+v", got)
	}
	if delay := got.values["/etc/anacrontab: 7 10 run-parts /etc/cron.weekly"]["crontabDelay"]; len(delay) != 1 || delay[0] != "10" {
		t.Errorf("delay %v", delay)
	}
	type row struct{ name, user, path, args, when string }
	rows := map[string]row{}
	for label, v := range got.values {
		j := joined(v)
		rows[label] = row{j["Name"], j["userName"], j["ActionList/Action/ExecProgramPath"], j["ActionList/Action/ExecArguments"], j["TriggerList/Trigger/TriggerFrequency"]}
	}
	if d := cmp.Diff(map[string]row{
		"/etc/crontab: 17 * * * * cd / && run-parts /etc/cron.hourly": {"crontab", "root", "cd", "/ && run-parts /etc/cron.hourly", "17 * * * *"},
		"/etc/anacrontab: 7 10 run-parts /etc/cron.weekly":            {"anacrontab", "root", "run-parts", "/etc/cron.weekly", "7 10"},
		"/etc/cron.d/beat: @reboot /tmp/.x/beat --fast":               {"beat", "www", "/tmp/.x/beat", "--fast", "@reboot"},
		"/etc/cron.daily/logrotate":                                   {"logrotate", "root", "/etc/cron.daily/logrotate", "", "daily"},
		"/var/spool/cron/crontabs/eve: */5 * * * * /home/eve/run":     {"eve", "eve", "/home/eve/run", "", "*/5 * * * *"},
		"/var/spool/cron/atjobs/a0000101b40c14":                       {"a0000101b40c14", "", "/tmp/once", "", "at"},
		"/usr/lib/systemd/system/backup.timer":                        {"backup.timer|backup", "eve", "/tmp/backup", "", "OnCalendar=daily"},
	}, rows, cmp.AllowUnexported(row{})); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	cron := joined(got.values["/etc/crontab: 17 * * * * cd / && run-parts /etc/cron.hourly"])
	if cron["crontabDelay"] != "" || cron["crontabMinute"] != "17" || cron["crontabCommand"] != "cd / && run-parts /etc/cron.hourly" || cron["crontabPath"] != "/etc/crontab" || cron["crontabEvent"] != "" {
		t.Errorf("%v", cron)
	}
}

func TestTaskVerdicts(t *testing.T) {
	checkVerdicts(t, &tasks, taskMachine(), []verdictCase{
		{"Name is updater\nActionList/Action/ExecProgramPath contains \\temp\\\nActionList/Action/ExecArguments is /c run", "matched"},
		{"Name is at1\nApplicationName is cmd.exe\nStatus is SCHED_S_TASK_HAS_NOT_RUN", "matched"},
		{"AccountName is SYSTEM\nTriggerList/Trigger/TriggerFrequency is TASK_TRIGGER_LOGON", "matched"},
		{"ActionList/Action/ExecProgramPath contains mimikatz", "clear"},
		{"TriggerList/Trigger/TriggerBegin greater-than 2024-05-02T00:00:00", "clear"},
		{"crontabCommand contains curl", "clear"},
		{"Name is updater\nStatus is TASK_STATE_RUNNING", "undetermined"},
		{"Name is other\nStatus is TASK_STATE_RUNNING", "clear"},
	})
	checkVerdicts(t, &tasks, cronMachine(), []verdictCase{
		{"crontabEvent is @reboot\ncrontabCommand contains /tmp/.x\nuserName is www", "matched"},
		{"path is /tmp/backup", "matched"},
		{"crontabCommand contains curl", "clear"},
		{"AccountLogonType is Password", "clear"},
	})
	checkVerdicts(t, &tasks, source.NewMem(source.Linux).AddDir("/etc"), []verdictCase{{"Name contains a", "clear"}})
}

func TestTasksUnreadable(t *testing.T) {
	denied := errors.New("access denied")
	folder := source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: denied}
	for name, c := range map[string]struct {
		src                *source.Mem
		complete           bool
		rows, gaps, troubl int
	}{
		"no system":      {source.NewMem(source.Windows).AddDir(`C:\Data`), false, 0, 0, 0},
		"no etc":         {source.NewMem(source.Linux).AddDir("/data"), false, 0, 0, 0},
		"no tasks":       {source.NewMem(source.Windows).AddDir(`C:\Windows`), true, 0, 0, 0},
		"folder":         {source.NewMem(source.Windows).Put(`C:\Windows\System32\Tasks`, folder), true, 0, 1, 1},
		"folder below":   {source.NewMem(source.Windows).Put(`C:\Windows\System32\Tasks\Microsoft`, folder), true, 0, 1, 1},
		"damaged":        {source.NewMem(source.Windows).Add(`C:\Windows\System32\Tasks\x`, "<Task>").Add(`C:\Windows\Tasks\y.job`, "y"), true, 2, 0, 2},
		"spool":          {source.NewMem(source.Linux).AddDir("/etc").Put("/var/spool/cron/crontabs", folder), true, 0, 1, 1},
		"crontab":        {source.NewMem(source.Linux).Put("/etc/crontab", source.MemNode{OpenErr: denied}), true, 0, 1, 1},
		"line":           {source.NewMem(source.Linux).Add("/etc/crontab", "nonsense\n@daily root x"), true, 1, 0, 1},
		"service":        {source.NewMem(source.Linux).AddDir("/etc").Add("/lib/systemd/system/a.timer", "[Timer]\nOnBootSec=1").Put("/lib/systemd/system/a.service", source.MemNode{OpenErr: denied}), true, 1, 0, 1},
		"without a unit": {source.NewMem(source.Linux).AddDir("/etc").Add("/lib/systemd/system/a.timer", "[Timer]\nOnBootSec=1"), true, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := find(t, &tasks, c.src)
			if got.Complete != c.complete || len(got.values) != c.rows || len(got.gaps) != c.gaps || len(got.troubles) != c.troubl || got.Full != (c.complete && c.gaps == 0) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestDamagedTask(t *testing.T) {
	got := find(t, &tasks, source.NewMem(source.Windows).Add(`C:\Windows\System32\Tasks\x`, "<Task>"))
	label := `C:\Windows\System32\Tasks\x`
	for _, f := range taskFields {
		term := strings.TrimPrefix(f.Term, "TaskItem/")
		known := term == "Name" || term == "path" || strings.HasPrefix(term, "crontab")
		if (got.errs[label][term] == "") != known {
			t.Errorf("%s: %v, %q", term, got.values[label][term], got.errs[label][term])
		}
	}
}
