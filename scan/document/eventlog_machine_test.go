package document

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
)

var update = flag.Bool("update", false, "rewrite the logs of testdata/roots/logs")

// The logs of the small machine are written by -update and otherwise are what
// it writes.
func TestMachineOfLogs(t *testing.T) {
	logon := []string{"TargetUserName", "LogonType", "IpAddress"}
	process := []string{"Image", "CommandLine", "Hashes"}
	event := func(c *evtxtest.Chunk, n int, provider, channel string, id uint16, level uint8, data evtxtest.Body) {
		c.Record(logTicks(3600*n), evtxtest.Event(evtxtest.System{
			Provider: provider, EventID: id, Level: level, Task: id % 100, Ticks: logTicks(3600 * n), RecordID: uint64(n + 1), Process: 640,
			Channel: channel, Computer: "ws-042.corp.example", SID: []byte{1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0},
		}, data))
	}
	var security, sysmon, system evtxtest.Log
	c := security.Chunk(1)
	for n, from := range []string{"10.0.0.5", "203.0.113.9", "10.0.0.7"} {
		event(c, n, "Microsoft-Windows-Security-Auditing", "Security", 4624, 0,
			evtxtest.EventData(1, logon, evtxtest.Str("anna"), evtxtest.U32(3), evtxtest.Str(from)))
	}
	c = sysmon.Chunk(1)
	event(c, 0, "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", 1, 4,
		evtxtest.EventData(2, process, evtxtest.Str(`C:\Windows\System32\cmd.exe`), evtxtest.Str(`cmd.exe /c whoami`), evtxtest.Str("MD5=5746BD7E255DD6A8AFA06F7C42C1BA41")))
	event(c, 1, "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", 1, 4,
		evtxtest.EventData(2, process, evtxtest.Str(`C:\Users\anna\AppData\Roaming\Microsoft\svchost32.exe`), evtxtest.Str(`svchost32.exe -k greyheron`), evtxtest.Str("MD5=F49F06920D70B8536E3848E2DAD1FA46")))
	c = system.Chunk(1)
	for n := range 3 {
		event(c, n, "Service Control Manager", "System", 7045, 4,
			evtxtest.EventData(3, []string{"ServiceName", "ImagePath"}, evtxtest.Str("GreyHeron"), evtxtest.Str(`C:\Windows\gh.exe`)))
	}
	c.Damage(func(b []byte) { clear(b[c.Offsets[1]:c.Offsets[2]]) }) // one record is lost

	for name, l := range map[string]*evtxtest.Log{
		"Security.evtx": &security, "Microsoft-Windows-Sysmon%4Operational.evtx": &sysmon, "System.evtx": &system,
	} {
		file := filepath.Join("../../testdata/roots/logs/Windows/System32/winevt/Logs", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, l.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, l.Bytes()) {
			t.Errorf("%s is not what -update writes: %v", name, err)
		}
	}
}
