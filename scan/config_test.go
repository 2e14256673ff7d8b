package scan_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/source"
)

// outcome scans with one IOC, an AND of conditions, each on a line: term,
// condition ("not" before it negates) and content.
func outcome(t *testing.T, src source.Source, text string) *scan.Result {
	t.Helper()
	var items strings.Builder
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line, negate := strings.CutPrefix(strings.TrimSpace(line), "not ")
		part := strings.SplitN(line, " ", 3)
		doc, _, _ := strings.Cut(part[0], "/")
		fmt.Fprintf(&items, `<IndicatorItem id="%s" condition="%s" negate="%t" preserve-case="false"><Context document="%s" search="%s" type="mir"/><Content type="string">%s</Content></IndicatorItem>`,
			part[0], part[1], negate, doc, part[0], part[2])
	}
	f := ioc.Parse("test.ioc", []byte(`<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="x" last-modified="2020-01-01T00:00:00" published-date="0001-01-01T00:00:00"><metadata/><criteria><Indicator operator="OR" id="o"><Indicator operator="AND" id="a">`+
		items.String()+`</Indicator></Indicator></criteria></OpenIOC>`))
	for _, p := range f.Problems {
		if p.Severity != ioc.Notice {
			t.Errorf("%+v", p)
		}
	}
	plan, err := scan.NewPlan(context.Background(), scan.Config{Collection: &ioc.Collection{Files: []*ioc.File{f}}, Source: src})
	if err != nil {
		t.Fatal(err)
	}
	r, err := plan.Run(context.Background(), noSink{}, &document.Progress{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func finch() *source.Mem {
	return source.NewMem(source.Linux).
		Add("/etc/hostname", "finch\n").Add("/etc/os-release", "NAME=Example\nVERSION_ID=1\n").
		Add("/etc/passwd", "root:x:0:0::/root:/bin/sh\nghost:x:0:0:Ghost:/tmp:/bin/sh\n").
		Add("/etc/group", "root:x:0:\nwheel:x:10:ghost\n").Add("/etc/shadow", "root:$6$x$y:1::::::\nghost::1::::::\n").
		Add("/etc/systemd/system/backup.service", "[Service]\nExecStart=/opt/backup/backupd --quiet\n").
		AddLink("/etc/systemd/system/multi-user.target.wants/backup.service", "../backup.service").
		Add("/opt/backup/backupd", "abc")
}

func wren() *source.Mem {
	const list = `<plist version="1.0"><dict>%s</dict></plist>`
	return source.NewMem(source.Darwin).
		Add("/private/var/db/dslocal/nodes/Default/users/anna.plist", fmt.Sprintf(list, "<key>name</key><array><string>anna</string></array><key>uid</key><array><string>501</string></array>")).
		AddDir("/private/var/db/dslocal/nodes/Default/groups").
		Add("/Library/LaunchDaemons/com.evil.plist", fmt.Sprintf(list, "<key>Label</key><string>com.evil</string><key>ProgramArguments</key><array><string>/tmp/e</string><string>-x</string></array>"))
}

func TestConfigurationFromEndToEnd(t *testing.T) {
	noShadow := finch().Put("/etc/shadow", source.MemNode{OpenErr: fs.ErrPermission})
	for _, c := range []struct {
		name    string
		src     source.Source
		verdict string
		object  string
		text    string
	}{
		{"a second root", finch(), "matched", "ghost", "UserItem/userid is 0\nnot UserItem/Username is root\nUserItem/grouplist/groupname is wheel\nUserItem/passwordrequired is false"},
		{"no such user", finch(), "clear", "", "UserItem/Username is ghost\nUserItem/userid is 1"},
		{"a user that is absent", finch(), "matched", "", "not UserItem/Username is sensor"},
		{"no shadow", noShadow, "undetermined", "", "UserItem/Username is ghost\nUserItem/passwordrequired is false"},
		{"no shadow, and it does not matter", noShadow, "clear", "", "UserItem/Username is ghost2\nUserItem/passwordrequired is false"},
		{"a last login that nothing has", finch(), "undetermined", "", "UserItem/Username is ghost\nUserItem/LastLogin is 2020-01-01T00:00:00Z"},
		{"a group", finch(), "matched", "wheel", "GroupItem/GroupName is wheel\nGroupItem/userlist/username is ghost"},
		{"no such member", finch(), "clear", "", "GroupItem/GroupName is wheel\nGroupItem/userlist/username is root"},
		{"the system", finch(), "matched", "finch", "SystemInfoItem/hostname is FINCH\nSystemInfoItem/OS contains example"},
		{"another system", finch(), "clear", "", "SystemInfoItem/hostname is wren"},
		{"a domain that nothing tells", finch(), "undetermined", "", "SystemInfoItem/domain is example.org"},
		{"a service and its program", finch(), "matched", "/etc/systemd/system/backup.service",
			"ServiceItem/name is backup\nServiceItem/path contains \\opt\\backup\nServiceItem/arguments contains quiet\nServiceItem/mode is SERVICE_AUTO_START\nServiceItem/pathmd5sum is 900150983cd24fb0d6963f7d28e17f72"},
		{"a service with another program", finch(), "clear", "", "ServiceItem/name is backup\nServiceItem/pathmd5sum is 900150983cd24fb0d6963f7d28e17f73"},
		{"a service and a user", finch(), "matched", "", "ServiceItem/name is backup\nUserItem/Username is ghost"},
		{"a launchd job", wren(), "matched", "/Library/LaunchDaemons/com.evil.plist", "ServiceItem/name is com.evil\nServiceItem/path is /tmp/e\nServiceItem/arguments is -x"},
		{"no such job", wren(), "clear", "", "ServiceItem/name is com.evil\nServiceItem/path is /tmp/f"},
		{"a user of macOS", wren(), "matched", "anna", "UserItem/userid is 501"},
		{"no such user of macOS", wren(), "clear", "", "UserItem/userid is 502"},
		{"whether it is locked", wren(), "undetermined", "", "UserItem/Username is anna\nUserItem/lockedout is true"},
		{"a service of a system without a lister", source.NewMem(source.Unknown, ""), "undetermined", "", "ServiceItem/name is com.evil"},
		{"absence on a system without a lister", source.NewMem(source.Unknown, ""), "undetermined", "", "not ServiceItem/name is com.evil"},
	} {
		r := outcome(t, c.src, c.text)
		got := r.IOCs[0]
		object := ""
		if len(got.Matches) > 0 && len(got.Matches[0].Objects) == 1 {
			object = got.Matches[0].Objects[0].Label
		}
		if got.Verdict != c.verdict || object != c.object {
			t.Errorf("%s: %s %q, want %s %q\n%+v\n%+v", c.name, got.Verdict, object, c.verdict, c.object, got.Unchecked, r.Documents)
		}
	}
}

// What no lister reads is unavailable, with the system in the reason.
func TestDocumentsUnavailableByPlatform(t *testing.T) {
	for _, d := range document.All() {
		on := document.Platforms(d)
		if on == nil {
			continue
		}
		r := outcome(t, source.NewMem(source.Unknown, "").Offer(d.Needs()...), d.Schema().Fields[0].Term+" is x")
		if got := r.Documents[0]; got.Status != scan.Unavailable || !strings.Contains(got.Reason, "what system") {
			t.Errorf("%s: %+v", d.Name(), got)
		}
		for _, p := range []source.Platform{source.Windows, source.Linux, source.Darwin} {
			r := outcome(t, source.NewMem(p).Offer(document.NeedsOn(d, p)...), d.Schema().Fields[0].Term+" is x")
			reads := false
			for _, o := range on {
				reads = reads || o == p
			}
			got := r.Documents[0]
			if got.Status == scan.Complete && got.Reason == string(p)+" has no such document" {
				continue
			}
			if listed := got.Status != scan.Unavailable; listed != reads || !reads && got.Reason != "not supported on "+string(p)+" evidence by this version" {
				t.Errorf("%s on %s: %+v", d.Name(), p, got)
			}
		}
	}
}

// besideClosed is a system beside which lies a volume that cannot be read.
type besideClosed struct{ source.Source }

func (s besideClosed) Volumes() []source.Volume {
	v := s.Source.Volumes()
	closed := v[0]
	closed.Name, closed.Unread = "[volume 2]", errors.New("encrypted by BitLocker")
	return append(v, closed)
}

// What Linux has not got may still be on a volume that nobody could read.
func TestOtherSystemOnUnreadVolume(t *testing.T) {
	const text = `RegistryItem/KeyPath contains Run`
	linux := func() source.Source { return source.NewMem(source.Linux).Add("/etc/passwd", "") }
	if r := outcome(t, linux(), text); r.IOCs[0].Verdict != "clear" {
		t.Errorf("a Linux alone: %s", r.IOCs[0].Verdict)
	}
	r := outcome(t, besideClosed{linux()}, text)
	d := r.Documents[0]
	if r.IOCs[0].Verdict != "undetermined" || d.Status != scan.Unavailable || !strings.Contains(d.Reason, "[volume 2] may hold another system: encrypted by BitLocker") {
		t.Errorf("beside a volume that cannot be read: %s, %+v", r.IOCs[0].Verdict, d)
	}
}
