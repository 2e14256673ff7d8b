package document

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

func windowsAccounts() map[string]keys {
	const carla, boris = "S-1-5-21-1-2-3-1105", machineSID + "-1001"
	return map[string]keys{
		"SAM": samKeys().users(
			testUser{rid: 500, name: "Administrator", comment: "Built-in account", flags: 0x211},
			testUser{rid: 1001, name: "boris", fullName: "Boris B.", home: `D:\boris`, script: "logon.cmd", login: login2020, flags: 0x214, wrong: 4},
			testUser{rid: 1002, name: "open", login: neverTicks, flags: 0x10, wrong: 5},
		).alias("Account", 1003, "Helpers", "People who help", boris).
			alias("Builtin", 544, "Administrators", "Unrestricted", machineSID+"-500", boris, carla, "S-1-5-21-9-9-9-512").
			alias("Builtin", 545, "Users", "", "S-1-5-11"),
		"SOFTWARE": softwareKeys().
			profile(boris, `%SystemDrive%\Users\boris`).
			profile(carla, `C:\Users\carla.EXAMPLE`, dword("LocalProfileLoadTimeHigh", login2020>>32), dword("LocalProfileLoadTimeLow", login2020&0xffffffff)).
			profile("S-1-5-21-1-2-3-1106", "").
			profile("S-1-5-18", `%systemroot%\system32\config\systemprofile`).
			profile("no user", `C:\x`),
		"SYSTEM": systemKeys(),
	}
}

func TestUsersOfWindows(t *testing.T) {
	h := windowsAccounts()
	h["SOFTWARE"][`Microsoft\Windows NT\CurrentVersion\Winlogon`] = []regftest.Value{
		sz("AutoAdminLogon", "1"), sz("DefaultUserName", "Boris"), sz("DefaultDomainName", "finch")}
	tell(t, &users, hives(h)).want(t, `
		Administrator
		  Username = Administrator
		  description = Built-in account
		  userid = 500
		  SecurityID = S-1-5-21-1004336348-1177238915-682003330-500
		  SecurityType = SidTypeUser
		  grouplist/groupname = Administrators | None
		  disabled = true
		  lockedout = false
		  passwordrequired = true
		  autologin = false
		S-1-5-21-1-2-3-1106 (S-1-5-21-1-2-3-1106)
		  Username = ?
		  fullname = ?
		  description = ?
		  userid = 1106
		  SecurityID = S-1-5-21-1-2-3-1106
		  SecurityType = SidTypeUser
		  homedirectory = ?
		  scriptpath = ?
		  grouplist/groupname = ?
		  disabled = ?
		  lockedout = ?
		  passwordrequired = ?
		  autologin = ?
		  LastLogin = ?
		SYSTEM
		  Username = SYSTEM | NT AUTHORITY\SYSTEM
		  fullname = ?
		  description = ?
		  SecurityID = S-1-5-18
		  SecurityType = SidTypeWellKnownGroup
		  homedirectory = C:\Windows\system32\config\systemprofile?
		  scriptpath = ?
		  grouplist/groupname = ?
		  disabled = ?
		  lockedout = ?
		  passwordrequired = ?
		  autologin = ?
		  LastLogin = ?
		boris
		  Username = boris
		  fullname = Boris B.
		  userid = 1001
		  SecurityID = S-1-5-21-1004336348-1177238915-682003330-1001
		  SecurityType = SidTypeUser
		  homedirectory = D:\boris | C:\Users\boris
		  scriptpath = logon.cmd
		  grouplist/groupname = Administrators | Helpers | None
		  disabled = false
		  lockedout = false
		  passwordrequired = false
		  autologin = true
		  LastLogin = 2020-09-13T16:25:40Z
		carla.EXAMPLE (S-1-5-21-1-2-3-1105)
		  Username = carla.EXAMPLE ~
		  fullname = ?
		  description = ?
		  userid = 1105
		  SecurityID = S-1-5-21-1-2-3-1105
		  SecurityType = SidTypeUser
		  homedirectory = C:\Users\carla.EXAMPLE?
		  scriptpath = ?
		  grouplist/groupname = Administrators?
		  disabled = ?
		  lockedout = ?
		  passwordrequired = ?
		  autologin = ?
		  LastLogin = 2020-09-13T16:25:40Z ~
		open
		  Username = open
		  userid = 1002
		  SecurityID = S-1-5-21-1004336348-1177238915-682003330-1002
		  SecurityType = SidTypeUser
		  grouplist/groupname = None
		  disabled = false
		  lockedout = true ~
		  passwordrequired = true
		  autologin = false
		`)
}

func TestGroupsOfWindows(t *testing.T) {
	tell(t, &groups, hives(windowsAccounts())).want(t, `
		Administrators
		  GroupName = Administrators
		  gid = 544
		  userlist/username = Administrator | FINCH\Administrator | S-1-5-21-1004336348-1177238915-682003330-500 | boris | FINCH\boris | S-1-5-21-1004336348-1177238915-682003330-1001 | carla.EXAMPLE | S-1-5-21-1-2-3-1105 | S-1-5-21-9-9-9-512?
		Helpers
		  GroupName = Helpers
		  gid = 1003
		  userlist/username = boris | FINCH\boris | S-1-5-21-1004336348-1177238915-682003330-1001
		None
		  GroupName = None
		  gid = 513
		  userlist/username = boris | FINCH\boris | S-1-5-21-1004336348-1177238915-682003330-1001 | Administrator | FINCH\Administrator | S-1-5-21-1004336348-1177238915-682003330-500 | open | FINCH\open | S-1-5-21-1004336348-1177238915-682003330-1002
		Users
		  GroupName = Users
		  gid = 545
		  userlist/username = Authenticated Users | NT AUTHORITY\Authenticated Users | S-1-5-11
		`)
}

