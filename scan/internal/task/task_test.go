package task

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

const corpusRoot = "../../../../shared/corpus"

// The tasks of the corpus, and what xml.etree finds in them.
func TestCorpus(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(corpusRoot, "truth/misc.json"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	type fields struct {
		URI, Author, Date, Description, Command, Arguments []string
		Directory                                          []string `json:"working_directory"`
		ClassID                                            []string `json:"class_id"`
		RunLevel                                           []string `json:"run_level"`
		UserID                                             []string `json:"user_id"`
		Hidden                                             []string
		Triggers                                           []string
	}
	var all map[string]struct{ Task *fields }
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for file, truth := range all {
		if truth.Task == nil {
			continue
		}
		checked++
		data, err := os.ReadFile(filepath.Join(corpusRoot, "evidence", file))
		if err != nil {
			t.Fatal(err)
		}
		task, err := ParseXML(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		want := truth.Task
		some := func(list ...string) []string {
			return slices.DeleteFunc(list, func(s string) bool { return s == "" })
		}
		got := &fields{URI: some(task.URI), Author: some(task.Author), Date: some(task.Created), Description: some(task.Comment)}
		for _, a := range task.Actions {
			got.Command = append(got.Command, some(a.Path)...)
			got.Arguments = append(got.Arguments, some(a.Arguments)...)
			got.Directory = append(got.Directory, some(a.Directory)...)
			got.ClassID = append(got.ClassID, some(a.ClassID)...)
		}
		for _, g := range task.Triggers {
			kind, _, _ := strings.Cut(g.Kind, "/")
			got.Triggers = append(got.Triggers, kind)
		}
		for _, p := range task.Principals {
			if len(want.UserID) > 0 && !slices.Contains(want.UserID, p.Account) {
				t.Errorf("%s: runs as %s, not one of %s", file, p.Account, want.UserID)
			}
			if len(want.RunLevel) > 0 && !slices.Contains(want.RunLevel, p.RunLevel) {
				t.Errorf("%s: run level %s, not one of %s", file, p.RunLevel, want.RunLevel)
			}
		}
		if task.Hidden != slices.Contains(want.Hidden, "true") {
			t.Errorf("%s: hidden is %v", file, task.Hidden)
		}
		want.UserID, want.RunLevel, want.Hidden = nil, nil, nil
		if d := cmp.Diff(trimmed(want), trimmed(got)); d != "" {
			t.Errorf("%s (-truth +got)\n%s", file, d)
		}
	}
	if checked < 10 {
		t.Errorf("%d tasks", checked)
	}
}

// trimmed is the value without the difference between nothing and no list, and
// without blanks around texts.
func trimmed(v any) map[string][]string {
	b, _ := json.Marshal(v)
	var m map[string][]string
	json.Unmarshal(b, &m)
	for k, list := range m {
		if len(list) == 0 {
			delete(m, k)
		}
		for n := range list {
			list[n] = strings.TrimSpace(list[n])
		}
	}
	return m
}

const sampleXML = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Date>2024-05-01T10:00:00</Date><Author>CORP\eve</Author><Description>keep &amp; alive</Description><URI>\Updater</URI></RegistrationInfo>
  <Triggers>
    <LogonTrigger><Enabled>false</Enabled><UserId>CORP\bob</UserId><Delay>PT5M</Delay></LogonTrigger>
    <CalendarTrigger><StartBoundary>2024-05-01T03:00:00Z</StartBoundary><EndBoundary>2025-01-01T00:00:00</EndBoundary><ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay></CalendarTrigger>
    <EventTrigger><Subscription>&lt;QueryList/&gt;</Subscription><ValueQueries><Value name="a">Event/System</Value></ValueQueries></EventTrigger>
  </Triggers>
  <Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings><Hidden>true</Hidden><Enabled>false</Enabled></Settings>
  <Actions Context="Author">
    <Exec><Command>C:\Temp\evil.exe</Command><Arguments>/c run</Arguments><WorkingDirectory>C:\Temp</WorkingDirectory></Exec>
    <ComHandler><ClassId>{01}</ClassId><Data>x</Data></ComHandler>
    <SendEmail><Server>s</Server><To>t</To><Attachments><File>a</File><File>b</File></Attachments></SendEmail>
    <ShowMessage><Title>hello</Title><Body>world</Body></ShowMessage>
  </Actions>
</Task>`

func wide(s string, mark bool, order binary.AppendByteOrder) []byte {
	var b []byte
	if mark {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestXML(t *testing.T) {
	want := &Task{
		URI: `\Updater`, Author: `CORP\eve`, Comment: "keep & alive", Created: "2024-05-01T10:00:00",
		Principals: []Principal{{Account: "S-1-5-18", RunLevel: "HighestAvailable"}},
		Disabled:   true, Hidden: true, MaxRunTime: "PT72H", Priority: "7",
		Actions: []Action{
			{Kind: Exec, Path: `C:\Temp\evil.exe`, Arguments: "/c run", Directory: `C:\Temp`},
			{Kind: ComHandler, ClassID: "{01}", Data: "x"},
			{Kind: SendEmail, Server: "s", To: "t", Attachments: []string{"a", "b"}},
			{Kind: ShowMessage, Title: "hello", Body: "world"},
		},
		Triggers: []Trigger{
			{Kind: "LogonTrigger", Delay: "PT5M", User: `CORP\bob`, Disabled: true},
			{Kind: "CalendarTrigger/ScheduleByDay", Begin: "2024-05-01T03:00:00Z", End: "2025-01-01T00:00:00"},
			{Kind: "EventTrigger", Subscription: "<QueryList/>", Queries: []string{"Event/System"}},
		},
	}
	for name, data := range map[string][]byte{
		"UTF-8": []byte(sampleXML), "UTF-8 with mark": []byte("\xef\xbb\xbf" + sampleXML),
		"UTF-16": wide(sampleXML, true, binary.LittleEndian), "without mark": wide(sampleXML, false, binary.LittleEndian),
		"big end first": wide(sampleXML, true, binary.BigEndian),
	} {
		got, err := ParseXML(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
	}
}

func TestBadXML(t *testing.T) {
	for text, want := range map[string]string{
		"": "not one XML document", "SA.DAT": "not one XML document", "<Job/>": `the document is a "Job"`,
		"<Task><Actions>": "not well-formed", "<Task/><Task/>": "not one XML document",
		`<!DOCTYPE Task [<!ENTITY a "aaaa">]><Task><Settings><Priority>&a;</Priority></Settings></Task>`: "entity",
		strings.Repeat("<Task>", maxDepth+2):                       "nested deeper",
		"<Task>" + strings.Repeat("<a/>", maxElements) + "</Task>": "more than",
	} {
		if task, err := ParseXML([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, %v; want %q", text, task, err, want)
		}
	}
}

// sampleJob is a job made with the AT command.
func sampleJob() []byte {
	b := make([]byte, jobFixed)
	put := func(off int, n ...uint16) {
		for i, v := range n {
			binary.LittleEndian.PutUint16(b[off+2*i:], v)
		}
	}
	put(0, 0x0a00, 1)
	put(20, 70)
	put(32, 0x20, 0, 0x1400, 0x0f73)
	put(40, 5, 0, 0x1300, 4, 0x0204)
	put(52, 2024, 5, 3, 1, 10, 30, 15, 0)
	b = append(b, 0, 0)
	for _, s := range []string{`C:\Temp\evil.exe`, "/c run", `C:\Temp`, `CORP\eve`, "Created by NetScheduleJobAdd."} {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(s)+1))
		b = append(b, wide(s+"\x00", false, binary.LittleEndian)...)
	}
	b = append(b, 0, 0, 0, 0) // no user data, nothing reserved
	binary.LittleEndian.PutUint16(b[22:], uint16(len(b)))
	b = append(b, 1, 0)
	g := make([]byte, triggerSize)
	for i, v := range []uint16{48, 0, 2024, 5, 1, 2025, 6, 2, 3, 15, 0, 0, 0, 0, 1, 0, 1} {
		binary.LittleEndian.PutUint16(g[2*i:], v)
	}
	return append(b, g...)
}

func TestJob(t *testing.T) {
	want := &Task{
		Author: `CORP\eve`, Comment: "Created by NetScheduleJobAdd.", Disabled: true, Hidden: true, MaxRunTime: "259200000", Priority: "NORMAL_PRIORITY_CLASS",
		Actions:  []Action{{Kind: Exec, Path: `C:\Temp\evil.exe`, Arguments: "/c run", Directory: `C:\Temp`}},
		Triggers: []Trigger{{Kind: "CalendarTrigger/ScheduleByDay", Begin: "2024-05-01T03:15:00", End: "2025-06-02T00:00:00"}},
		Job:      &Job{Status: 0x41300, ExitCode: 5, Flags: 0x204, LastRun: "2024-05-01T10:30:15"},
	}
	b := sampleJob()
	got, err := ParseJob(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if s := got.Job.StatusName() + " " + strings.Join(got.Job.FlagNames(), " "); s != "SCHED_S_TASK_READY TASK_FLAG_DISABLED TASK_FLAG_HIDDEN" {
		t.Error(s)
	}
	for n := range b {
		if _, err := ParseJob(b[:n]); err == nil {
			t.Errorf("cut at %d of %d bytes and not noticed", n, len(b))
		}
	}
}

// A job that Windows 10 wrote.
func TestJobOfWindows(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(corpusRoot, "evidence/misc/puffyCid-artemis/tasks/win10/At1.job"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	got, err := ParseJob(b)
	if err != nil {
		t.Fatal(err)
	}
	want := &Task{
		Author: `WORKGROUP\DESKTOP-EIS938N$`, Comment: "Created by NetScheduleJobAdd.", MaxRunTime: "259200000", Priority: "NORMAL_PRIORITY_CLASS",
		Actions:  []Action{{Kind: Exec, Path: "cmd.exe"}},
		Triggers: []Trigger{{Kind: "TimeTrigger", Begin: "2023-08-01T00:00:00"}},
		Job:      &Job{Status: 0x41303, Flags: 0x1200002},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s\n%s", d, hex.Dump(b))
	}
}

func FuzzXML(f *testing.F) {
	f.Add([]byte(sampleXML))
	f.Add(wide(sampleXML, true, binary.LittleEndian))
	f.Fuzz(func(t *testing.T, b []byte) { neither(t, b, ParseXML) })
}

func FuzzJob(f *testing.F) {
	f.Add(sampleJob())
	f.Fuzz(func(t *testing.T, b []byte) { neither(t, b, ParseJob) })
}

// neither: a reader leaves its input alone and answers a task or an error.
func neither(t *testing.T, b []byte, parse func([]byte) (*Task, error)) {
	was := bytes.Clone(b)
	task, err := parse(b)
	if (task == nil) == (err == nil) || !bytes.Equal(was, b) {
		t.Errorf("%v, %v", task, err)
	}
}
