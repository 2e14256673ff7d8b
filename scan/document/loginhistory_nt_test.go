package document

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/internal/evtx/evtxtest"
	"iocscan/scan/source"
)

func logonRecord4624(at int, user string, kind int, from string, id uint64) pastRecord {
	return pastRecord{security, 4624, at, []any{"TargetUserName", user, "TargetDomainName", "EXAMPLE", "TargetLogonId", evtxtest.Hex64(id), "LogonType", kind,
		"WorkstationName", "-", "ProcessId", evtxtest.Hex64(0x2c4), "IpAddress", from}}
}

func logoffRecord(event uint16, at int, id uint64) pastRecord {
	return pastRecord{security, event, at, []any{"TargetUserName", "anna", "TargetDomainName", "EXAMPLE", "TargetLogonId", evtxtest.Hex64(id)}}
}

// Sessions of the security log: a logon with its logoff, which is first asked
// for, one that the next start ended, a failed one, a logoff alone.
func TestLogons(t *testing.T) {
	src := source.NewMem(source.Windows).Add(logFolder+"Security.evtx", pastLog(
		logonRecord4624(0, "anna", 10, "192.0.2.7", 0x51),
		logoffRecord(4647, 50, 0x51),
		logoffRecord(4634, 60, 0x51),
		logonRecord4624(70, "bert", 3, "2001:db8::9", 0x52),
		pastRecord{security, 4608, 100, nil},
		logonRecord4624(110, "bert", 2, "-", 0x52),
		pastRecord{security, 4625, 120, []any{"TargetUserName", "admin", "TargetDomainName", "", "LogonType", 3, "WorkstationName", "KALI", "ProcessId", evtxtest.Hex64(0), "IpAddress", "::ffff:198.51.100.4"}},
		logoffRecord(4634, 130, 0x99),
	))
	got := tell(t, &logins, src)
	got.says(t, `
		Interactive logon of bert at 2024-05-01T10:01:50Z (process 708) in C:\Windows\System32\winevt\Logs\Security.evtx record 6
		  Username = EXAMPLE\bert | bert
		  RecordType = Interactive | 2
		  StartTime = 2024-05-01T10:01:50Z
		  EndTime = ?
		  SessionLength = ?
		  Terminal = ?
		  Hostname = ?
		  IPv4Address = ?
		  IPv6Address = ?
		  IsRemoteLogin = false
		  IsFailedLogin = false
		  PID = 708
		  Path = C:\Windows\System32\winevt\Logs\Security.evtx
		Network failed logon of admin from KALI at 2024-05-01T10:02:00Z in C:\Windows\System32\winevt\Logs\Security.evtx record 7
		  Username = admin
		  RecordType = Network | 3
		  StartTime = 2024-05-01T10:02:00Z
		  Terminal = ?
		  Hostname = KALI
		  IPv4Address = 198.51.100.4
		  IsRemoteLogin = true
		  IsFailedLogin = true
		  Path = C:\Windows\System32\winevt\Logs\Security.evtx
		Network logon of bert from 2001:db8::9 at 2024-05-01T10:01:10Z (process 708) in C:\Windows\System32\winevt\Logs\Security.evtx record 4
		  Username = EXAMPLE\bert | bert
		  RecordType = Network | 3
		  StartTime = 2024-05-01T10:01:10Z
		  EndTime = 2024-05-01T10:01:40Z ~
		  SessionLength = 00:00:30 | 30 ~
		  Terminal = ?
		  Hostname = ?
		  IPv6Address = 2001:db8::9
		  IsRemoteLogin = true
		  IsFailedLogin = false
		  PID = 708
		  Path = C:\Windows\System32\winevt\Logs\Security.evtx
		RemoteInteractive logon of anna from 192.0.2.7 at 2024-05-01T10:00:00Z (process 708) in C:\Windows\System32\winevt\Logs\Security.evtx record 1
		  Username = EXAMPLE\anna | anna
		  RecordType = RemoteInteractive | 10
		  StartTime = 2024-05-01T10:00:00Z
		  EndTime = 2024-05-01T10:01:00Z
		  SessionLength = 00:01:00 | 60
		  Terminal = ?
		  Hostname = ?
		  IPv4Address = 192.0.2.7
		  IsRemoteLogin = true
		  IsFailedLogin = false
		  PID = 708
		  Path = C:\Windows\System32\winevt\Logs\Security.evtx
		logoff of anna at 2024-05-01T10:02:10Z in C:\Windows\System32\winevt\Logs\Security.evtx record 8
		  Username = EXAMPLE\anna | anna
		  RecordType = ?
		  StartTime = ?
		  EndTime = 2024-05-01T10:02:10Z
		  SessionLength = ?
		  Terminal = ?
		  Hostname = ?
		  IPv4Address = ?
		  IPv6Address = ?
		  IsRemoteLogin = ?
		  IsFailedLogin = false
		  PID = ?
		  Path = C:\Windows\System32\winevt\Logs\Security.evtx
	`)
	if !got.Complete || got.Full || got.Objects != 5 || len(got.troubles) > 0 || got.Spans["Security"] != (Span{int64(logTicks(0)), int64(logTicks(130))}) {
		t.Errorf("%+v", got.Listing)
	}
}

