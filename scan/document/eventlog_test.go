package document

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx/evtxtest"
	"iocscan/scan/source"
)

// logTicks is 2024-05-01T10:00:00Z plus seconds.
func logTicks(seconds int) uint64 { return 133590312000000000 + uint64(seconds)*1e7 }

// An eventSeen is what the records of a run answered, by label.
type eventSeen struct {
	Listing
	values   map[string]map[string][]string // by label and last part of the term
	errs     map[string]map[string]error
	json     map[string]string
	lost     []string
	troubles map[string]string
}

type eventRecorder struct {
	mu  *sync.Mutex
	doc match.Document
	out *eventSeen
}

func (r eventRecorder) Close() error { return nil }

func (r eventRecorder) Item(it match.Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	label := it.Label()
	if f, ok := it.(match.Folder); ok {
		r.out.lost = append(r.out.lost, label+": "+f.Err().Error())
		return nil
	}
	for r.out.values[label] != nil {
		label += " (again)"
	}
	values, errs := map[string][]string{}, map[string]error{}
	for n, f := range r.doc.Fields {
		term := strings.TrimPrefix(f.Term, "EventLogItem/")
		err := it.Each(n, func(v ioc.Value) bool {
			values[term] = append(values[term], strings.Clone(v.String()))
			return true
		})
		if err != nil {
			errs[term] = err
		}
	}
	r.out.values[label], r.out.errs[label] = values, errs
	r.out.json[label] = string(it.(interface{ Event() []byte }).Event())
	return nil
}

func runEvents(t *testing.T, src source.Source, scope Events, terms ...string) *eventSeen {
	t.Helper()
	d := events.With(terms)
	out := &eventSeen{
		values: map[string]map[string][]string{}, errs: map[string]map[string]error{},
		json: map[string]string{}, troubles: map[string]string{},
	}
	var mu, told sync.Mutex // troubles come while an item is taken
	registry := source.NewRegistry(src, source.RegistryOptions{})
	defer registry.Close()
	req := &Request{Source: src, Registry: registry, Events: scope, Trouble: func(object string, err error) {
		told.Lock()
		defer told.Unlock()
		out.troubles[object] = err.Error()
	}}
	l, err := d.Run(t.Context(), req, 2, func() Worker { return eventRecorder{&mu, d.Schema(), out} })
	if err != nil {
		t.Fatal(err)
	}
	out.Listing = l
	slices.Sort(out.lost)
	return out
}

