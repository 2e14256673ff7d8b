package document

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx/evtxtest"
	"iocscan/scan/source"
)

// A pastRecord is an event for a test: names and values of its data in turn.
type pastRecord struct {
	provider *pastProvider
	id       uint16
	at       int // seconds, see logTicks
	data     []any
}

// pastLog writes a log of such events.
func pastLog(events ...pastRecord) string {
	var l evtxtest.Log
	c := l.Chunk(1)
	for i, e := range events {
		var names []string
		var values []evtxtest.Value
		for k := 0; k < len(e.data); k += 2 {
			names = append(names, e.data[k].(string))
			switch v := e.data[k+1].(type) {
			case string:
				values = append(values, evtxtest.Str(v))
			case int:
				values = append(values, evtxtest.U32(uint32(v)))
			case evtxtest.Value:
				values = append(values, v)
			}
		}
		c.Record(logTicks(e.at), evtxtest.Event(evtxtest.System{
			Provider: e.provider.name, EventID: e.id, Ticks: logTicks(e.at), RecordID: uint64(i + 1), Channel: e.provider.channel, Computer: "WS-1",
		}, evtxtest.EventData(byte(i+1), names, values...)))
	}
	return string(l.Bytes())
}

// A pastSeen is what the items of a document answered: by label, "term: value,
// value" in the order of the terms, with a mark where more is unknown.
type pastSeen struct {
	Listing
	items map[string][]string
	lost  int
}

type pastRecorder struct {
	mu  *sync.Mutex
	doc match.Document
	out *pastSeen
}

func (r pastRecorder) Close() error { return nil }

func (r pastRecorder) Item(it match.Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := it.(match.Folder); ok {
		r.out.lost++
		return nil
	}
	label := it.Label()
	r.out.items[label] = []string{}
	for n, f := range r.doc.Fields {
		var values []string
		err := it.Each(n, func(v ioc.Value) bool {
			v.Each(func(v ioc.Value) bool {
				values = append(values, strings.Clone(v.String()))
				return true
			})
			return true
		})
		switch {
		case errors.Is(err, errNotLogged) && values == nil:
			continue
		case err != nil:
			values = append(values, "…")
		}
		_, term, _ := strings.Cut(f.Term, "/")
		r.out.items[label] = append(r.out.items[label], term+": "+strings.Join(values, " | "))
	}
	return nil
}

