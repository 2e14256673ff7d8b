package document

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

var bornAt = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

const evilTask = `<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><Exec><Command>"C:\Program Files\a.exe"</Command><Arguments>/t</Arguments></Exec></Actions></Task>`

func autostartMachine() *source.Mem {
	named := func(name string, v ...regftest.Value) regftest.Key { return regftest.Key{Name: name, Values: v} }
	in := func(name string, k ...regftest.Key) regftest.Key { return regftest.Key{Name: name, Subkeys: k} }
	software := hiveOf(
		in("Microsoft",
			in("Windows", in("CurrentVersion",
				named("Run", sz("Good", `"C:\Program Files\a.exe" /min`), sz("Loader", `rundll32.exe C:\Users\Public\e.dll,Start 1`)),
				in("Explorer", in("Browser Helper Objects", named("{11111111-0000-0000-0000-000000000000}"))))),
			in("Windows NT", in("CurrentVersion",
				named("Winlogon", sz("Shell", "explorer.exe, C:\\Users\\Public\\s.exe"), sz("Other", "x.exe")),
				named("Windows", sz("AppInit_DLLs", `C:\one.dll two.dll`)),
				in("Image File Execution Options", named("sethc.exe", sz("Debugger", `C:\Windows\System32\cmd.exe`)), named("calm.exe", dword("GlobalFlag", 1))),
				in("ProfileList", named(annaSID, sz("ProfileImagePath", `C:\Users\anna`)))))),
		in("Wow6432Node", in("Microsoft", in("Windows", in("CurrentVersion", named("Run", expandValue("Thirty", `%ProgramFiles(x86)%\t.exe`)))))),
		in("Classes", in("CLSID", in("{11111111-0000-0000-0000-000000000000}", named("InprocServer32", sz("", `C:\bho.dll`))))),
	)
	system := hiveOf(named("Select", dword("Current", 1)), in("ControlSet001",
		in("Control", named("Lsa", multi("Security Packages", "evilssp")), named("Session Manager", multi("BootExecute", "autocheck autochk *"))),
		in("Services", someServices()[0])))
	user := hiveOf(named("Environment", sz("UserInitMprLogonScript", `%USERPROFILE%\logon.cmd`)),
		in("Software", in("Microsoft", in("Windows", in("CurrentVersion", named("Run", expandValue("Mine", `%APPDATA%\evil.exe -q`)))))))
	return windowsMachine(map[string]string{"SOFTWARE": software, "SYSTEM": system}).
		Add(`C:\Users\anna\NTUSER.DAT`, user).
		Add(`C:\Users\anna\AppData\Roaming\evil.exe`, "evil").
		Add(`C:\Users\anna\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\go.lnk`, "L").
		Add(`C:\Users\anna\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\desktop.ini`, "[x]").
		Add(`C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup\run.bat`, "bat").
		Add(`C:\Windows\System32\Tasks\Evil`, evilTask).
		Add(`C:\Windows\explorer.exe`, "explorer").Add(`C:\Windows\System32\autochk.exe`, "autochk").
		Add(`C:\Windows\System32\evilssp.dll`, "ssp").Add(`C:\Windows\System32\rundll32.exe`, "rundll32").
		Add(`C:\Windows\System32\svchost.exe`, "svchost").
		Add(`C:\Users\Public\e.dll`, "e").Add(`C:\Users\Public\s.exe`, "s").Add(`C:\Program Files (x86)\t.exe`, "t").
		Put(`C:\Program Files\a.exe`, source.MemNode{Content: "a", Info: source.Info{Created: ioc.Ticks(bornAt)}, Owner: source.Owner{User: `BUILTIN\Users`}}).
		Put(`C:\bho.dll`, source.MemNode{OpenErr: fs.ErrPermission})
}

