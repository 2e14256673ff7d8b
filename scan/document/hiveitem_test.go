package document

import (
	"io/fs"
	"strings"
	"testing"

	"iocscan/scan/source"
)

func TestHives(t *testing.T) {
	h := windowsAccounts()
	delete(h["SOFTWARE"], `Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1106`) // whose folder is not known
	m := hives(h).
		Add(`C:\Users\carla\NTUSER.DAT`, keys{"Software": nil}.hive()).
		Put(`C:\Windows\System32\config\SECURITY`, source.MemNode{OpenErr: fs.ErrPermission})
	got := tell(t, &hiveList, m)
	got.says(t, `
		C:\Users\carla\NTUSER.DAT
		  Name = HKEY_CURRENT_USER | HKCU
		  Path = C:\Users\carla\NTUSER.DAT
		C:\Windows\System32\config\SAM
		  Name = \REGISTRY\MACHINE\SAM | HKEY_LOCAL_MACHINE\SAM | HKLM\SAM
		  Path = C:\Windows\System32\config\SAM | \SystemRoot\System32\config\SAM
		C:\Windows\System32\config\SECURITY
		  Name = \REGISTRY\MACHINE\SECURITY | HKEY_LOCAL_MACHINE\SECURITY | HKLM\SECURITY
		  Path = C:\Windows\System32\config\SECURITY | \SystemRoot\System32\config\SECURITY
		C:\Windows\System32\config\SOFTWARE
		  Name = \REGISTRY\MACHINE\SOFTWARE | HKEY_LOCAL_MACHINE\SOFTWARE | HKLM\SOFTWARE
		  Path = C:\Windows\System32\config\SOFTWARE | \SystemRoot\System32\config\SOFTWARE
		C:\Windows\System32\config\SYSTEM
		  Name = \REGISTRY\MACHINE\SYSTEM | HKEY_LOCAL_MACHINE\SYSTEM | HKLM\SYSTEM
		  Path = C:\Windows\System32\config\SYSTEM | \SystemRoot\System32\config\SYSTEM
		`)
	if got.Complete || !strings.Contains(strings.Join(got.troubles, "\n"), "hive DEFAULT: ") {
		t.Errorf("complete %v, troubles %q", got.Complete, got.troubles)
	}
}