// runPast runs documents over one source.
func runPast(t *testing.T, src source.Source, scope Events, docs ...*pastDocument) []pastSeen {
	t.Helper()
	out := make([]pastSeen, len(docs))
	var parts []Part
	var mu sync.Mutex
	for i, d := range docs {
		out[i].items = map[string][]string{}
		req := &Request{Source: src, Past: scope, Trouble: func(string, error) {}}
		parts = append(parts, Part{d, req, func() Worker { return pastRecorder{&mu, d.Schema(), &out[i]} }})
	}
	ls, err := RunJointly(t.Context(), parts, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range ls {
		out[i].Listing = ls[i]
	}
	return out
}

// Each kind of event, and what it answers.
func TestPastEvents(t *testing.T) {
	const image = `C:\Windows\System32\cmd.exe`
	const when = "2019-04-27 15:57:53.368"
	forms := func(term string) string {
		return term + `: ` + image + ` | \Windows\System32\cmd.exe | C:\Windows\System32 | \Windows\System32 | Windows\System32`
	}
	stamp := "timestamp: 2019-04-27T15:57:53.368Z"
	const logTime = "2024-05-01T10:00:00Z"
	for _, c := range []struct {
		name string
		doc  *pastDocument
		pastRecord
		want []string
	}{
		{"Sysmon 1", &processEvents, pastRecord{sysmon, 1, 0, []any{
			"UtcTime", when, "ProcessId", 2680, "Image", image, "CommandLine", "cmd /c x", "User", `NT AUTHORITY\SYSTEM`,
			"Hashes", "SHA1=B4E581F173F782A2F1DA5D29C95946EE500EB2D0,MD5=42893ADBC36605EC79B5BD610759947E", "ParentProcessId", 44, "ParentImage", "?"}},
			[]string{"eventType: start", "process: cmd.exe", "pid: 2680", "parentPid: 44", `username: NT AUTHORITY\SYSTEM | SYSTEM`,
				"startTime: 2019-04-27T15:57:53.368Z", stamp, forms("processPath"), "md5: 42893adbc36605ec79b5bd610759947e", "processCmdLine: cmd /c x"}},
		{"Sysmon 1 of an old version with one hash", &processEvents, pastRecord{sysmon, 1, 0, []any{"Image", `\\srv\share\x.exe`, "Hashes", "SHA1=00"}},
			[]string{"eventType: start", "process: x.exe", "startTime: " + logTime, "timestamp: " + logTime, `processPath: \\srv\share\x.exe | \\srv\share | srv\share`}},
		{"Sysmon 5", &processEvents, pastRecord{sysmon, 5, 0, []any{"UtcTime", when, "ProcessId", 2680, "Image", image}},
			[]string{"eventType: end", "process: cmd.exe", "pid: 2680", stamp, forms("processPath")}},
		{"Security 4688", &processEvents, pastRecord{security, 4688, 0, []any{
			"SubjectUserSid", evtxtest.Raw(0x13, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0), "SubjectUserName", "PC01$", "SubjectDomainName", "EXAMPLE",
			"NewProcessId", evtxtest.Hex64(0x1fc), "NewProcessName", image, "ProcessId", "0x278", "CommandLine", "",
			"TargetUserSid", "S-1-0-0", "TargetUserName", "-", "TargetDomainName", "-", "ParentProcessName", `\Device\HarddiskVolume2\a\b.exe`}},
			[]string{"eventType: start", "process: cmd.exe", "pid: 508", "parentProcess: b.exe", "parentPid: 632",
				`username: EXAMPLE\PC01$ | PC01$ | SYSTEM | NT AUTHORITY\SYSTEM`, "startTime: " + logTime, "timestamp: " + logTime, forms("processPath"),
				`parentProcessPath: \Device\HarddiskVolume2\a\b.exe | \a\b.exe | \a | a | …`}},
		{"Security 4689", &processEvents, pastRecord{security, 4689, 0, []any{"SubjectUserName", "anna", "SubjectDomainName", "WS", "ProcessId", evtxtest.Hex64(4), "ProcessName", image}},
			[]string{"eventType: end", "process: cmd.exe", "pid: 4", `username: WS\anna | anna`, "timestamp: " + logTime, forms("processPath")}},
		{"Sysmon 7", &imageEvents, pastRecord{sysmon, 7, 0, []any{"UtcTime", when, "ProcessId", 1, "Image", image, "ImageLoaded", `C:\Users\a.b\version.DLL`}},
			[]string{"fileName: version.DLL", "fileExtension: DLL | .DLL", "drive: C: | C", `fullPath: C:\Users\a.b\version.DLL | \Users\a.b\version.DLL | Users\a.b\version.DLL`,
				`filePath: C:\Users\a.b | \Users\a.b | Users\a.b`, "process: cmd.exe", "pid: 1", forms("processPath"), stamp}},
		{"Sysmon 11", &fileEvents, pastRecord{sysmon, 11, 0, []any{"UtcTime", when, "ProcessId", 1, "Image", "System", "TargetFilename", `C:\noext`, "User", `WS\anna`}},
			[]string{"fileName: noext", "fileExtension: ", "drive: C: | C", `fullPath: C:\noext | \noext | noext`, `filePath: C:\ | \`,
				"process: System", "pid: 1", "processPath: System", `username: WS\anna | anna`, stamp}},
		{"Sysmon 15", &fileEvents, pastRecord{sysmon, 15, 0, []any{"UtcTime", when, "TargetFilename", `D:\x\y.zip:Zone.Identifier`, "Hash", "MD5=0D277DF348223E0F135194A11E581401"}},
			[]string{"fileName: y.zip", "fileExtension: zip | .zip", "drive: D: | D", `fullPath: D:\x\y.zip:Zone.Identifier | D:\x\y.zip | \x\y.zip | x\y.zip`,
				`filePath: D:\x | \x | x`, stamp, "md5: 0d277df348223e0f135194a11e581401"}},
		{"Security 4663", &fileEvents, pastRecord{security, 4663, 0, []any{"SubjectUserName", "anna", "ObjectType", "File", "ObjectName", `\Device\Mup\srv\share\f.txt`, "AccessMask", "0x6",
			"ProcessId", evtxtest.Hex64(9), "ProcessName", image}},
			[]string{"fileName: f.txt", "fileExtension: txt | .txt", "drive: ", `fullPath: \Device\Mup\srv\share\f.txt | \\srv\share\f.txt | srv\share\f.txt`,
				`filePath: \Device\Mup\srv\share | \\srv\share | srv\share`, `devicePath: \Device\Mup\srv\share\f.txt`,
				"process: cmd.exe", "pid: 9", forms("processPath"), "username: anna", "timestamp: " + logTime}},
		{"Sysmon 12, a key", &keyEvents, pastRecord{sysmon, 12, 0, []any{"EventType", "CreateKey", "UtcTime", when, "Image", image, "TargetObject", `HKLM\System\CurrentControlSet\Services\x`}},
			[]string{"valueName: ", `path: HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\x | HKLM\SYSTEM\CurrentControlSet\Services\x`,
				`keyPath: HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\x | CurrentControlSet\Services\x | \CurrentControlSet\Services\x | SYSTEM\CurrentControlSet\Services\x | \SYSTEM\CurrentControlSet\Services\x | ` +
					`HKLM\SYSTEM\CurrentControlSet\Services\x | CurrentControlSet\Services\x | \CurrentControlSet\Services\x | SYSTEM\CurrentControlSet\Services\x | \SYSTEM\CurrentControlSet\Services\x`,
				`hive: HKEY_LOCAL_MACHINE\SYSTEM | HKEY_LOCAL_MACHINE | HKLM\SYSTEM | HKLM`, "originalPath: ", "valueType: ", "text: ", "process: cmd.exe", forms("processPath"), stamp}},
		{"Sysmon 13, a number", &keyEvents, pastRecord{sysmon, 13, 0, []any{"EventType", "SetValue", "TargetObject", `HKLM\BCD00000000\a\(Default)`, "Details", "QWORD (0x00000001-0x00000002)"}},
			[]string{"valueName: (Default) | ", `path: HKEY_LOCAL_MACHINE\BCD00000000\a\(Default) | HKEY_LOCAL_MACHINE\BCD00000000\a | HKLM\BCD00000000\a\(Default) | HKLM\BCD00000000\a`,
				`keyPath: HKEY_LOCAL_MACHINE\BCD00000000\a | a | \a | BCD00000000\a | \BCD00000000\a | HKLM\BCD00000000\a | a | \a | BCD00000000\a | \BCD00000000\a`,
				`hive: HKEY_LOCAL_MACHINE\BCD00000000 | HKEY_LOCAL_MACHINE | HKLM\BCD00000000 | HKLM`, "originalPath: ", "valueType: REG_QWORD | 11", "text: 4294967298", "timestamp: " + logTime}},
		{"Sysmon 22", &lookupEvents, pastRecord{sysmon, 22, 0, []any{"UtcTime", when, "ProcessId", 7, "QueryName", "c2.example.", "Image", image}},
			[]string{"hostname: c2.example. | c2.example", "process: cmd.exe", "pid: 7", forms("processPath"), stamp}},
		{"DNS Client 3008", &lookupEvents, pastRecord{resolver, 3008, 0, []any{"QueryName", "c2.example", "QueryType", 1}},
			[]string{"hostname: c2.example", "timestamp: " + logTime}},
		{"Sysmon 3, outbound", &connectionEvents, pastRecord{sysmon, 3, 0, []any{"Protocol", "tcp", "Initiated", evtxtest.Raw(0x0d, 1, 0, 0, 0), "SourceIp", "10.0.0.1", "SourcePort", evtxtest.U16(50000),
			"DestinationIp", "192.0.2.7", "DestinationPort", evtxtest.U16(443)}},
			[]string{"remoteIP: 192.0.2.7", "remotePort: 443", "localIP: 10.0.0.1", "localPort: 50000", "protocol: tcp", "timestamp: " + logTime}},
		{"Sysmon 3, inbound", &connectionEvents, pastRecord{sysmon, 3, 0, []any{"Initiated", "false", "SourceIp", "192.0.2.7", "SourcePort", "50000", "DestinationIp", "10.0.0.1", "DestinationPort", "445"}},
			[]string{"remoteIP: 192.0.2.7", "remotePort: 50000", "localIP: 10.0.0.1", "localPort: 445", "timestamp: " + logTime}},
		{"Security 5156, inbound", &connectionEvents, pastRecord{security, 5156, 0, []any{"ProcessID", evtxtest.U64(820), "Application", `\device\harddiskvolume1\windows\a.exe`, "Direction", "%%14592",
			"SourceAddress", "192.0.2.7", "SourcePort", "50000", "DestAddress", "10.0.0.1", "DestPort", "3389", "Protocol", 6}},
			[]string{"remoteIP: 192.0.2.7", "remotePort: 50000", "localIP: 10.0.0.1", "localPort: 3389", "protocol: 6 | TCP", "process: a.exe", "pid: 820",
				`processPath: \device\harddiskvolume1\windows\a.exe | \windows\a.exe | \windows | windows | …`, "timestamp: " + logTime}},
		{"Security 5158", &connectionEvents, pastRecord{security, 5158, 0, []any{"SourceAddress", "0.0.0.0", "SourcePort", "55355", "Protocol", 17}},
			[]string{"remoteIP: ", "remotePort: ", "localIP: 0.0.0.0", "localPort: 55355", "protocol: 17 | UDP", "timestamp: " + logTime}},
		{"BITS Client 59", &urlEvents, pastRecord{transfer, 59, 0, []any{"url", "https://user@dl.example:8080/a/b.7z?x=1"}},
			[]string{"hostname: dl.example", "requestUrl: https://user@dl.example:8080/a/b.7z?x=1 | /a/b.7z?x=1", "timestamp: " + logTime}},
		{"BITS Client 60, a copy of a file", &urlEvents, pastRecord{transfer, 60, 0, []any{"url", `C:\Windows\system32\cmd.exe`}},
			[]string{"hostname: ", `requestUrl: C:\Windows\system32\cmd.exe`, "timestamp: " + logTime}},
	} {
		src := source.NewMem(source.Windows).Add(logFolder+"A.evtx", pastLog(c.pastRecord))
		got := runPast(t, src, Events{}, c.doc)[0]
		if d := cmp.Diff(map[string][]string{c.provider.channel + " record 1": c.want}, got.items); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if complete := c.doc.partial == ""; got.Complete != complete || got.Full || got.Objects != 1 {
			t.Errorf("%s: %+v", c.name, got.Listing)
		}
	}
}

// What is none of a class is no item of it, and where a log has none of a class
// nothing is said of it.
func TestPastClasses(t *testing.T) {
	v6 := []any{"Initiated", "true", "SourceIp", "fe80::1", "DestinationIp", "fe80::2"}
	other := pastProvider{"Somebody-Else", "Else", "Microsoft-Windows-Sysmon/Operational"}
	src := source.NewMem(source.Windows).Add(logFolder+"A.evtx", pastLog(
		pastRecord{sysmon, 1, 0, []any{"Image", `C:\a.exe`}},
		pastRecord{&other, 1, 0, []any{"Image", `C:\b.exe`}},
		pastRecord{sysmon, 3, 0, v6},
		pastRecord{security, 4663, 0, []any{"ObjectType", "Key", "AccessMask", "0x2"}},
		pastRecord{security, 4663, 0, []any{"ObjectType", "File", "AccessMask", "0x1"}},
		pastRecord{sysmon, 255, 0, nil},
	))
	got := runPast(t, src, Events{}, &processEvents, &connectionEvents, &fileEvents)
	for i, want := range []struct {
		items int
		why   string
	}{
		{1, ""},
		{0, "no such event is in the logs looked at; they would be Sysmon 3; Security 5154, 5156, 5157, 5158"},
		{0, "no such event is in the logs looked at; they would be Sysmon 11, 15; Security 4663"},
	} {
		if g := got[i]; len(g.items) != want.items || g.Objects != uint64(want.items) || g.Complete != (want.why == "") || g.Why != want.why || g.Full || g.lost != 0 {
			t.Errorf("%d: %+v", i, g)
		}
	}
}

// One damaged log leaves every document in doubt.
func TestPastDamage(t *testing.T) {
	src := source.NewMem(source.Windows).
		Add(logFolder+"A.evtx", pastLog(pastRecord{sysmon, 1, 0, []any{"Image", `C:\a.exe`}}, pastRecord{sysmon, 22, 0, []any{"QueryName", "a"}})).
		Add(logFolder+"B.evtx", "no log")
	for i, g := range runPast(t, src, Events{}, &processEvents, &lookupEvents) {
		if len(g.items) != 1 || g.lost != 1 || g.Unlisted != 1 || !g.Complete {
			t.Errorf("%d: %+v", i, g)
		}
	}
	none := runPast(t, source.NewMem(source.Windows).AddDir(`C:\Windows\System32`), Events{}, &processEvents)[0]
	if none.Complete || !strings.Contains(none.Why, "no event logs") {
		t.Errorf("%+v", none.Listing)
	}
}

// Channels and times say which records count.
func TestPastScope(t *testing.T) {
	start := func(at int) pastRecord { return pastRecord{sysmon, 1, at, []any{"Image", `C:\a.exe`}} }
	src := source.NewMem(source.Windows).Add(logFolder+"A.evtx", pastLog(start(0), start(1), start(2), pastRecord{security, 4688, 1, []any{"NewProcessName", `C:\b.exe`}}))
	for _, c := range []struct {
		scope Events
		want  int
	}{
		{Events{}, 4},
		{Events{Channels: []string{"security", "Microsoft-Windows-Sysmon/Operational"}}, 4},
		{Events{Channels: []string{"microsoft-windows-sysmon/operational"}}, 3},
		{Events{Since: int64(logTicks(1)), Until: int64(logTicks(1))}, 2},
	} {
		if got := runPast(t, src, c.scope, &processEvents)[0]; len(got.items) != c.want {
			t.Errorf("%+v: %d items, want %d", c.scope, len(got.items), c.want)
		}
	}
}