func TestPersistence(t *testing.T) {
	got := tellWindows(t, &persisted, autostartMachine(), nil, "PersistenceType", "ServiceName", "LinkFilePath", "FilePath", "arguments", "md5sum")
	got.says(t, `
		C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup\run.bat
		  PersistenceType = File
		  FilePath = C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup\run.bat
		  md5sum = `+md5Of("bat")+`
		C:\Users\anna\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\go.lnk
		  PersistenceType = Link
		  LinkFilePath = C:\Users\anna\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\go.lnk
		  FilePath = !
		  arguments = !
		  md5sum = !
		C:\Windows\System32\Tasks\Evil
		  PersistenceType = Task
		  FilePath = C:\Program Files\a.exe
		  arguments = /t
		  md5sum = `+md5Of("a")+`
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\sethc.exe\Debugger
		  PersistenceType = Registry
		  FilePath = C:\Windows\System32\cmd.exe
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Windows\AppInit_DLLs: C:\one.dll
		  PersistenceType = Registry
		  FilePath = C:\one.dll
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Windows\AppInit_DLLs: two.dll
		  PersistenceType = Registry
		  FilePath = two.dll
		  md5sum = !
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon\Shell: C:\Users\Public\s.exe
		  PersistenceType = Registry
		  FilePath = C:\Users\Public\s.exe
		  md5sum = `+md5Of("s")+`
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon\Shell: explorer.exe
		  PersistenceType = Registry
		  FilePath = explorer.exe | C:\Windows\explorer.exe
		  md5sum = `+md5Of("explorer")+`
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\Browser Helper Objects\{11111111-0000-0000-0000-000000000000}
		  PersistenceType = Registry
		  FilePath = C:\bho.dll
		  md5sum = !
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Good
		  PersistenceType = Registry
		  FilePath = C:\Program Files\a.exe
		  arguments = /min
		  md5sum = `+md5Of("a")+`
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Loader: C:\Users\Public\e.dll
		  PersistenceType = Registry
		  FilePath = C:\Users\Public\e.dll
		  md5sum = `+md5Of("e")+`
		HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Loader: rundll32.exe C:\Users\Public\e.dll,Start 1
		  PersistenceType = Registry
		  FilePath = rundll32.exe | C:\Windows\System32\rundll32.exe
		  arguments = C:\Users\Public\e.dll,Start 1
		  md5sum = `+md5Of("rundll32")+`
		HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Run\Thirty
		  PersistenceType = Registry
		  FilePath = %ProgramFiles(x86)%\t.exe | C:\Program Files (x86)\t.exe
		  md5sum = `+md5Of("t")+`
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control\Lsa\Security Packages
		  PersistenceType = Registry
		  FilePath = evilssp | C:\Windows\System32\evilssp.dll
		  md5sum = `+md5Of("ssp")+`
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control\Session Manager\BootExecute
		  PersistenceType = Registry
		  FilePath = autochk | C:\Windows\System32\autochk.exe
		  arguments = *
		  md5sum = `+md5Of("autochk")+`
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Dnscache\ImagePath
		  PersistenceType = Service
		  ServiceName = Dnscache
		  FilePath = %SystemRoot%\system32\svchost.exe | C:\Windows\system32\svchost.exe
		  arguments = -k NetworkService
		  md5sum = `+md5Of("svchost")+`
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Dnscache\Parameters\ServiceDll
		  PersistenceType = ServiceDll
		  ServiceName = Dnscache
		  FilePath = %SystemRoot%\System32\dnsrslvr.dll | C:\Windows\System32\dnsrslvr.dll
		HKEY_USERS\S-1-5-21-1004336348-1177238915-682003330-1001\Environment\UserInitMprLogonScript
		  PersistenceType = Registry
		  FilePath = %USERPROFILE%\logon.cmd | C:\Users\anna\logon.cmd
		HKEY_USERS\S-1-5-21-1004336348-1177238915-682003330-1001\Software\Microsoft\Windows\CurrentVersion\Run\Mine
		  PersistenceType = Registry
		  FilePath = %APPDATA%\evil.exe | C:\Users\anna\AppData\Roaming\evil.exe
		  arguments = -q
		  md5sum = `+md5Of("evil")+`
		`)
	got.tells(t, `C:\bho.dll: `)
	if !got.Complete || !got.Full || got.Unlisted != 0 {
		t.Errorf("%+v", got.Listing)
	}
}