// What a type of logon and an address say of where the user was.
func TestLogonRemote(t *testing.T) {
	for _, c := range []struct {
		kind int
		from string
		want string
	}{
		{2, "127.0.0.1", "false"}, {3, "-", "true"}, {3, "::1", "false"}, {5, "-", "false"}, {7, "-", "false"}, {7, "192.0.2.7", "true"},
		{8, "-", "true"}, {9, "::1", "false"}, {10, "192.0.2.7", "true"}, {11, "-", "false"}, {12, "-", "true"}, {99, "-", "?"}, {99, "192.0.2.7", "true"},
	} {
		src := source.NewMem(source.Windows).Add(logFolder+"Security.evtx", pastLog(logonRecord4624(0, "anna", c.kind, c.from, 1)))
		if got := tell(t, &logins, src); !strings.Contains(got.text, "\n  IsRemoteLogin = "+c.want+"\n") {
			t.Errorf("type %d from %s: %s", c.kind, c.from, got.text)
		}
	}
}

// Terminal services have logs of their own.
func TestLogonTerminals(t *testing.T) {
	session := func(id uint16, at int, from string) pastRecord {
		return pastRecord{terminals, id, at, []any{"User", `WS\anna`, "SessionID", 2, "Address", from}}
	}
	src := source.NewMem(source.Windows).
		Add(logFolder+"LSM.evtx", pastLog(session(21, 0, "LOCAL"), session(24, 5, "LOCAL"), session(25, 10, "192.0.2.7"), session(24, 30, "192.0.2.7"), session(23, 40, ""))).
		Add(logFolder+"RCM.evtx", pastLog(pastRecord{connections, 1149, 9, []any{"Param1", "anna", "Param2", "WS", "Param3", "192.0.2.7"}})).
		Add(logFolder+"Security.evtx", pastLog(pastRecord{security, 4608, 0, nil}))
	got := tell(t, &logins, src)
	for _, want := range []string{
		"SessionLogon of terminal services of anna at 2024-05-01T10:00:00Z in C:\\Windows\\System32\\winevt\\Logs\\LSM.evtx record 1\n" +
			"  Username = WS\\anna | anna\n  RecordType = SessionLogon\n  StartTime = 2024-05-01T10:00:00Z\n  EndTime = 2024-05-01T10:00:40Z\n  SessionLength = 00:00:40 | 40\n" +
			"  Terminal = ?\n  Hostname = ?\n  IsRemoteLogin = false\n",
		"  RecordType = SessionReconnect\n  StartTime = 2024-05-01T10:00:10Z\n  EndTime = 2024-05-01T10:00:30Z\n  SessionLength = 00:00:20 | 20\n" +
			"  Terminal = ?\n  Hostname = ?\n  IPv4Address = 192.0.2.7\n  IsRemoteLogin = true\n",
		"  Username = WS\\anna | anna\n  RecordType = RemoteConnection\n  StartTime = 2024-05-01T10:00:09Z\n  EndTime = ?\n  SessionLength = ?\n" +
			"  Terminal = ?\n  Hostname = ?\n  IPv4Address = 192.0.2.7\n  IsRemoteLogin = true\n  IsFailedLogin = ?\n",
	} {
		if !strings.Contains(got.text, want) {
			t.Errorf("no %q in\n%s", want, got.text)
		}
	}
	if got.Objects != 4 || !got.Complete { // the first disconnection is one of a session that was not reconnected
		t.Errorf("%+v", got.Listing)
	}
}

