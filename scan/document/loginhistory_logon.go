package document

import (
	"net/netip"
	"strconv"
	"strings"

	"iocscan/scan/internal/evtx"
)

// A logon is what an event of Windows says of a session besides.
type logon struct {
	what   string // for people
	types  []string
	remote bool
	record uint64
}

func (l *logon) label() string {
	if len(l.types) == 0 {
		return l.what
	}
	return l.types[0] + " " + l.what
}

// Who logs the sessions of terminal services: one those that there are, the
// other who asks for one from elsewhere.
var (
	terminals   = &pastProvider{"Microsoft-Windows-TerminalServices-LocalSessionManager", "LocalSessionManager", "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"}
	connections = &pastProvider{"Microsoft-Windows-TerminalServices-RemoteConnectionManager", "RemoteConnectionManager", "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"}
)

// A logonStep is what an event does to a session.
type logonStep uint8

const (
	logonBegins logonStep = iota
	logonEnding           // the user asks for it
	logonEnds
	logonPoint   // of something that has no end, or none that is told
	systemStarts // which no session outlives
)

type logonKey struct {
	provider *pastProvider
	id       uint64
}

// A logonKind is one kind of event: what names its values have, as numbers of
// logonNames; -1: it has no such value.
type logonKind struct {
	step    logonStep
	what    string // for people
	word    string // record type, where the event has no logon type
	keys    string // what sort of numbers its sessions have
	session int
	user    int
	domain  int
	host    int
	address int
	logon   int // type
	process int
	failed  bool
	untold  loginPart
}

// logonNames are the values that are read. The text of each of these events
// lists its own ("4624(S): An account was successfully logged on" and so on in
// Microsoft's documentation of advanced security auditing); those of terminal
// services are as their manifests have them.
var logonNames = []string{
	"TargetUserName", "TargetDomainName", "WorkstationName", "IpAddress", "LogonType", "ProcessId", "TargetLogonId",
	"User", "Address", "SessionID", "Param1", "Param2", "Param3",
}

const (
	targetUser = iota
	targetDomain
	workstation
	fromAddress
	logonType
	callerProcess
	targetLogon
	sessionUser
	sessionAddress
	sessionNumber
	param1
	param2
	param3
)

// The kinds of events, by who logs them and their ids.
var logonKinds = map[logonKey]logonKind{
	{security, 4624}: {step: logonBegins, what: "logon", keys: "logon", session: targetLogon, user: targetUser, domain: targetDomain,
		host: workstation, address: fromAddress, logon: logonType, process: callerProcess},
	{security, 4625}: {step: logonPoint, what: "failed logon", session: -1, user: targetUser, domain: targetDomain,
		host: workstation, address: fromAddress, logon: logonType, process: callerProcess, failed: true},
	{security, 4634}: {step: logonEnds, what: "logoff", keys: "logon", session: targetLogon, user: targetUser, domain: targetDomain,
		host: -1, address: -1, logon: logonType, process: -1},
	{security, 4647}: {step: logonEnding, what: "logoff", keys: "logon", session: targetLogon, user: targetUser, domain: targetDomain,
		host: -1, address: -1, logon: -1, process: -1},
	{security, 4608}: {step: systemStarts},

	{terminals, 21}: terminalKind(logonBegins, "SessionLogon", "session"),
	{terminals, 23}: terminalKind(logonEnds, "SessionLogoff", "session"),
	{terminals, 24}: terminalKind(logonEnds, "SessionDisconnect", "connection"),
	{terminals, 25}: terminalKind(logonBegins, "SessionReconnect", "connection"),

	// It says only that someone was let to the screen where users log on, so
	// that whether the logon failed is open.
	{connections, 1149}: {step: logonPoint, what: "of terminal services", word: "RemoteConnection", session: -1, user: param1, domain: param2,
		host: -1, address: param3, logon: -1, process: -1, untold: loginFailed},
}

func terminalKind(step logonStep, word, keys string) logonKind {
	return logonKind{step: step, what: "of terminal services", word: word, keys: keys, session: sessionNumber,
		user: sessionUser, domain: -1, host: -1, address: sessionAddress, logon: -1, process: -1}
}