// Terms of the value, the service and the file that an item is about.
func TestPersistenceInside(t *testing.T) {
	got := tellWindows(t, &persisted, autostartMachine(), nil, "Reg", "File", "ServiceItem/")
	item := func(label string) string {
		_, rest, _ := strings.Cut(got.text, label+"\n")
		end := strings.Index(rest+"\nHKEY", "\nHKEY")
		return "\n" + rest[:min(end, len(rest))] + "\n"
	}
	for label, lines := range map[string][]string{
		`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Good`: {
			`RegPath = HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Good`, `RegText = "C:\Program Files\a.exe" /min`,
			`RegOwner = BUILTIN\Administrators | Administrators`, `RegistryItem/ValueName = Good`, `RegistryItem/Type = REG_SZ`,
			`FileOwner = BUILTIN\Users | Users`, `FileCreated = 2020-01-02T03:04:05Z`, `FileItem/Created = 2020-01-02T03:04:05Z`,
			`FileItem/FullPath = C:\Program Files\a.exe | \Program Files\a.exe`, `FileItem/Md5sum = ` + md5Of("a"), `FileItem/SizeInBytes = 1`,
		},
		`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\Dnscache\ImagePath`: {
			`RegText = %SystemRoot%\system32\svchost.exe -k NetworkService`, `ServiceItem/name = Dnscache`, `ServiceItem/mode = SERVICE_AUTO_START`,
			`ServiceItem/pathmd5sum = ` + md5Of("svchost"), `ServiceItem/startedAs = NT AUTHORITY\NetworkService`, `FileItem/FileName = svchost.exe`,
		},
	} {
		text := item(label)
		for _, l := range lines {
			if !strings.Contains(text, "\n  "+l+"\n") && !strings.Contains(text, "\n  "+l+" | ") {
				t.Errorf("%s has not got %s:\n%s", label, l, text)
			}
		}
	}
}

// What could not be listed may hold items.
func TestPersistenceOfUnreadablePlaces(t *testing.T) {
	m := autostartMachine().
		Put(`C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Startup`, source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: fs.ErrPermission}).
		Add(`C:\Users\anna\NTUSER.DAT`, "rubbish").
		Add(`C:\Windows\System32\Tasks\Evil`, "<Task")
	got := tellWindows(t, &persisted, m, nil, "FilePath")
	if got.Complete || got.Full || got.Unlisted != 1 || !strings.Contains(got.text, "Tasks\\Evil\n  FilePath = !\n") {
		t.Errorf("%+v\n%s", got.Listing, got.text)
	}
	got.tells(t, "NTUSER.DAT: ", "Startup: ", `Tasks\Evil: `, `C:\bho.dll: `)

	given := []source.GivenHive{{File: "none", Mount: `HKLM\SYSTEM`}}
	if got := tellWindows(t, &persisted, source.OpenArtifacts("none", source.Hives), given); got.Complete || got.Full {
		t.Errorf("hives only: %+v", got.Listing)
	}
}

// Hives that are given in place of the evidence's own are not all there are.
func TestPersistenceOfSomeHives(t *testing.T) {
	file := filepath.Join(sourcetest.TempDir(t), "SYSTEM")
	if err := os.WriteFile(file, []byte(systemHive(someServices()...)), 0o666); err != nil {
		t.Fatal(err)
	}
	got := tellWindows(t, &persisted, autostartMachine(), []source.GivenHive{{File: file}}, "FilePath")
	if got.Complete || got.Full {
		t.Errorf("%+v", got.Listing)
	}
	got.tells(t, `HKEY_LOCAL_MACHINE\SOFTWARE`, "HKEY_CURRENT_USER")
}

func TestHostedLibraries(t *testing.T) {
	for line, want := range map[string]string{
		`rundll32.exe C:\a.dll,Entry x`:                   `C:\a.dll`,
		`C:\Windows\System32\RUNDLL32 "C:\a b.dll",Entry`: `C:\a b.dll`,
		`rundll32 shell32.dll,Control_RunDLL x.cpl`:       `shell32.dll`,
		`regsvr32 /s /u C:\a.dll`:                         `C:\a.dll`,
		`regsvr32.exe /s`:                                 ``,
		`rundll32.exe`:                                    ``,
		`C:\a.exe b.dll`:                                  ``,
	} {
		if got := hosted(finderOf(source.NewMem(source.Windows).AddDir(`C:\Windows\System32`)).commandLine(line, "")); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
