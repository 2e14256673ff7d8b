package scope

// predefined are the keys of --keys predefined, each with all that is below
// it: what starts programs, or is loaded into others, and so is changed by
// intruders. Kaspersky publishes the keys of the machine as the scope of its
// IOC Scan in the registry; those of users it lacks. A path under
// HKEY_CURRENT_USER means every user; under SOFTWARE and Classes also what
// 32-bit programs see.
var predefined = []string{
	`HKEY_CLASSES_ROOT\htafile`,
	`HKEY_CLASSES_ROOT\batfile`,
	`HKEY_CLASSES_ROOT\exefile`,
	`HKEY_CLASSES_ROOT\comfile`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Lsa`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Print\Monitors`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\NetworkProvider`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Class`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Terminal Server`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager`,
	`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Classes\piffile`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Classes\htafile`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Classes\exefile`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Classes\comfile`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Classes\CLSID`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\ShellServiceObjectDelayLoad`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\Explorer`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Active Setup\Installed Components`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Windows`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Aedebug`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon`,

	// The keys that begin with the name Run, which the published list means
	// by its prefix.
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnceEx`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunServices`,
	`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunServicesOnce`,

	// What the published list lacks: users' own run keys and classes.
	`HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Run`,
	`HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\RunOnce`,
	`HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\RunOnceEx`,
	`HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\RunServices`,
	`HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\RunServicesOnce`,
	`HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Policies\Explorer`,
	`HKEY_CURRENT_USER\Software\Microsoft\Windows NT\CurrentVersion\Windows`,
	`HKEY_CURRENT_USER\Software\Microsoft\Windows NT\CurrentVersion\Winlogon`,
	`HKEY_CURRENT_USER\Software\Microsoft\Command Processor`,
	`HKEY_CURRENT_USER\Environment`,
	`HKEY_CURRENT_USER\Control Panel\Desktop`,
	`HKEY_CURRENT_USER\Software\Classes\CLSID`,
	`HKEY_CURRENT_USER\Software\Classes\htafile`,
	`HKEY_CURRENT_USER\Software\Classes\batfile`,
	`HKEY_CURRENT_USER\Software\Classes\exefile`,
	`HKEY_CURRENT_USER\Software\Classes\comfile`,
	`HKEY_CURRENT_USER\Software\Classes\piffile`,
	`HKEY_CURRENT_USER\Software\Classes\ms-settings`,
	`HKEY_CURRENT_USER\Software\Classes\mscfile`,
}