func (s *eventSeen) labels() []string {
	var out []string
	for l := range s.values {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

const logFolder = `C:\Windows\System32\winevt\Logs\`

// logOf writes a log of one channel with the given event ids.
func logOf(channel string, ids ...uint16) string {
	var l evtxtest.Log
	c := l.Chunk(1)
	for i, id := range ids {
		c.Record(logTicks(i), evtxtest.Event(evtxtest.System{
			Provider: "Test-Provider", EventID: id, Level: 4, Ticks: logTicks(i), RecordID: uint64(i + 1), Channel: channel, Computer: "WS-1",
		}, evtxtest.EventData(1, []string{"Image", "", "Image"}, evtxtest.Str(`C:\evil.exe`), evtxtest.Str("second value"), evtxtest.Str("twice"))))
	}
	return string(l.Bytes())
}

func TestEventFields(t *testing.T) {
	var l evtxtest.Log
	c := l.Chunk(7)
	sid := []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0}
	other := []byte{1, 2, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 99, 0, 0, 0}
	guid := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	c.Record(logTicks(5), evtxtest.Event(evtxtest.System{
		Provider: "DCOM", EventID: 10009, Qualifiers: 0xc000, Level: 2, Task: 3, Ticks: logTicks(3), RecordID: 70, Process: 44, Channel: "System", Computer: "WS-1.corp", SID: sid,
	}, evtxtest.EventData(2, []string{"Path", "Number", "Guid", "", "Path"},
		evtxtest.Str(`C:\x.exe`), evtxtest.Hex64(0x1f4), evtxtest.Raw(0x0f, guid...), evtxtest.Str("loose"), evtxtest.Str("again"))))
	c.Record(0, evtxtest.Event(evtxtest.System{Provider: "P", EventID: 1, Level: 9, Ticks: logTicks(9), RecordID: 71, Channel: "System", Computer: "WS-1", SID: other}))
	src := source.NewMem(source.Windows).Add(logFolder+"System.evtx", string(l.Bytes()))
	got := runEvents(t, src, Events{}, "EventLogItem/EventData/PATH", "EventLogItem/EventData/Number", "EventLogItem/EventData/path",
		"EventLogItem/EventData/Guid", "EventLogItem/EventData/None", "EventLogItem/EventData/data", "EventLogItem/EID", "FileItem/FileName")

	if want := []string{"System record 70", "System record 71"}; !slices.Equal(got.labels(), want) || !got.Complete || !got.Full || got.Objects != 2 || len(got.troubles) != 0 {
		t.Fatalf("%q, %+v, %v", got.labels(), got.Listing, got.troubles)
	}
	want := map[string][]string{
		"log": {"System"}, "EID": {"10009", "3221235481"}, "index": {"70"}, "source": {"DCOM"}, "type": {"Error"}, "categoryNum": {"3"},
		"genTime": {"2024-05-01T10:00:03Z"}, "writeTime": {"2024-05-01T10:00:05Z"}, "machine": {"WS-1.corp"},
		"user": {"S-1-5-18", `NT AUTHORITY\SYSTEM`, "SYSTEM"}, "ExecutionProcessId": {"44"}, "ExecutionThreadId": {"44"},
		"unformattedMessage/string": {`C:\x.exe`, "0x1f4", "{00112233-4455-6677-8899-AABBCCDDEEFF}", "loose", "again"},
		"message": {`C:\x.exe 0x1f4 {00112233-4455-6677-8899-AABBCCDDEEFF} loose again`,
			`C:\x.exe`, "0x1f4", "{00112233-4455-6677-8899-AABBCCDDEEFF}", "loose", "again"},
		"EventData/PATH": {`C:\x.exe`, "again"}, "EventData/Number": {"0x1f4", "500"},
		"EventData/Guid": {"{00112233-4455-6677-8899-AABBCCDDEEFF}", "00112233-4455-6677-8899-AABBCCDDEEFF"}, "EventData/data": {"loose"},
	}
	if d := cmp.Diff(want, got.values["System record 70"]); d != "" {
		t.Error(d)
	}
	first, second := got.errs["System record 70"], got.errs["System record 71"]
	if len(first) != 2 || first["message"] != errMessage || first["category"] != errNoTables {
		t.Errorf("unknown: %v", first)
	}
	if len(second) != 3 || second["user"] != errAccountName {
		t.Errorf("unknown: %v", second)
	}
	v := got.values["System record 71"]
	if !slices.Equal(v["type"], []string{"9"}) || !slices.Equal(v["user"], []string{"S-1-5-21-99"}) || !slices.Equal(v["writeTime"], []string{"2024-05-01T10:00:09Z"}) {
		t.Errorf("%v", v)
	}
	if j := got.json["System record 70"]; !strings.HasPrefix(j, `{"Event":{`) || !strings.Contains(j, `"Number","Value":500`) || !strings.Contains(j, "WS-1.corp") {
		t.Errorf("event: %s", j)
	}
}

// A forwarded event carries the text of its message.
func TestEventMessage(t *testing.T) {
	var l evtxtest.Log
	el, text := evtxtest.El, func(name, s string) evtxtest.Element { return evtxtest.El(name, evtxtest.Text(s)) }
	l.Chunk(1).Record(logTicks(0), el("Event",
		el("System", el("Provider").With("Name", evtxtest.Text("P")).With("EventSourceName", evtxtest.Text("Old")), text("EventID", "4625"),
			text("Keywords", "0x8010000000000000"), text("Level", "0"), text("Channel", "Security")),
		el("EventData", evtxtest.Data("A", evtxtest.Text("x"))),
		el("RenderingInfo", text("Message", "An account failed to log on."), text("Task", "Logon")),
	))
	got := runEvents(t, source.NewMem(source.Windows).Add(logFolder+"F.evtx", string(l.Bytes())), Events{})
	v, errs := got.values["Security record 1"], got.errs["Security record 1"]
	for term, want := range map[string][]string{
		"message": {"An account failed to log on."}, "category": {"Logon"}, "EID": {"4625"}, "source": {"P", "Old"},
		"type": {"Failure Audit", "Audit Failure"}, "unformattedMessage/string": {"x"},
	} {
		if !slices.Equal(v[term], want) {
			t.Errorf("%s: %q, want %q", term, v[term], want)
		}
	}
	if len(errs) != 0 {
		t.Errorf("unknown: %v", errs)
	}
}

func TestEventScope(t *testing.T) {
	src := source.NewMem(source.Windows).
		Add(logFolder+"Security.evtx", logOf("System", 1, 2, 3)). // a name says nothing
		Add(logFolder+"Other.EVTX", logOf("Security", 4)).
		Add(logFolder+"Sysmon.evtx", logOf("Microsoft-Windows-Sysmon/Operational", 5)).
		Add(logFolder+"notes.txt", "no log")
	all := []string{"Microsoft-Windows-Sysmon/Operational record 1", "Security record 1", "System record 1", "System record 2", "System record 3"}
	for _, c := range []struct {
		scope Events
		want  []string
	}{
		{Events{}, all},
		{Events{Channels: []string{"SECURITY"}}, all[1:2]},
		{Events{Channels: []string{"Security"}, Prefixes: []string{"microsoft-windows-"}}, all[:2]},
		{Events{Channels: []string{"Security.evtx"}}, nil},
		{Events{Channels: []string{"System"}, Since: int64(logTicks(1))}, all[3:]},
		{Events{Channels: []string{"System"}, Until: int64(logTicks(1))}, all[2:4]},
		{Events{Since: int64(logTicks(1)), Until: int64(logTicks(1))}, all[3:4]},
		{Events{Since: int64(logTicks(1)) + 1}, all[4:]},
	} {
		got := runEvents(t, src, c.scope)
		if !slices.Equal(got.labels(), c.want) || got.Objects != uint64(len(c.want)) {
			t.Errorf("%+v: %q, want %q", c.scope, got.labels(), c.want)
		}
		if !got.Complete || got.Full != c.scope.whole() || len(got.troubles) != 0 {
			t.Errorf("%+v: %+v %v", c.scope, got.Listing, got.troubles)
		}
	}
}

// A record from elsewhere keeps its channel, so a log that collects such
// records is looked at to the end.
func TestEventCollectedLog(t *testing.T) {
	var l evtxtest.Log
	c := l.Chunk(1)
	for _, channel := range []string{"Application", "Security"} {
		c.Record(logTicks(0), evtxtest.El("Event",
			evtxtest.El("System", evtxtest.El("EventID", evtxtest.Text("1")), evtxtest.El("Channel", evtxtest.Text(channel))),
			evtxtest.El("RenderingInfo", evtxtest.El("Channel", evtxtest.Text(channel)))))
	}
	src := source.NewMem(source.Windows).Add(logFolder+"ForwardedEvents.evtx", string(l.Bytes()))
	if got := runEvents(t, src, Events{Channels: []string{"Security"}}); !slices.Equal(got.labels(), []string{"Security record 2"}) {
		t.Errorf("%q", got.labels())
	}
}

func TestEventDamage(t *testing.T) {
	damaged := func(f func(l *evtxtest.Log, c *evtxtest.Chunk)) string {
		var l evtxtest.Log
		c := l.Chunk(1)
		for i := range 3 {
			c.Record(logTicks(i), evtxtest.Event(evtxtest.System{Provider: "P", EventID: 1, Ticks: logTicks(i), RecordID: uint64(i + 1), Channel: "System", Computer: "WS"},
				evtxtest.EventData(1, []string{"A"}, evtxtest.Str("value"))))
		}
		f(&l, c)
		return string(l.Bytes())
	}
	for _, c := range []struct {
		name, content string
		records, lost int
		trouble       string
	}{
		{"sound", damaged(func(*evtxtest.Log, *evtxtest.Chunk) {}), 3, 0, ""},
		{"empty", damaged(func(*evtxtest.Log, *evtxtest.Chunk) {})[:4096], 0, 0, ""},
		{"overwritten record", damaged(func(_ *evtxtest.Log, c *evtxtest.Chunk) {
			c.Damage(func(b []byte) { clear(b[c.Offsets[1]:c.Offsets[2]]) })
		}), 2, 1, "1 record is missing"},
		{"overwritten chunk", damaged(func(_ *evtxtest.Log, c *evtxtest.Chunk) {
			c.Damage(func(b []byte) {
				for i := range b {
					b[i] = 'x'
				}
			})
		}), 0, 1, "no record could be read"},
		{"no log", "something else", 0, 1, "not an event log"},
		{"nothing", "", 0, 1, "not an event log"},
	} {
		src := source.NewMem(source.Windows).Add(logFolder+"A.evtx", c.content).Add(logFolder+"B.evtx", logOf("Other", 1))
		got := runEvents(t, src, Events{})
		trouble := got.troubles[logFolder+"A.evtx"]
		if got.Objects != uint64(c.records+1) || len(got.lost) != c.lost || !strings.Contains(trouble, c.trouble) || (trouble == "") != (c.trouble == "") {
			t.Errorf("%s: %d records, lost %q, trouble %q", c.name, got.Objects, got.lost, trouble)
		}
		if !got.Complete || got.Full != (c.lost == 0) || got.Unlisted != uint64(c.lost) {
			t.Errorf("%s: %+v", c.name, got.Listing)
		}
	}
}

func TestEventUnreadable(t *testing.T) {
	src := source.NewMem(source.Windows).
		Put(logFolder+"A.evtx", source.MemNode{OpenErr: errors.New("locked")}).
		Put(logFolder+"B.evtx", source.MemNode{Content: logOf("System", 1), ReadErr: errors.New("bad disk"), ReadOK: 4096}).
		Add(logFolder+"C.evtx", logOf("System", 1))
	got := runEvents(t, src, Events{})
	if got.Objects != 1 || len(got.lost) != 2 || got.Full || !got.Complete {
		t.Errorf("%+v, lost %q", got.Listing, got.lost)
	}
	if !strings.Contains(got.troubles[logFolder+"A.evtx"], "locked") || !strings.Contains(got.troubles[logFolder+"B.evtx"], "bad disk") {
		t.Errorf("%v", got.troubles)
	}
}

// Without a folder of logs nothing can be said; the logs of Windows XP are
// there and cannot be read.
func TestEventNoLogs(t *testing.T) {
	got := runEvents(t, source.NewMem(source.Windows).AddDir(`C:\Windows\System32`), Events{})
	if got.Complete || got.Full || !strings.Contains(got.Why, "no event logs") {
		t.Errorf("%+v", got.Listing)
	}
	got = runEvents(t, source.NewMem(source.Windows).Add(`C:\WINDOWS\system32\config\SysEvent.Evt`, "x"), Events{})
	if got.Full || got.Unlisted != 1 || len(got.troubles) != 1 {
		t.Errorf("%+v %v", got.Listing, got.troubles)
	}
}
