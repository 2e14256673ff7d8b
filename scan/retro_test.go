package scan_test

import (
	"slices"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/internal/evtx/evtxtest"
	"iocscan/scan/source"
)

// retroTicks is 2024-05-01T00:00:00Z plus ticks.
const retroTicks = 133589952000000000

const second = 10_000_000

// retroLog is a log of one provider and channel with an event at each moment,
// in ticks after retroTicks, whose data has one value.
func retroLog(provider, channel string, id uint16, name string, values []string, at ...int64) string {
	var l evtxtest.Log
	c := l.Chunk(1)
	for i, a := range at {
		when := uint64(retroTicks + a)
		c.Record(when, evtxtest.Event(evtxtest.System{Provider: provider, EventID: id, Ticks: when, RecordID: uint64(i + 1), Channel: channel, Computer: "WS"},
			evtxtest.EventData(1, []string{name}, evtxtest.Str(values[i%len(values)]))))
	}
	return string(l.Bytes())
}

func retroScan(t *testing.T, src source.Source, retro, criteria string) *scan.Result {
	t.Helper()
	f := ioc.Parse("test.ioc", []byte(`<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="x" last-modified="2020-01-01T00:00:00" published-date="0001-01-01T00:00:00"><metadata/><criteria>`+
		criteria+`</criteria></OpenIOC>`))
	plan, err := scan.NewPlan(t.Context(), scan.Config{Collection: &ioc.Collection{Files: []*ioc.File{f}}, Source: src, Retro: retro})
	if err != nil {
		t.Fatal(err)
	}
	r, err := plan.Run(t.Context(), noSink{}, &document.Progress{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func retroItem(term, condition, content string) string {
	doc, _, _ := strings.Cut(term, "/")
	return `<Indicator operator="OR" id="o"><IndicatorItem id="c" condition="` + condition + `" negate="false" preserve-case="false"><Context document="` + doc + `" search="` + term +
		`" type="mir"/><Content type="string">` + content + `</Content></IndicatorItem></Indicator>`
}

// What lies in the interval is an item, what does not is none, and "clear" is
// said only where the logs reach over all of it.
func TestRetro(t *testing.T) {
	const logs, day = `C:\Windows\System32\winevt\Logs\`, 86400 * second
	// The interval is the second of May: [day, 2*day).
	const retro = "2024-05-02..2024-05-02"
	starts := []string{`C:\old.exe`, `C:\first.exe`, `C:\last.exe`, `C:\new.exe`}
	all := []int64{0, day, 2*day - 1, 2 * day}
	sysmon := func(at ...int64) string {
		return retroLog("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", 1, "Image", starts[4-len(at):], at...)
	}
	for _, c := range []struct {
		name, log, term, content string
		verdict, status, reason  string
		scanned                  uint64
		note                     string
	}{
		{"the first instant", sysmon(all...), "processEvent/process", "first.exe", "matched", scan.Complete, "", 2, "covers the interval"},
		{"the last instant", sysmon(all...), "eventItem/processEvent/process", "last.exe", "matched", scan.Complete, "", 2, ""},
		{"before", sysmon(all...), "processEvent/process", "old.exe", "clear", scan.Complete, "", 2, ""},
		{"behind", sysmon(all...), "processEvent/process", "new.exe", "clear", scan.Complete, "", 2, ""},
		{"an overwritten log", sysmon(all[1:]...), "processEvent/process", "none.exe", "clear", scan.Complete, "", 2, ""},
		{"a log that begins later", sysmon(all[2:]...), "processEvent/process", "none.exe", "undetermined", scan.Partial, "nothing covers the whole interval", 1, "covers the interval from 2024-05-02T23:59:59Z"},
		{"a log that ends earlier", sysmon(0, day, day+1, day+2), "processEvent/process", "none.exe", "undetermined", scan.Partial, "nothing covers", 3, "covers the interval to"},
		{"an empty interval", sysmon(0, 1, 2*day, 2*day+1), "processEvent/process", "none.exe", "clear", scan.Complete, "", 0, "nothing of the interval was found"},
		{"another class", sysmon(all...), "dnsLookupEvent/hostname", "none", "undetermined", scan.Partial, "no such event is in the logs", 0, "nothing of the interval"},
		{"records, in it", retroLog("P", "System", 1, "A", []string{"x"}, all...), "EventLogItem/index", "2", "matched", scan.Complete, "", 2, "System: from 2024-05-01T00:00:00Z to 2024-05-03T00:00:00Z, covers the interval"},
		{"records, not in it", retroLog("P", "System", 1, "A", []string{"x"}, all...), "EventLogItem/index", "1", "clear", scan.Complete, "", 2, ""},
		{"records of a part", retroLog("P", "System", 1, "A", []string{"x"}, all[2:]...), "EventLogItem/index", "7", "undetermined", scan.Partial, "nothing covers", 1, ""},
		{"a stand-in of the interval", retroLog("Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client/Operational", 3008, "QueryName", []string{"c2.example"}, all...),
			"Network/DNS", "c2.example", "matched", scan.Partial, "can only confirm", 2, ""},
		{"a stand-in", retroLog("Microsoft-Windows-DNS-Client", "Microsoft-Windows-DNS-Client/Operational", 3008, "QueryName", []string{"c2.example"}, all...),
			"Network/DNS", "c3.example", "undetermined", scan.Partial, "can only confirm", 2, ""},
		{"a process as logged", sysmon(all...), "ProcessItem/name", "first.exe", "matched", scan.Partial, "can only confirm", 2, ""},
		{"a process as logged, not of the interval", sysmon(all...), "ProcessItem/name", "new.exe", "undetermined", scan.Partial, "can only confirm", 2, ""},
		{"a file as logged", retroLog("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", 11, "TargetFilename", []string{`C:\gone.txt`}, all...),
			"FileItem/FileName", "gone.txt", "matched", scan.Complete, "", 2, "only the last times"},
		{"no times", sysmon(all...), "SystemInfoItem/hostname", "x", "undetermined", scan.Unavailable, "have no times", 0, ""},
	} {
		src := source.NewMem(source.Windows).Add(logs+"A.evtx", c.log)
		r := retroScan(t, src, retro, retroItem(c.term, "is", c.content))
		d := r.Documents[0]
		if r.IOCs[0].Verdict != c.verdict || d.Status != c.status || !strings.Contains(d.Reason, c.reason) || d.Scanned != c.scanned {
			t.Errorf("%s: %s, %+v", c.name, r.IOCs[0].Verdict, d)
		}
		if !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, c.note) }) && c.note != "" {
			t.Errorf("%s: notes %q", c.name, d.Notes)
		}
		if i := r.Scan.Interval; i == nil || i.From != "2024-05-02T00:00:00Z" || i.To != "2024-05-02T23:59:59Z" {
			t.Errorf("%s: interval %+v", c.name, i)
		}
	}
}

// Files have times, some of which may not be readable.
func TestRetroFiles(t *testing.T) {
	day := func(d int) int64 { return retroTicks + int64(d)*86400*second }
	at := func(d int) source.Info {
		return source.Info{Modified: day(d), Created: day(d), Accessed: day(d), Changed: day(d)}
	}
	src := source.NewMem(source.Windows).
		Add(`C:\in.txt`, "x", at(1)).
		Add(`C:\out.txt`, "x", at(3))
	for name, want := range map[string]string{"in.txt": "matched", "out.txt": "clear"} {
		r := retroScan(t, src, "2024-05-02..2024-05-02", retroItem("FileItem/FileName", "is", name))
		if r.IOCs[0].Verdict != want || r.Documents[0].Scanned == 0 {
			t.Errorf("%s: %s, %+v", name, r.IOCs[0].Verdict, r.Documents)
		}
	}
}

func TestRetroUsage(t *testing.T) {
	for _, c := range []scan.Config{
		{Retro: "tomorrow"},
		{Retro: "2024-05-02..2024-05-01"},
		{Retro: "2024-05-01..2024-05-02", Since: "2024-05-01"},
		{Retro: "default", Until: "2024-05-01"},
	} {
		c.Collection, c.Source = &ioc.Collection{}, source.NewMem(source.Windows)
		if _, err := scan.NewPlan(t.Context(), c); err == nil || !strings.Contains(err.Error(), "--retro") {
			t.Errorf("%q: %v", c.Retro, err)
		}
	}
}