// A full log goes on at its beginning, and one may collect those of others.
func TestLogonOrder(t *testing.T) {
	var l evtxtest.Log
	newer, older := l.Chunk(11), l.Chunk(1)
	write := func(c *evtxtest.Chunk, at int, computer string, e pastRecord) {
		names, values := []string{"TargetLogonId"}, []evtxtest.Value{evtxtest.Hex64(7)}
		c.Record(logTicks(at), evtxtest.Event(evtxtest.System{Provider: security.name, EventID: e.id, Ticks: logTicks(at), RecordID: uint64(at), Channel: "Security", Computer: computer},
			evtxtest.EventData(1, names, values...)))
	}
	write(older, 1, "A", pastRecord{id: 4624})
	write(older, 2, "B", pastRecord{id: 4624})
	write(newer, 11, "b", pastRecord{id: 4608})
	write(newer, 12, "A", pastRecord{id: 4634})
	got := tell(t, &logins, source.NewMem(source.Windows).Add(logFolder+"Security.evtx", string(l.Bytes())))
	if !strings.Contains(got.text, "SessionLength = 00:00:11 | 11\n") || !strings.Contains(got.text, "SessionLength = 00:00:09 | 9 ~\n") || got.Objects != 2 {
		t.Errorf("%+v\n%s", got.Listing, got.text)
	}
}

// What is lost or not there is told, and nothing is said of it.
func TestLogonDoubt(t *testing.T) {
	one := pastLog(logonRecord4624(0, "anna", 10, "192.0.2.7", 1))
	other := pastLog(pastRecord{sysmon, 1, 0, nil})
	rdp := pastLog(pastRecord{connections, 1149, 9, []any{"Param1", "anna"}})
	for _, c := range []struct {
		name, says string
		src        *source.Mem
		objects    uint64
	}{
		{"a log that is none", "B.evtx", source.NewMem(source.Windows).Add(logFolder+"A.evtx", one).Add(logFolder+"B.evtx", "no log"), 1},
		{"a chunk that is none", "overwritten", source.NewMem(source.Windows).Add(logFolder+"A.evtx", one+strings.Repeat("x", evtxtest.ChunkSize)), 1},
		{"no such event", "no records of the channel Security", source.NewMem(source.Windows).Add(logFolder+"A.evtx", other), 0},
		{"no security log", "no records of the channel Security", source.NewMem(source.Windows).Add(logFolder+"A.evtx", rdp), 1},
		{"nothing logged", "no such event is in the logs", source.NewMem(source.Windows).Add(logFolder+"A.evtx", pastLog(pastRecord{security, 4688, 0, nil})), 0},
		{"no logs", "no event logs", source.NewMem(source.Windows).AddDir(`C:\Windows\System32`), 0},
	} {
		got := tell(t, &logins, c.src)
		if got.Objects != c.objects || got.Complete || got.Full || !strings.Contains(got.Why, c.says) {
			t.Errorf("%s: %+v", c.name, got.Listing)
		}
	}
}

// A listing that is stopped lets go of the logs.
func TestLogonStop(t *testing.T) {
	var events []pastRecord
	for i := range 20 {
		events = append(events, logonRecord4624(i, "anna", 3, "192.0.2.7", uint64(i)))
	}
	src := source.NewMem(source.Windows)
	for _, name := range []string{"A", "B", "C"} {
		src.Add(logFolder+name+".evtx", pastLog(events...))
	}
	n := 0
	for _, err := range listLogons(t.Context(), &Request{Source: src}, &Listing{Complete: true}) {
		if err != nil {
			t.Error(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d logons, want 3", n)
	}
}

// Real logs: each logon and failed logon is an item, and each logoff ends one
// or is one.
func TestLogonCorpus(t *testing.T) {
	for _, c := range []struct {
		file          string
		begun, failed int // by truth/evtx.json
		ends          int // a 4647 and the 4634 that follows are one
	}{
		{"omerbenamram-evtx/Security_with_size_t.evtx", 126, 15, 18},
		{"omerbenamram-evtx/post-Security.evtx", 25, 0, 1},
		{"Velocidex-evtx/Security.evtx", 197, 15, 8},
	} {
		b, err := os.ReadFile(filepath.Join("../../../shared/corpus/evidence/evtx", c.file))
		if err != nil {
			t.Skip("the shared corpus is absent: ", err)
		}
		got := tell(t, &logins, source.NewMem(source.Windows).Add(logFolder+"Security.evtx", string(b)))
		failed := strings.Count(got.text, "\n  IsFailedLogin = true\n")
		begun := strings.Count(got.text, "\n  StartTime = 2") - failed
		logoffs := strings.Count(got.text, "\n  EndTime = 2") - strings.Count(got.text, "Z ~\n") // the others ended with a start
		if begun != c.begun || failed != c.failed || logoffs != c.ends {
			t.Errorf("%s: %d begun, %d failed, %d ended: %+v %q", c.file, begun, failed, logoffs, got.Listing, got.troubles)
		}
	}
}
