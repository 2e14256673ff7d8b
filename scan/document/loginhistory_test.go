package document

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/netip"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"iocscan/scan/internal/utmp"
	"iocscan/scan/internal/utmp/utmptest"
	"iocscan/scan/source"
)

const t0 = 1700000000 // 2023-11-14T22:13:20Z

func logFile(records ...utmp.Record) string { return string(utmptest.File(utmptest.Short, records...)) }

func opened(line, user, host string, pid, sec int64) utmp.Record {
	r := utmp.Record{Type: utmp.UserProcess, Line: line, User: user, Host: host, PID: pid, Sec: t0 + sec}
	r.Addr, _ = netip.ParseAddr(host)
	return r
}

func gone1(line string, pid, sec int64) utmp.Record {
	return utmp.Record{Type: utmp.DeadProcess, Line: line, PID: pid, Sec: t0 + sec}
}

func booted(sec int64) utmp.Record {
	return utmp.Record{Type: utmp.BootTime, Line: "~", User: "reboot", Host: "6.1.0-13", Sec: t0 + sec}
}

func stopped(sec int64) utmp.Record {
	return utmp.Record{Type: utmp.RunLevel, Line: "~", User: "shutdown", Host: "6.1.0-13", Sec: t0 + sec}
}

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func zstandard(s string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(s), nil))
}

func TestLoginHistory(t *testing.T) {
	m := source.NewMem(source.Linux).
		Add("/etc/passwd", "root:x:0:0::/root:/bin/sh\n").
		Add("/var/log/wtmp.2.gz", gzipped(logFile(booted(0), opened("pts/0", "anna", "192.0.2.7", 10, 100), opened("tty1", "bert", "", 11, 200)))).
		// The session of anna ends in the next file, that of bert when the
		// system starts again without having been stopped.
		Add("/var/log/wtmp.1", logFile(gone1("pts/0", 10, 3761), booted(5000), opened(":1", "carl", ":1", 12, 5100), stopped(6000))).
		Add("/var/log/wtmp", logFile(booted(7000), opened("pts/3", "dora", "2001:db8::9", 13, 7100), gone1("pts/9", 99, 7200))).
		Add("/var/log/btmp.1.zst", zstandard(logFile(utmp.Record{Type: utmp.LoginProcess, Line: "ssh:notty", User: "admin", Host: "198.51.100.4", PID: 20, Sec: t0 + 50}))).
		Add("/var/log/btmp", "").
		Add("/var/log/lastlog", strings.Repeat("\x00", 292))
	tell(t, &logins, m).want(t, `
		BOOT_TIME of reboot on ~ at 2023-11-14T22:13:20Z in /var/log/wtmp.2.gz
		  Username = reboot
		  RecordType = BOOT_TIME | 2
		  StartTime = 2023-11-14T22:13:20Z
		  EndTime = 2023-11-14T23:36:40Z ~
		  SessionLength = 01:23:20 | 5000 ~
		  Terminal = ~
		  IsRemoteLogin = false
		  IsFailedLogin = false
		  Path = /var/log/wtmp.2.gz
		BOOT_TIME of reboot on ~ at 2023-11-14T23:36:40Z in /var/log/wtmp.1
		  Username = reboot
		  RecordType = BOOT_TIME | 2
		  StartTime = 2023-11-14T23:36:40Z
		  EndTime = 2023-11-14T23:53:20Z
		  SessionLength = 00:16:40 | 1000
		  Terminal = ~
		  IsRemoteLogin = false
		  IsFailedLogin = false
		  Path = /var/log/wtmp.1
		BOOT_TIME of reboot on ~ at 2023-11-15T00:10:00Z in /var/log/wtmp
		  Username = reboot
		  RecordType = BOOT_TIME | 2
		  StartTime = 2023-11-15T00:10:00Z
		  EndTime = ?
		  SessionLength = ?
		  Terminal = ~
		  IsRemoteLogin = false
		  IsFailedLogin = false
		  Path = /var/log/wtmp
		DEAD_PROCESS on pts/9 at 2023-11-15T00:13:20Z (process 99) in /var/log/wtmp
		  Username = ?
		  RecordType = DEAD_PROCESS | 8
		  StartTime = ?
		  EndTime = 2023-11-15T00:13:20Z
		  SessionLength = ?
		  Terminal = pts/9
		  IsRemoteLogin = ?
		  IsFailedLogin = false
		  PID = 99
		  Path = /var/log/wtmp
		RUN_LVL of shutdown on ~ at 2023-11-14T23:53:20Z in /var/log/wtmp.1
		  Username = shutdown
		  RecordType = RUN_LVL | 1
		  StartTime = 2023-11-14T23:53:20Z
		  Terminal = ~
		  IsRemoteLogin = false
		  IsFailedLogin = false
		  Path = /var/log/wtmp.1
		USER_PROCESS of anna on pts/0 from 192.0.2.7 at 2023-11-14T22:15:00Z (process 10) in /var/log/wtmp.2.gz
		  Username = anna
		  RecordType = USER_PROCESS | 7
		  StartTime = 2023-11-14T22:15:00Z
		  EndTime = 2023-11-14T23:16:01Z
		  SessionLength = 01:01:01 | 3661
		  Terminal = pts/0
		  Hostname = 192.0.2.7
		  IPv4Address = 192.0.2.7
		  IsRemoteLogin = true
		  IsFailedLogin = false
		  PID = 10
		  Path = /var/log/wtmp.2.gz
		USER_PROCESS of bert on tty1 at 2023-11-14T22:16:40Z (process 11) in /var/log/wtmp.2.gz
		  Username = bert
		  RecordType = USER_PROCESS | 7
		  StartTime = 2023-11-14T22:16:40Z
		  EndTime = 2023-11-14T23:36:40Z ~
		  SessionLength = 01:20:00 | 4800 ~
		  Terminal = tty1
		  IsRemoteLogin = false
		  IsFailedLogin = false
		  PID = 11
		  Path = /var/log/wtmp.2.gz
		USER_PROCESS of carl on :1 from :1 at 2023-11-14T23:38:20Z (process 12) in /var/log/wtmp.1
		  Username = carl
		  RecordType = USER_PROCESS | 7
		  StartTime = 2023-11-14T23:38:20Z
		  EndTime = 2023-11-14T23:53:20Z
		  SessionLength = 00:15:00 | 900
		  Terminal = :1
		  Hostname = :1
		  IsRemoteLogin = false
		  IsFailedLogin = false
		  PID = 12
		  Path = /var/log/wtmp.1
		USER_PROCESS of dora on pts/3 from 2001:db8::9 at 2023-11-15T00:11:40Z (process 13) in /var/log/wtmp
		  Username = dora
		  RecordType = USER_PROCESS | 7
		  StartTime = 2023-11-15T00:11:40Z
		  EndTime = ?
		  SessionLength = ?
		  Terminal = pts/3
		  Hostname = 2001:db8::9
		  IPv6Address = 2001:db8::9
		  IsRemoteLogin = true
		  IsFailedLogin = false
		  PID = 13
		  Path = /var/log/wtmp
		failed login of admin on ssh:notty from 198.51.100.4 at 2023-11-14T22:14:10Z (process 20) in /var/log/btmp.1.zst
		  Username = admin
		  RecordType = LOGIN_PROCESS | 6
		  StartTime = 2023-11-14T22:14:10Z
		  Terminal = ssh:notty
		  Hostname = 198.51.100.4
		  IPv4Address = 198.51.100.4
		  IsRemoteLogin = true
		  IsFailedLogin = true
		  PID = 20
		  Path = /var/log/btmp.1.zst
	`)
}

// A session that utmp and wtmp have is one item, one that was taken out of
// wtmp stands by itself.
func TestLoginsOfSeveralFiles(t *testing.T) {
	lastlog := make([]byte, 292)
	copy(lastlog, []byte{0x00, 0xf1, 0x53, 0x65}) // 1700000000
	copy(lastlog[4:], "pts/1")
	m := source.NewMem(source.Linux).
		Add("/etc/passwd", "root:x:0:0::/root:/bin/sh\n").
		Add("/run/utmp", logFile(opened("pts/0", "anna", "", 10, 100), opened("pts/4", "eve", "203.0.113.5", 66, 900), utmp.Record{Zero: true})).
		Add("/var/log/wtmp", logFile(opened("pts/0", "anna", "", 10, 100), utmp.Record{Zero: true})).
		Add("/var/log/btmp", "").
		Add("/var/log/lastlog", string(lastlog))
	got := tell(t, &logins, m)
	for _, part := range []string{
		"Path = /var/log/wtmp | /run/utmp\n",
		"USER_PROCESS of eve on pts/4 from 203.0.113.5 at 2023-11-14T22:28:20Z (process 66) in /run/utmp\n",
		"last login of root on pts/1 at 2023-11-14T22:13:20Z in /var/log/lastlog\n  Username = root\n  RecordType = LASTLOG\n",
	} {
		if !strings.Contains(got.text, part) {
			t.Errorf("%q is not in\n%s", part, got.text)
		}
	}
	if got.Objects != 3 || !got.Full || !strings.Contains(strings.Join(got.Notes, "; "), "1 records of nothing but zeros") {
		t.Errorf("%+v", got.Listing)
	}
}

func TestLoginsThatCannotBeRead(t *testing.T) {
	row := logFile(opened("pts/0", "anna", "", 10, 100))
	whole := func() *source.Mem {
		return source.NewMem(source.Linux).Add("/var/log/wtmp", row).Add("/var/log/btmp", "").Add("/etc/passwd", "")
	}
	for _, c := range []struct {
		name string
		src  source.Source
		says string
		rows uint64
	}{
		{"no rights", whole().Put("/var/log/btmp", source.MemNode{OpenErr: fs.ErrPermission}), "needs root, or the group utmp", 1},
		{"none", source.NewMem(source.Linux).Add("/var/log/btmp", "").Add("/etc/passwd", ""), "nothing is recorded there", 0},
		{"xz", whole().Add("/var/log/wtmp.1.xz", "\xfd7zXZ"), "xz", 1},
		{"cut gzip", whole().Add("/var/log/wtmp.1.gz", gzipped(row)[:40]), "unexpected EOF", 1},
		{"cut", whole().Add("/var/log/wtmp", row+row[:9]), "ends after 9 of 384", 1},
		{"noise", whole().Add("/var/log/wtmp", strings.Repeat("\xff", 384)), "no known form", 0},
		{"database", whole().Add("/var/lib/wtmpdb/wtmp.db", "SQLite"), "databases of logins are not read", 1},
		{"lastlog", whole().Add("/var/log/lastlog", "x"), "not made of records", 1},
		{"bomb", whole().Add("/var/log/wtmp.1.gz", gzipped(strings.Repeat("\x00", mostUnpacked+400))), "more than 268435456 bytes", 1},
	} {
		got := tell(t, &logins, c.src)
		if got.Objects != c.rows || got.Complete || got.Full || !strings.Contains(strings.Join(got.troubles, "; "), c.says) {
			t.Errorf("%s: %d rows, complete %v, troubles %q", c.name, got.Objects, got.Complete, got.troubles)
		}
	}
}

func TestOrderOfLogs(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/etc/passwd", "").Add("/var/log/btmp", "")
	for n, name := range []string{"wtmp-20240101.gz", "wtmp-20240201", "wtmp.10.gz", "wtmp.9", "wtmp"} {
		body := logFile(opened("pts/0", "u", "", int64(n+1), int64(n)*100))
		if strings.HasSuffix(name, ".gz") {
			body = gzipped(body)
		}
		m.Add("/var/log/"+name, body)
	}
	got := tell(t, &logins, m)
	if n := strings.Count(got.text, "SessionLength = 00:01:40 | 100\n"); n != 4 || !got.Full {
		t.Errorf("%d sessions end where the next begins: %s", n, got.text)
	}
}

func TestRemoteLogins(t *testing.T) {
	for host, want := range map[string]bool{
		"": false, ":0": false, ":pts/1:S.0": false, "tmux(812).%0": false, "localhost": false, "127.0.0.1": false, "::1": false, "login screen": false,
		"192.0.2.1": true, "192.0.2.1 via mosh [812]": true, "host.example": true, "host.example:0.0": true, "fe80::1%eth0": true,
	} {
		if l := (&login{kind: utmp.UserProcess, host: host}); l.remote() != want {
			t.Errorf("%q: remote %v", host, !want)
		}
	}
}