// What is missing or damaged is unknown, and the listing says that it is not
// complete.
func TestDamagedAccountsOfWindows(t *testing.T) {
	const boris = `SAM\Domains\Account\Users\000003E9`
	for _, c := range []struct {
		name    string
		change  func(h map[string]keys)
		groups  bool
		says    []string // in the text of the listing
		not     []string
		trouble string
		whole   bool // the listing is complete all the same
	}{
		{name: "no SAM", change: func(h map[string]keys) { delete(h, "SAM") },
			says: []string{"carla.EXAMPLE", "boris ("}, not: []string{"Administrator\n"}, trouble: "no such hive"},
		{name: "no SAM", change: func(h map[string]keys) { delete(h, "SAM") }, groups: true, trouble: "no such hive"},
		{name: "no SOFTWARE", change: func(h map[string]keys) { delete(h, "SOFTWARE") },
			says: []string{"Administrator\n", "homedirectory = D:\\boris!"}, not: []string{"carla"}, trouble: "no such hive"},
		{name: "a domain controller", change: func(h map[string]keys) {
			h["SYSTEM"][`ControlSet001\Control\ProductOptions`] = []regftest.Value{sz("ProductType", "LanmanNT")}
		}, says: []string{"boris\n"}, trouble: "ntds.dit"},
		{name: "texts", change: func(h map[string]keys) { h["SAM"][boris][1].Data = h["SAM"][boris][1].Data[:0xd0] },
			says: []string{"boris\n  Username = boris\n  fullname = !\n  description = !\n  userid = 1001"}, trouble: `part`, whole: true},
		{name: "facts", change: func(h map[string]keys) { h["SAM"][boris][0].Data = nil },
			says: []string{"disabled = !\n  lockedout = !\n  passwordrequired = !\n"}, trouble: `too few`, whole: true},
		{name: "machine", change: func(h map[string]keys) { h["SAM"][`SAM\Domains\Account`][1].Data[0x44] = 9 },
			says: []string{"boris\n"}, trouble: "SID of the machine"},
		{name: "a name without entry", change: func(h map[string]keys) {
			h["SAM"][`SAM\Domains\Account\Users\Names\ghost`] = []regftest.Value{{Type: 1010}}
		}, trouble: `"ghost" (1010) has a name and no entry`},
		{name: "members", change: func(h map[string]keys) {
			v := &h["SAM"][`SAM\Domains\Builtin\Aliases\00000220`][0]
			v.Data = v.Data[:len(v.Data)-2]
		}, groups: true, says: []string{"Administrators\n  GroupName = Administrators\n  gid = 544\n  userlist/username = !\n"}, trouble: "lies outside", whole: true},
		{name: "groups of users", change: func(h map[string]keys) {
			v := &h["SAM"][`SAM\Domains\Builtin\Aliases\00000220`][0]
			v.Data = v.Data[:len(v.Data)-2]
		}, says: []string{"grouplist/groupname = Helpers | None!"}, trouble: "lies outside", whole: true},
		{name: "type of a value", change: func(h map[string]keys) {
			h["SOFTWARE"][`Microsoft\Windows NT\CurrentVersion\ProfileList\`+machineSID+"-1001"] = []regftest.Value{dword("ProfileImagePath", 1)}
		}, says: []string{"boris\n"}, trouble: "the type is REG_DWORD"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := windowsAccounts()
			c.change(h)
			var d Document = &users
			if c.groups {
				d = &groups
			}
			got := tell(t, d, hives(h))
			for _, s := range c.says {
				if !strings.Contains(got.text, s) {
					t.Errorf("%q is not said in\n%s", s, got.text)
				}
			}
			for _, s := range c.not {
				if strings.Contains(got.text, s) {
					t.Errorf("%q is said in\n%s", s, got.text)
				}
			}
			if !strings.Contains(strings.Join(got.troubles, "\n"), c.trouble) {
				t.Errorf("troubles %q, none with %q", got.troubles, c.trouble)
			}
			if got.Complete != c.whole {
				t.Errorf("complete %v: %s", got.Complete, got.Why)
			}
		})
	}
	got := tell(t, &users, source.NewMem(source.Windows))
	if got.Complete || got.text != "" || len(got.troubles) == 0 {
		t.Errorf("no hives: %+v", got)
	}
}

// Of a hive that is given by itself nobody knows that it is the system's own.
func TestAccountsOfALooseHive(t *testing.T) {
	file := filepath.Join(sourcetest.TempDir(t), "SAM")
	if err := os.WriteFile(file, []byte(windowsAccounts()["SAM"].hive()), 0o600); err != nil {
		t.Fatal(err)
	}
	h := windowsAccounts()
	delete(h, "SAM")
	src := hives(h)
	r := source.NewRegistry(src, source.RegistryOptions{Given: []source.GivenHive{{File: file}}})
	defer r.Close()
	a := &asker{fields: len(groups.fields)}
	list, err := groups.Run(context.Background(), &Request{Source: src, Registry: r}, 1, func() Worker { return a })
	if err != nil || a.items != 4 || list.Full {
		t.Errorf("%d groups, full %v: %v", a.items, list.Full, err)
	}
}
