package scan_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"iocscan/ioc"
	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/source"
)

// usual are twenty conditions in the branches in which IOCs have such. Six
// stand alone, so that every record is asked for all it has.
var usual = [][][3]string{
	{{"EID", "is", "1"}, {"log", "contains", "sysmon"},
		{"EventData/Image", "ends-with", `\rundll32.exe`}, {"EventData/ParentImage", "ends-with", `\winword.exe`}},
	{{"EID", "is", "4688"}, {"log", "is", "Security"}, {"EventData/CommandLine", "contains", "-enc"}},
	{{"EID", "is", "3221235481"}, {"source", "is", "Service Control Manager"}, {"machine", "ends-with", ".corp.example"}},
	{{"EventData/TargetUserName", "is", "administrator"}, {"EventData/LogonType", "is", "10"},
		{"EventData/IpAddress", "starts-with", "10."}, {"user", "is", "S-1-5-18"}},
	{{"EventData/Hashes", "contains", "d41d8cd98f00b204e9800998ecf8427e"}},
	{{"EventData/ServiceName", "contains", "psexesvc"}},
	{{"unformattedMessage/string", "contains", "powersploit"}},
	{{"unformattedMessage/string", "contains", "mimikatz"}},
	{{"unformattedMessage/string", "contains", `\admin$`}},
	{{"unformattedMessage/string", "contains", "evil.example.com"}},
}

// responders are twenty conditions in five IOC files as those who look into an
// incident write them: some find many records, some none.
var responders = [][][][3]string{
	{{{"EID", "is", "4624"}, {"log", "is", "Security"}, {"EventData/LogonType", "is", "3"}, {"EventData/TargetUserName", "is", "administrator"}}},
	{{{"EID", "is", "1"}, {"log", "contains", "sysmon"}, {"EventData/Image", "ends-with", `\powershell.exe`}},
		{{"EID", "is", "4688"}, {"EventData/CommandLine", "contains", "-enc"}}},
	{{{"EID", "is", "7045"}, {"source", "is", "Service Control Manager"}, {"EventData/ServiceName", "contains", "psexesvc"}}},
	{{{"message", "contains", "mimikatz"}}, {{"message", "contains", "regsvr32"}, {"message", "contains", " /s "}}},
	{{{"EID", "is", "3221235481"}, {"source", "is", "DCOM"}},
		{{"user", "is", "S-1-5-18"}, {"genTime", "greater-than", "2019-01-01T00:00:00Z"}, {"EventData/TargetFilename", "contains", `\temp\`}}},
}

// eventIOC is an IOC of one branch for each set of conditions.
func eventIOC(t testing.TB, branches ...[][3]string) *ioc.Collection {
	t.Helper()
	return eventIOCs(t, branches)
}

// eventIOCs is a collection of such IOCs.
func eventIOCs(t testing.TB, files ...[][][3]string) *ioc.Collection {
	t.Helper()
	dir := t.TempDir()
	for i, branches := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("events%d.ioc", i)), eventXML(i, branches), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	coll, err := ioc.Load([]string{dir}, ioc.Options{MaxSize: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	return coll
}

func eventXML(id int, branches [][][3]string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="i%d" last-modified="2024-01-01T00:00:00" published-date="2024-01-01T00:00:00"><metadata/><criteria><Indicator id="top" operator="OR">`, id)
	for i, conds := range branches {
		fmt.Fprintf(&b, `<Indicator id="and-%d" operator="AND">`, i)
		for k, c := range conds {
			var content bytes.Buffer
			for _, r := range c[2] {
				fmt.Fprintf(&content, "&#x%x;", r)
			}
			fmt.Fprintf(&b, `<IndicatorItem id="c-%d-%d" condition="%s" preserve-case="false" negate="false"><Context document="EventLogItem" search="EventLogItem/%s" type="mir"/><Content type="string">%s</Content></IndicatorItem>`,
				i, k, c[1], c[0], content.Bytes())
		}
		b.WriteString(`</Indicator>`)
	}
	b.WriteString(`</Indicator></criteria></OpenIOC>`)
	return b.Bytes()
}

type silent struct{}

func (silent) Begin(*scan.Header) error    { return nil }
func (silent) Match(*scan.Match) error     { return nil }
func (silent) Trouble(*scan.Trouble) error { return nil }
func (silent) End(*scan.Result) error      { return nil }

// scanLogs searches event logs and nothing else.
func scanLogs(t testing.TB, coll *ioc.Collection, paths ...string) *scan.Result {
	t.Helper()
	logs, err := source.LooseFiles(paths, ".evtx", "ElfFile\x00")
	if err != nil {
		t.Fatal(err)
	}
	src := source.OpenArtifacts("logs", source.Logs)
	defer src.Close()
	cfg := scan.Config{Collection: coll, Source: src, Logs: logs}
	cfg.Header.Scan.Options.Jobs, cfg.Header.Scan.Options.MaxObjects = 1, 1000
	plan, err := scan.NewPlan(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := plan.Run(t.Context(), silent{}, &document.Progress{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// BenchmarkEvents searches a log for twenty conditions: the one that EVTX_LOG
// names, else the events of the shared corpus. What it is measured by is the
// time that BenchmarkLibrary of scan/internal/evtx takes for the same log.
func BenchmarkEvents(b *testing.B) {
	path := os.Getenv("EVTX_LOG")
	if path == "" {
		if path = "../../shared/corpus/evidence/evtx"; !exists(path) {
			b.Skip("no shared corpus beside the repository")
		}
	}
	var alone [][][3]string
	for _, branch := range usual {
		for _, c := range branch {
			alone = append(alone, [][3]string{c})
		}
	}
	for _, load := range []struct {
		name  string
		files [][][][3]string
	}{
		{"branches", [][][][3]string{usual}},
		{"responders", responders},
		{"alone", [][][][3]string{alone}}, // each finds what it can
	} {
		b.Run(load.name, func(b *testing.B) {
			coll := eventIOCs(b, load.files...)
			b.ReportAllocs()
			var matches uint64
			for b.Loop() {
				r := scanLogs(b, coll, path)
				matches = 0
				for i := range r.IOCs {
					matches += r.IOCs[i].MatchCount
				}
				b.SetBytes(int64(r.Summary.BytesRead))
			}
			b.ReportMetric(float64(matches), "matches")
		})
	}
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }
