package document

import (
	"crypto/md5"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan/source"
)

func linuxServices() *source.Mem {
	return source.NewMem(source.Linux).
		Add("/etc/passwd", "root:x:0:0::/root:/bin/sh\nboris:x:1000:1000::/home/boris:/bin/sh\nnull:x:2:2::/dev/null:/bin/sh\n").
		AddLink("/lib", "usr/lib").
		Add("/usr/lib/systemd/system/ssh.service", "[Unit]\nDescription=OpenBSD Secure Shell server\n[Service]\n"+
			"Type=notify\nExecStartPre=/usr/sbin/sshd -t\nExecStart=/usr/sbin/sshd -D $SSHD_OPTS\nExecReload=/bin/kill -HUP $MAINPID\n[Install]\nWantedBy=multi-user.target\n").
		AddLink("/etc/systemd/system/sshd.service", "/lib/systemd/system/ssh.service").
		AddLink("/etc/systemd/system/multi-user.target.wants/ssh.service", "/lib/systemd/system/ssh.service").
		Add("/usr/lib/systemd/system/cron.service", "[Service]\nExecStart=/usr/sbin/cron -f\n[Install]\nWantedBy=multi-user.target\n").
		Add("/etc/systemd/system/cron.service.d/evil.conf", "[Service]\nExecStart=\nExecStart=-@/opt/evil cron \\\n  # a note\n  --quiet ; '/opt/two words' x\nUser=mail\n").
		AddLink("/etc/systemd/system/off.service", "/dev/null").
		Add("/usr/lib/systemd/system/off.service", "[Service]\nExecStart=/bin/off\n").
		Add("/usr/lib/systemd/system/getty@.service", "[Service]\nExecStart=-/sbin/agetty %I\n[Install]\n").
		AddLink("/etc/systemd/system/getty.target.wants/getty@tty1.service", "/lib/systemd/system/getty@.service").
		Add("/usr/lib/systemd/system/basic.target", "[Unit]\n").
		Add("/home/boris/.config/systemd/user/sync.service", "[Service]\nExecStart=python3 /home/boris/.x.py\n").
		AddLink("/home/boris/.config/systemd/user/default.target.wants/sync.service", "../sync.service").
		Add("/usr/sbin/sshd", "sshd").Add("/usr/bin/python3", "python").
		Add("/etc/init.d/agent", "#!/bin/sh\n### BEGIN INIT INFO\n# Provides:          agent agentd\n# Short-Description: An agent\n# Description:       It does\n#  things.\n### END INIT INFO\n").
		Add("/etc/init.d/README", "no script").
		AddLink("/etc/rc2.d/S01agent", "../init.d/agent")
}

func TestServicesOfLinux(t *testing.T) {
	sum := func(s string) string { h := md5.Sum([]byte(s)); return hex.EncodeToString(h[:]) }
	got := tell(t, &services, linuxServices())
	var lines []string
	for line := range strings.Lines(got.text) { // one hash speaks for all
		if !strings.Contains(line, "sum = ") || strings.Contains(line, "  pathmd5sum") {
			lines = append(lines, line)
		}
	}
	got.text = strings.Join(lines, "")
	script := "#!/bin/sh\n### BEGIN INIT INFO\n# Provides:          agent agentd\n# Short-Description: An agent\n# Description:       It does\n#  things.\n### END INIT INFO\n"
	got.want(t, `
		/etc/init.d/agent
		  name = agent | agentd
		  descriptiveName = An agent
		  description = It does things.
		  mode = enabled | SERVICE_AUTO_START
		  status = ?
		  pid = ?
		  type = init script
		  path = /etc/init.d/agent
		  arguments = start
		  cmdLine = /etc/init.d/agent start
		  startedAs = root
		  pathmd5sum = `+sum(script)+`
		/etc/systemd/system/off.service
		  name = off | off.service
		  mode = masked | SERVICE_DISABLED
		  status = ?
		  pid = ?
		  type = systemd
		  startedAs = root
		/home/boris/.config/systemd/user/sync.service
		  name = sync | sync.service
		  mode = enabled | SERVICE_AUTO_START
		  status = ?
		  pid = ?
		  type = systemd user
		  path = python3
		  arguments = /home/boris/.x.py
		  cmdLine = python3 /home/boris/.x.py
		  startedAs = boris
		  pathmd5sum = `+sum("python")+`
		/usr/lib/systemd/system/cron.service
		  name = cron | cron.service
		  mode = disabled | SERVICE_DEMAND_START
		  status = ?
		  pid = ?
		  type = systemd
		  path = /opt/evil | /opt/two words
		  arguments = --quiet | x
		  cmdLine = /opt/evil cron    --quiet | /opt/two words x
		  startedAs = mail
		  userName = mail
		/usr/lib/systemd/system/getty@.service
		  name = getty@ | getty@.service
		  mode = enabled | SERVICE_AUTO_START
		  status = ?
		  pid = ?
		  type = systemd
		  path = /sbin/agetty
		  arguments = %I
		  cmdLine = /sbin/agetty %I
		  startedAs = root
		/usr/lib/systemd/system/ssh.service
		  name = ssh | ssh.service | sshd.service
		  descriptiveName = OpenBSD Secure Shell server
		  description = OpenBSD Secure Shell server
		  mode = enabled | SERVICE_AUTO_START
		  status = ?
		  pid = ?
		  type = notify
		  path = /usr/sbin/sshd | /usr/sbin/sshd
		  arguments = -D $SSHD_OPTS | -t
		  cmdLine = /usr/sbin/sshd -D $SSHD_OPTS | /usr/sbin/sshd -t
		  startedAs = root
		  pathmd5sum = `+sum("sshd")+`
		`)
}

func TestDamagedServicesOfLinux(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/etc/passwd", "").
		Put("/etc/systemd/system/x.service", source.MemNode{OpenErr: fs.ErrPermission}).
		AddLink("/etc/systemd/system/away.service", "/opt/away.service").
		Add("/etc/systemd/system/odd.service", "\x00[Service\nExecStart\n=\nExecStart=/a\n[Service]\nExecStart=@\nExecStart=\"/b c\nExecStart=/d\\").
		Put("/etc/init.d", source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: fs.ErrPermission})
	got := tell(t, &services, m)
	got.says(t, `
		/etc/systemd/system/away.service
		  name = away | away.service
		  mode = static | SERVICE_DEMAND_START
		  status = ?
		  pid = ?
		  type = systemd
		  startedAs = root
		/etc/systemd/system/odd.service
		  name = odd | odd.service
		  mode = static | SERVICE_DEMAND_START
		  status = ?
		  pid = ?
		  type = systemd
		  path = "/b | /d
		  arguments = c
		  cmdLine = "/b c | /d
		  startedAs = root
		/etc/systemd/system/x.service
		  name = x | x.service
		  descriptiveName = !
		  description = !
		  mode = !
		  status = ?
		  pid = ?
		  type = !
		  path = !
		  arguments = !
		  cmdLine = !
		  startedAs = !
		  userName = !
		  groupName = !
		  machServices/machService = !
		  pathmd5sum = !
		  pathMd54ksum = !
		  pathsha1sum = !
		  pathsha256sum = !
		  pathSha512sum = !
		  md5sum = !
		  sha1sum = !
		  sha256sum = !
		  pathSignatureExists = !
		  pathSignatureVerified = !
		  pathCertificateSubject = !
		  pathCertificateIssuer = !
		`)
	got.tells(t, "unit /etc/systemd/system/x.service", "/etc/init.d")
	if got.Complete || got.Full {
		t.Error("complete, though /etc/init.d could not be listed")
	}
}

func TestServiceOfAnUnreadableProgram(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/etc/passwd", "").
		Add("/etc/systemd/system/a.service", "[Service]\nExecStart=/opt/a\n").
		Put("/opt/a", source.MemNode{OpenErr: fs.ErrPermission})
	got := tell(t, &services, m)
	if !strings.Contains(got.text, "pathmd5sum = !\n") || !strings.Contains(got.text, "path = /opt/a\n") || !got.Full {
		t.Errorf("%v\n%s", got.Listing, got.text)
	}
	got.tells(t, "/opt/a: ")
}

func TestDropInsApply(t *testing.T) {
	m := source.NewMem(source.Linux).Add("/etc/passwd", "").
		Add("/usr/lib/systemd/system/a-b-c.service", "[Service]\nExecStart=/a\n").
		Add("/usr/lib/systemd/system/service.d/10-x.conf", "[Service]\nUser=all\nGroup=all\n").
		Add("/usr/lib/systemd/system/a-.service.d/10-x.conf", "[Service]\nUser=prefix\n").
		Add("/etc/systemd/system/a-b-.service.d/20-x.conf", "[Unit]\nDescription=of a-b-\n").
		Add("/usr/lib/systemd/system/a-b-c.service.d/30-x.conf", "[Service]\nGroup=vendor\n").
		Add("/etc/systemd/system/a-b-c.service.d/30-x.conf", "[Service]\nGroup=local\n").
		Add("/etc/systemd/system/a-b-c.service.d/note.txt", "[Service]\nGroup=none\n")
	got := tell(t, &services, m)
	got.want(t, `
		/usr/lib/systemd/system/a-b-c.service
		  name = a-b-c | a-b-c.service
		  descriptiveName = of a-b-
		  description = of a-b-
		  mode = static | SERVICE_DEMAND_START
		  status = ?
		  pid = ?
		  type = systemd
		  path = /a
		  cmdLine = /a
		  startedAs = prefix
		  userName = prefix
		  groupName = local
		`)
}

// libraryTerms is the number of terms on a DLL, which no other system has.
const libraryTerms = 10

func TestLaunchd(t *testing.T) {
	m := source.NewMem(source.Darwin).
		Add("/Library/LaunchDaemons/com.evil.plist", record("<key>Label</key><string>com.evil</string>"+texts("ProgramArguments", "/usr/local/bin/evil", "-d", "x")+
			"<key>RunAtLoad</key><true/><key>MachServices</key><dict><key>com.evil.b</key><true/><key>com.evil.a</key><true/></dict>"+
			"<key>UserName</key><string>_www</string><key>GroupName</key><string>staff</string>")).
		Add("/System/Library/LaunchDaemons/ssh.plist", record("<key>Label</key><string>com.openssh.sshd</string><key>Disabled</key><true/><key>Program</key><string>/usr/libexec/sshd-keygen-wrapper</string>"+
			texts("ProgramArguments", "/usr/sbin/sshd", "-i"))).
		Add("/System/Library/LaunchDaemons/off.plist", record("<key>Label</key><string>off</string><key>KeepAlive</key><dict/>")).
		Add("/Users/anna/Library/LaunchAgents/agent.plist", record("<key>Label</key><string>agent</string><key>KeepAlive</key><true/>"+texts("ProgramArguments", "/a"))).
		Add("/Library/LaunchAgents/broken.plist", "bplist00").
		Add("/private/var/db/com.apple.xpc.launchd/disabled.plist", record("<key>com.openssh.sshd</key><false/><key>off</key><true/>")).
		Add("/Users/.localized", "")
	got := tell(t, &services, m)
	broken, rest, _ := strings.Cut(got.text, "/Library/LaunchDaemons/")
	if strings.Count(broken, " = ?") != 2 || strings.Count(broken, " = !\n") != len(serviceFields)-libraryTerms-2 { // but status and pid
		t.Errorf("of a job that cannot be read something is known:\n%s", broken)
	}
	got.text = "/Library/LaunchDaemons/" + rest
	got.says(t, `
		/Library/LaunchDaemons/com.evil.plist
		  name = com.evil
		  mode = enabled | SERVICE_AUTO_START
		  status = ?
		  pid = ?
		  type = LaunchDaemon
		  path = /usr/local/bin/evil
		  arguments = -d x
		  cmdLine = /usr/local/bin/evil -d x
		  startedAs = _www
		  userName = _www
		  groupName = staff
		  machServices/machService = com.evil.a | com.evil.b
		/System/Library/LaunchDaemons/off.plist
		  name = off
		  mode = disabled | SERVICE_DISABLED
		  status = ?
		  pid = ?
		  type = LaunchDaemon
		  startedAs = root
		/System/Library/LaunchDaemons/ssh.plist
		  name = com.openssh.sshd
		  mode = enabled | SERVICE_DEMAND_START
		  status = ?
		  pid = ?
		  type = LaunchDaemon
		  path = /usr/libexec/sshd-keygen-wrapper
		  arguments = -i
		  cmdLine = /usr/libexec/sshd-keygen-wrapper -i
		  startedAs = root
		/Users/anna/Library/LaunchAgents/agent.plist
		  name = agent
		  mode = enabled | SERVICE_AUTO_START
		  status = ?
		  pid = ?
		  type = LaunchAgent
		  path = /a
		  cmdLine = /a
		  startedAs = anna
		`)
	got.tells(t, "/Library/LaunchAgents/broken.plist")
	if !got.Full {
		t.Error("every job was listed, if not read")
	}

	m.Add("/private/var/db/com.apple.xpc.launchd/disabled.plist", "rubbish")
	if got := tell(t, &services, m); strings.Contains(got.text, "mode = e") || !strings.Contains(got.text, "mode = !") {
		t.Errorf("the mode is known without what launchctl was told:\n%s", got.text)
	}
}

func TestCommandLines(t *testing.T) {
	for _, c := range []struct {
		line string
		want []command
	}{
		{"/a", []command{{"/a", "", "/a"}}},
		{"/a  b c", []command{{"/a", "b c", "/a b c"}}},
		{"-+!!/a b", []command{{"/a", "b", "/a b"}}},
		{"@/a name b", []command{{"/a", "b", "/a name b"}}},
		{`"/a b" "c d"`, []command{{"/a b", `"c d"`, `/a b "c d"`}}},
		{"/a ; /b x ;", []command{{"/a", "", "/a"}, {"/b", "x", "/b x"}}},
		{`/bin/sh -c "a;b"`, []command{{"/bin/sh", `-c "a;b"`, `/bin/sh -c "a;b"`}}},
		{"@-", nil},
		{"'/a", []command{{"'/a", "", "'/a"}}},
	} {
		if diff := cmp.Diff(c.want, appendCommands(nil, c.line), cmp.AllowUnexported(command{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.line, diff)
		}
	}
}
