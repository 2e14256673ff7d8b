package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"iocscan/scan/source"
)

const passwd = `root:x:0:0:root:/root:/bin/bash
# a note
boris:x:1000:1000:Boris B.,Room 5,,:/home/boris:/bin/bash
daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
open::1001:1000::/home/open:/bin/sh
gone:x:1002:1002::/home/gone:/bin/sh
left:x:1003:1003::/home/left:/bin/sh
`

const group0 = `root:x:0:
boris:x:1000:
sudo:x:27:boris,stranger
daemon:x:1:
`

const shadow0 = `root:!$6$salt$hash:19000:0:99999:7:::
boris:$6$salt$hash:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
gone:$6$salt$hash:19000:0:99999:7::1:
`

// lastlogOf has a login of uid 0 at 1600000000 and none of others up to most.
func lastlogOf(record, most int) string {
	b := make([]byte, record*(most+1))
	binary.LittleEndian.PutUint32(b, 1600000000)
	return string(b)
}

func linuxAccounts() *source.Mem {
	return source.NewMem(source.Linux).Add("/etc/passwd", passwd).Add("/etc/group", group0).
		Add("/etc/shadow", shadow0).Add("/var/log/lastlog", lastlogOf(292, 5))
}

func TestUsersOfLinux(t *testing.T) {
	tell(t, &users, linuxAccounts()).want(t, `
		boris
		  Username = boris
		  fullname = Boris B.
		  description = Boris B.,Room 5,,
		  userid = 1000
		  homedirectory = /home/boris
		  shell = /bin/bash
		  grouplist/groupname = boris | sudo
		  disabled = false
		  lockedout = false
		  passwordrequired = true
		  autologin = ?
		daemon
		  Username = daemon
		  userid = 1
		  homedirectory = /usr/sbin
		  shell = /usr/sbin/nologin
		  grouplist/groupname = daemon
		  disabled = true ~
		  lockedout = false
		  passwordrequired = true
		  autologin = ?
		gone
		  Username = gone
		  userid = 1002
		  homedirectory = /home/gone
		  shell = /bin/sh
		  disabled = true
		  lockedout = false
		  passwordrequired = true
		  autologin = ?
		left
		  Username = left
		  userid = 1003
		  homedirectory = /home/left
		  shell = /bin/sh
		  disabled = ?
		  lockedout = ?
		  passwordrequired = ?
		  autologin = ?
		open
		  Username = open
		  userid = 1001
		  homedirectory = /home/open
		  shell = /bin/sh
		  grouplist/groupname = boris
		  disabled = false
		  lockedout = false
		  passwordrequired = false
		  autologin = ?
		root
		  Username = root
		  fullname = root
		  description = root
		  userid = 0
		  homedirectory = /root
		  shell = /bin/bash
		  grouplist/groupname = root
		  disabled = true ~
		  lockedout = true
		  passwordrequired = true
		  autologin = ?
		  LastLogin = 2020-09-13T12:26:40Z
		`)
}

func TestGroupsOfLinux(t *testing.T) {
	tell(t, &groups, linuxAccounts()).want(t, `
		boris
		  GroupName = boris
		  gid = 1000
		  userlist/username = boris | open
		daemon
		  GroupName = daemon
		  gid = 1
		  userlist/username = daemon
		root
		  GroupName = root
		  gid = 0
		  userlist/username = root
		sudo
		  GroupName = sudo
		  gid = 27
		  userlist/username = boris | stranger
		`)
}

func TestLastlogForms(t *testing.T) {
	one := "root:x:0:0::/root:/bin/sh\n"
	for _, c := range []struct {
		name, content, want, trouble string
	}{
		{"x86", lastlogOf(292, 0), "2020-09-13T12:26:40Z", ""},
		{"64-bit time", lastlogOf(296, 0), "2020-09-13T12:26:40Z", ""},
		{"never", string(make([]byte, 292)), "", ""},
		{"emptied", "", "?", ""},
		{"damaged", "xyz", "!", "3 bytes are not made of records"},
		{"a time that cannot be", lastlogOf(292, 0)[:4] + "\xff\xff\xff\x7f" + string(make([]byte, 288)), "!", "the time"},
	} {
		m := source.NewMem(source.Linux).Add("/etc/passwd", one).Add("/etc/group", "").Add("/var/log/lastlog", c.content)
		got := tell(t, &users, m)
		want := "root\n  Username = root\n  userid = 0\n  homedirectory = /root\n  shell = /bin/sh\n" +
			"  disabled = ?\n  lockedout = ?\n  passwordrequired = ?\n  autologin = ?\n"
		if c.want != "" {
			want += "  LastLogin = " + c.want + "\n"
		}
		t.Run(c.name, func(t *testing.T) {
			got.says(t, want)
			if c.trouble == "" {
				got.tells(t)
			} else {
				got.tells(t, c.trouble)
			}
		})
	}
}

