package document

import "strings"

// wellKnownSIDs are the SIDs that are the same on every system, as English ones
// name them (MS-DTYP 2.4.2.4).
var wellKnownSIDs = map[string]sidName{
	"S-1-0-0":      {account: "NULL SID"},
	"S-1-1-0":      {account: "Everyone"},
	"S-1-2-0":      {account: "LOCAL"},
	"S-1-2-1":      {account: "CONSOLE LOGON"},
	"S-1-3-0":      {account: "CREATOR OWNER"},
	"S-1-3-1":      {account: "CREATOR GROUP"},
	"S-1-3-2":      {account: "CREATOR OWNER SERVER"},
	"S-1-3-3":      {account: "CREATOR GROUP SERVER"},
	"S-1-3-4":      {account: "OWNER RIGHTS"},
	"S-1-5-1":      {account: "DIALUP", domain: authority},
	"S-1-5-2":      {account: "NETWORK", domain: authority},
	"S-1-5-3":      {account: "BATCH", domain: authority},
	"S-1-5-4":      {account: "INTERACTIVE", domain: authority},
	"S-1-5-6":      {account: "SERVICE", domain: authority},
	"S-1-5-7":      {account: "ANONYMOUS LOGON", domain: authority},
	"S-1-5-8":      {account: "PROXY", domain: authority},
	"S-1-5-9":      {account: "ENTERPRISE DOMAIN CONTROLLERS", domain: authority},
	"S-1-5-10":     {account: "SELF", domain: authority},
	"S-1-5-11":     {account: "Authenticated Users", domain: authority},
	"S-1-5-12":     {account: "RESTRICTED", domain: authority},
	"S-1-5-13":     {account: "TERMINAL SERVER USER", domain: authority},
	"S-1-5-14":     {account: "REMOTE INTERACTIVE LOGON", domain: authority},
	"S-1-5-15":     {account: "This Organization", domain: authority},
	"S-1-5-17":     {account: "IUSR", domain: authority},
	"S-1-5-18":     {account: "SYSTEM", domain: authority},
	"S-1-5-19":     {account: "LOCAL SERVICE", domain: authority},
	"S-1-5-20":     {account: "NETWORK SERVICE", domain: authority},
	"S-1-5-33":     {account: "WRITE RESTRICTED", domain: authority},
	"S-1-5-64-10":  {account: "NTLM Authentication", domain: authority},
	"S-1-5-64-14":  {account: "SChannel Authentication", domain: authority},
	"S-1-5-64-21":  {account: "Digest Authentication", domain: authority},
	"S-1-5-80-0":   {account: "ALL SERVICES", domain: "NT SERVICE"},
	"S-1-5-83-0":   {account: "Virtual Machines", domain: "NT VIRTUAL MACHINE"},
	"S-1-5-90-0":   {account: "Window Manager Group", domain: windowManager},
	"S-1-5-113":    {account: "Local account", domain: authority},
	"S-1-5-114":    {account: "Local account and member of Administrators group", domain: authority},
	"S-1-5-32-544": {account: "Administrators", domain: builtin},
	"S-1-5-32-545": {account: "Users", domain: builtin},
	"S-1-5-32-546": {account: "Guests", domain: builtin},
	"S-1-5-32-547": {account: "Power Users", domain: builtin},
	"S-1-5-32-548": {account: "Account Operators", domain: builtin},
	"S-1-5-32-549": {account: "Server Operators", domain: builtin},
	"S-1-5-32-550": {account: "Print Operators", domain: builtin},
	"S-1-5-32-551": {account: "Backup Operators", domain: builtin},
	"S-1-5-32-552": {account: "Replicator", domain: builtin},
	"S-1-5-32-554": {account: "Pre-Windows 2000 Compatible Access", domain: builtin},
	"S-1-5-32-555": {account: "Remote Desktop Users", domain: builtin},
	"S-1-5-32-556": {account: "Network Configuration Operators", domain: builtin},
	"S-1-5-32-557": {account: "Incoming Forest Trust Builders", domain: builtin},
	"S-1-5-32-558": {account: "Performance Monitor Users", domain: builtin},
	"S-1-5-32-559": {account: "Performance Log Users", domain: builtin},
	"S-1-5-32-560": {account: "Windows Authorization Access Group", domain: builtin},
	"S-1-5-32-561": {account: "Terminal Server License Servers", domain: builtin},
	"S-1-5-32-562": {account: "Distributed COM Users", domain: builtin},
	"S-1-5-32-568": {account: "IIS_IUSRS", domain: builtin},
	"S-1-5-32-569": {account: "Cryptographic Operators", domain: builtin},
	"S-1-5-32-573": {account: "Event Log Readers", domain: builtin},
	"S-1-5-32-574": {account: "Certificate Service DCOM Access", domain: builtin},
	"S-1-5-32-575": {account: "RDS Remote Access Servers", domain: builtin},
	"S-1-5-32-576": {account: "RDS Endpoint Servers", domain: builtin},
	"S-1-5-32-577": {account: "RDS Management Servers", domain: builtin},
	"S-1-5-32-578": {account: "Hyper-V Administrators", domain: builtin},
	"S-1-5-32-579": {account: "Access Control Assistance Operators", domain: builtin},
	"S-1-5-32-580": {account: "Remote Management Users", domain: builtin},
	"S-1-5-32-581": {account: "System Managed Accounts Group", domain: builtin},
	"S-1-5-32-582": {account: "Storage Replica Administrators", domain: builtin},
	"S-1-5-32-583": {account: "Device Owners", domain: builtin},
	"S-1-15-2-1":   {account: "ALL APPLICATION PACKAGES", domain: packages},
	"S-1-15-2-2":   {account: "ALL RESTRICTED APPLICATION PACKAGES", domain: packages},
	"S-1-16-0":     {account: "Untrusted Mandatory Level", domain: integrity},
	"S-1-16-4096":  {account: "Low Mandatory Level", domain: integrity},
	"S-1-16-8192":  {account: "Medium Mandatory Level", domain: integrity},
	"S-1-16-8448":  {account: "Medium Plus Mandatory Level", domain: integrity},
	"S-1-16-12288": {account: "High Mandatory Level", domain: integrity},
	"S-1-16-16384": {account: "System Mandatory Level", domain: integrity},

	"S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464": {account: "TrustedInstaller", domain: "NT SERVICE"},
}

const (
	authority     = "NT AUTHORITY"
	builtin       = "BUILTIN"
	windowManager = "Window Manager"
	packages      = "APPLICATION PACKAGE AUTHORITY"
	integrity     = "Mandatory Label"
)

// numbered are the accounts that Windows makes for each session, numbered as
// the session is.
var numbered = []struct {
	sid  string
	name sidName
}{
	{"S-1-5-90-0-", sidName{account: "DWM-", domain: windowManager}},
	{"S-1-5-96-0-", sidName{account: "UMFD-", domain: "Font Driver Host"}},
}

// knownSID is the name of a SID that is the same on every system.
func knownSID(sid string) (sidName, bool) {
	if n, ok := wellKnownSIDs[sid]; ok {
		return n, true
	}
	for _, n := range numbered {
		if session, ok := strings.CutPrefix(sid, n.sid); ok && session != "" && strings.Trim(session, "0123456789") == "" {
			n.name.account += session
			return n.name, true
		}
	}
	return sidName{}, false
}