// logonEvents has the kinds for a reader of logs, each with all the names.
var logonEvents = &pastDocument{
	name: "LoginHistoryItem",
	kinds: []pastKind{
		{security, 4624, logonTest, nil}, {security, 4625, logonTest, nil}, {security, 4634, logonTest, nil}, {security, 4647, logonTest, nil}, {security, 4608, logonTest, nil},
		{terminals, 21, logonTest, nil}, {terminals, 23, logonTest, nil}, {terminals, 24, logonTest, nil}, {terminals, 25, logonTest, nil},
		{connections, 1149, logonTest, nil},
	},
}

var logonTest = pastTest{names: logonNames}

// logonWords are the words for types of logon and whether the user is
// elsewhere (ntsecapi.h, SECURITY_LOGON_TYPE). Who unlocks a system may be:
// the address tells.
var logonWords = map[uint64]struct {
	word   string
	remote bool
}{
	0: {"System", false}, 2: {"Interactive", false}, 3: {"Network", true}, 4: {"Batch", false}, 5: {"Service", false}, 6: {"Proxy", false},
	7: {"Unlock", false}, 8: {"NetworkCleartext", true}, 9: {"NewCredentials", false}, 10: {"RemoteInteractive", true},
	11: {"CachedInteractive", false}, 12: {"CachedRemoteInteractive", true}, 13: {"CachedUnlock", false},
}

// A logonRecord is a record with the numbers of its names.
type logonRecord struct {
	*pastEvent
	ids []evtx.NameID
}

// mostLogonText bounds what is kept of one value of a record, in bytes: names
// of accounts and systems are far shorter. What is longer counts as not told.
const mostLogonText = 1 << 10

func (e logonRecord) text(name int) (string, bool) {
	if name < 0 {
		return "", false
	}
	e.buf = e.buf[:0]
	s, known := e.pastEvent.text(e.ids[name])
	if !known || len(s) > mostLogonText {
		return "", false
	}
	return string([]byte(s)), true
}

func (e logonRecord) number(name int) (uint64, bool) {
	if name < 0 {
		return 0, false
	}
	v, ok := e.value(e.ids[name])
	if !ok {
		return 0, false
	}
	return v.Uint()
}

// row is what the record says of a session, but for times.
func (e logonRecord) row(kind logonKind) *login {
	row := &login{logon: &logon{what: kind.what}, failed: kind.failed, untold: kind.untold | loginLine,
		endsUnknown: kind.step == logonEnding || kind.step == logonEnds}
	needs := func(part loginPart, known bool) {
		if !known {
			row.untold |= part
		}
	}
	var known bool
	row.user, known = e.text(kind.user)
	needs(loginUser, known)
	if kind.domain >= 0 {
		row.domain, _ = e.text(kind.domain)
	} else if domain, name, qualified := strings.Cut(row.user, `\`); qualified {
		row.domain, row.user = domain, name
	}
	row.host, known = e.text(kind.host)
	needs(loginFromHost, known)

	pid, known := e.number(kind.process)
	needs(loginProcess, known && pid < 1<<32)
	row.pid = int64(pid & (1<<32 - 1))

	from, known := e.text(kind.address)
	here := known && from == "LOCAL" // terminal services, of the console
	if a, err := netip.ParseAddr(from); err == nil {
		row.addr = a
	} else {
		needs(loginFromAddress, here)
	}
	e.types(kind, row, here)
	return row
}

// types says what sort of logon it is and whether it came from elsewhere.
func (e logonRecord) types(kind logonKind, row *login, here bool) {
	a := row.addr.Unmap()
	elsewhere := a.IsValid() && !a.IsLoopback() && !a.IsUnspecified()
	here = here || a.IsValid() && !elsewhere
	l := row.logon
	if kind.word != "" {
		l.types = []string{kind.word}
		l.remote = elsewhere || kind.word == "RemoteConnection" && !here
		if !here && !l.remote {
			row.untold |= loginRemote
		}
		return
	}
	n, known := e.number(kind.logon)
	if !known {
		row.untold |= loginType | loginRemote
		return
	}
	t, known := logonWords[n]
	if known {
		l.types = append(l.types, t.word)
	}
	l.types = append(l.types, strconv.FormatUint(n, 10))
	switch {
	case elsewhere:
		l.remote = t.remote || !known || t.word == "Unlock" || t.word == "CachedUnlock"
	case known:
		l.remote = t.remote && !here
	case !here:
		row.untold |= loginRemote
	}
}