func TestDamagedAccountsOfLinux(t *testing.T) {
	m := source.NewMem(source.Linux).
		Add("/etc/passwd", "root:x:0:0::/root:/bin/sh\nrubbish\nbad:x:none:0::/:\n+::::::\n").
		Put("/etc/group", source.MemNode{OpenErr: fs.ErrPermission}).
		Put("/etc/shadow", source.MemNode{OpenErr: fs.ErrPermission})
	got := tell(t, &users, m)
	got.says(t, `
		root
		  Username = root
		  userid = 0
		  homedirectory = /root
		  shell = /bin/sh
		  grouplist/groupname = !
		  disabled = !
		  lockedout = !
		  passwordrequired = !
		  autologin = ?
		  LastLogin = ?
		`)
	got.tells(t, "line 2: no entry", `line 3: "bad" has the id "none"`, "line 4: entries of a directory service", "/etc/shadow: ", "accounts: ")
	if got.Complete || got.Full {
		t.Error("complete, with accounts that could not be read")
	}

	got = tell(t, &groups, m)
	if got.text != "" || got.Complete || got.Full {
		t.Errorf("groups that cannot be read: %+v", got)
	}
	if got := tell(t, &users, source.NewMem(source.Linux)); got.Complete || len(got.troubles) != 1 {
		t.Errorf("no /etc/passwd: %+v", got)
	}
}

func record(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>` + body + `</dict></plist>`
}

func texts(key string, values ...string) string {
	s := "<key>" + key + "</key><array>"
	for _, v := range values {
		s += "<string>" + v + "</string>"
	}
	return s + "</array>"
}

func macAccounts() *source.Mem {
	const node = "/private/var/db/dslocal/nodes/Default/"
	return source.NewMem(source.Darwin).
		Add(node+"users/anna.plist", record(texts("name", "anna", "com.apple.idms.1")+texts("realname", "Anna A.")+texts("uid", "501")+
			texts("gid", "20")+texts("home", "/Users/anna")+texts("shell", "/bin/zsh")+texts("generateduid", "11111111-AAAA")+
			"<key>ShadowHashData</key><array><data>AAAA</data></array>")).
		Add(node+"users/nobody.plist", record(texts("name", "nobody")+texts("uid", "-2")+texts("gid", "-2")+texts("passwd", "*"))).
		Add(node+"users/old.plist", record(texts("name", "old")+texts("uid", "502")+texts("authentication_authority", ";ShadowHash;", ";DisabledUser;;ShadowHash;"))).
		Add(node+"users/.DS_Store", "x").
		Add(node+"groups/staff.plist", record(texts("name", "staff")+texts("realname", "Staff")+texts("gid", "20")+texts("users", "root")+texts("generateduid", "ABCD"))).
		Add(node+"groups/admin.plist", record(texts("name", "admin")+texts("gid", "80")+texts("groupmembers", "11111111-AAAA"))).
		Add("/Library/Preferences/com.apple.loginwindow.plist", record("<key>autoLoginUser</key><string>anna</string>"))
}

func TestAccountsOfDarwin(t *testing.T) {
	tell(t, &users, macAccounts()).want(t, `
		anna
		  Username = anna | com.apple.idms.1
		  fullname = Anna A.
		  userid = 501
		  userguid = 11111111-AAAA
		  homedirectory = /Users/anna
		  shell = /bin/zsh
		  grouplist/groupname = admin | staff
		  disabled = false
		  lockedout = ?
		  passwordrequired = true
		  autologin = true
		  LastLogin = ?
		nobody
		  Username = nobody
		  userid = 4294967294
		  disabled = true ~
		  lockedout = ?
		  passwordrequired = ?
		  autologin = false
		  LastLogin = ?
		old
		  Username = old
		  userid = 502
		  disabled = true
		  lockedout = ?
		  passwordrequired = ?
		  autologin = false
		  LastLogin = ?
		`)
	tell(t, &groups, macAccounts()).want(t, `
		admin
		  GroupName = admin
		  gid = 80
		  userlist/username = anna
		staff
		  GroupName = staff
		  fullname = Staff
		  gid = 20
		  groupguid = ABCD
		  userlist/username = root | anna
		`)
}

func TestDamagedAccountsOfDarwin(t *testing.T) {
	const node = "/private/var/db/dslocal/nodes/Default/"
	m := macAccounts().Add(node+"users/anna.plist", "bplist00").Add(node+"users/old.plist", record("")).
		Put(node+"users/nobody.plist", source.MemNode{OpenErr: errors.New("input/output error")})
	got := tell(t, &users, m)
	got.says(t, "")
	got.tells(t, "cut short", "a record without a name", "input/output error")
	if got.Complete || got.Full {
		t.Error("complete, with accounts that could not be read")
	}
	if got := tell(t, &groups, source.NewMem(source.Darwin)); got.Complete || len(got.troubles) != 1 {
		t.Errorf("no dslocal: %+v", got)
	}
}

// Files made to cost more than their length.
func TestManyMembers(t *testing.T) {
	var users0, groups0 strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&users0, "u%d:x:%d:%d::/:/\n", i, i, i)
		fmt.Fprintf(&groups0, "g%d:x:%d:u1,u1,u2\n", i, i)
	}
	m := source.NewMem(source.Linux).Add("/etc/passwd", users0.String()).Add("/etc/group", groups0.String())
	got := tell(t, &users, m)
	if !strings.Contains(got.text, "\n  grouplist/groupname = g7\n") || !got.Full {
		t.Error("an account is not in its primary group")
	}
	if got := tell(t, &groups, m); !strings.Contains(got.text, "\n  userlist/username = u1 | u1 | u2 | u7\n") {
		t.Error("a group has not got the accounts whose primary group it is")
	}
}
