package document

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/utmp"
	"iocscan/scan/source"
)

// logins is LoginHistoryItem: the sessions and failed logins that a system has
// recorded, and the starts and stops of Linux. The end of a session is part of
// its item.
var logins = loginDocument{Table[login]{
	name:    "LoginHistoryItem",
	summary: "sessions and failed logins that the system has recorded",
	needs:   []source.Capability{source.Files},
	needsOn: map[source.Platform][]source.Capability{source.Windows: {source.Logs}},
	label:   func(l *login) string { return l.label() },
	fields:  loginFields,
	on:      map[source.Platform]lister[login]{source.Linux: listLogins, source.Windows: listLogons},
}}

type loginDocument struct{ Table[login] }

// Channels implements Logged: where Windows records logons.
func (d *loginDocument) Channels() []string { return logonEvents.Channels() }

// A login is one of them.
type login struct {
	files  []string // where it is recorded
	kind   utmp.Type
	last   bool // from lastlog, which has no types
	failed bool
	pid    int64 // 0: none
	user   string
	line   string
	domain string // of the user; mostly empty
	host   string
	addr   netip.Addr

	logon  *logon // what Windows has logged besides; nil: a record of Linux
	untold loginPart

	start, end  int64 // ticks; 0: none
	endErr      error // of end
	running     bool  // it had not ended
	endsUnknown bool  // of an end alone: when and whose it was is not recorded
}

// loginFields are the terms of LoginHistoryItem.
var loginFields = []Field[login]{
	field(match.Field{Term: "LoginHistoryItem/Username", Kind: ioc.Text, Same: any2, Identity: true}, told(loginUser, func(l *login, yield func(ioc.Value) bool) error {
		if l.user == "" && l.endsUnknown {
			return errNotCarried
		}
		if l.domain == "" || yield(ioc.TextValue(l.domain+`\`+l.user)) {
			yieldTexts(some(l.user), yield)
		}
		return nil
	})),
	field(match.Field{Term: "LoginHistoryItem/RecordType", Kind: ioc.Text, Same: any2, Identity: true}, told(loginType, func(l *login, yield func(ioc.Value) bool) error {
		if l.logon != nil {
			yieldTexts(l.logon.types, yield)
		} else if l.last {
			yield(ioc.TextValue(lastlogType))
		} else if yield(ioc.TextValue(l.kind.String())) {
			yield(ioc.TextValue(fmt.Sprint(int16(l.kind))))
		}
		return nil
	})),
	field(match.Field{Term: "LoginHistoryItem/StartTime", Kind: ioc.Time, Identity: true}, func(l *login, yield func(ioc.Value) bool) error {
		if l.endsUnknown {
			return errNotCarried
		}
		if l.start != 0 {
			yield(ioc.TicksValue(l.start))
		}
		return nil
	}),
	field(match.Field{Term: "LoginHistoryItem/EndTime", Kind: ioc.Time, Identity: true}, func(l *login, yield func(ioc.Value) bool) error {
		if l.end != 0 {
			yield(ioc.TicksValue(l.end))
		}
		return l.endErr
	}),
	field(match.Field{Term: "LoginHistoryItem/SessionLength", Kind: ioc.Text, Same: any2}, (*login).length),
	field(match.Field{Term: "LoginHistoryItem/Terminal", Kind: ioc.Text, Identity: true}, told(loginLine, textOf(func(l *login) string { return l.line }))),
	field(match.Field{Term: "LoginHistoryItem/Hostname", Kind: ioc.Text, Identity: true}, told(loginFromHost, textOf(func(l *login) string {
		if !l.isLogin() {
			return "" // the release of the kernel
		}
		return l.host
	}))),
	field(match.Field{Term: "LoginHistoryItem/IPv4Address", Kind: ioc.Address, Identity: true}, told(loginFromAddress, address(func(l *login) netip.Addr { return only4(l.from()) }))),
	field(match.Field{Term: "LoginHistoryItem/IPv6Address", Kind: ioc.Address, Identity: true}, told(loginFromAddress, address(func(l *login) netip.Addr { return only6(l.from()) }))),
	field(match.Field{Term: "LoginHistoryItem/IsRemoteLogin", Kind: ioc.Bool}, told(loginRemote, func(l *login, yield func(ioc.Value) bool) error {
		if l.logon == nil && l.endsUnknown && l.host == "" && !l.addr.IsValid() {
			return errNotCarried
		}
		yield(ioc.BoolValue(l.remote()))
		return nil
	})),
	field(match.Field{Term: "LoginHistoryItem/IsFailedLogin", Kind: ioc.Bool, Identity: true}, told(loginFailed, func(l *login, yield func(ioc.Value) bool) error {
		yield(ioc.BoolValue(l.failed))
		return nil
	})),
	field(match.Field{Term: "LoginHistoryItem/PID", Kind: ioc.Int}, told(loginProcess, func(l *login, yield func(ioc.Value) bool) error {
		if l.last {
			return errNotCarried
		}
		if l.pid > 0 {
			yield(ioc.IntValue(uint64(l.pid)))
		}
		return nil
	})),
	field(match.Field{Term: "LoginHistoryItem/Path", Kind: ioc.Path, Same: any2, Identity: true}, func(l *login, yield func(ioc.Value) bool) error {
		for _, path := range l.files {
			if !yield(ioc.PathValue(path)) {
				return nil
			}
		}
		return nil
	}),
}

// loginPart are parts that one record tells and another leaves open.
type loginPart uint8

const (
	loginUser loginPart = 1 << iota
	loginType
	loginLine
	loginFromHost
	loginFromAddress
	loginRemote
	loginFailed
	loginProcess
)

// told answers a field unless the record leaves its part open.
func told(part loginPart, get func(*login, func(ioc.Value) bool) error) func(*login, func(ioc.Value) bool) error {
	return func(l *login, yield func(ioc.Value) bool) error {
		if l.untold&part != 0 {
			return errNotCarried
		}
		return get(l, yield)
	}
}

const lastlogType = "LASTLOG"

func (l *login) label() string {
	var b strings.Builder
	if l.logon != nil {
		b.WriteString(l.logon.label())
	} else if l.last {
		b.WriteString("last login")
	} else if l.failed {
		b.WriteString("failed login")
	} else {
		b.WriteString(l.kind.String())
	}
	if l.user != "" {
		fmt.Fprintf(&b, " of %s", l.user)
	}
	if l.line != "" {
		fmt.Fprintf(&b, " on %s", l.line)
	}
	if from := l.host; l.isLogin() && (from != "" || l.addr.IsValid()) {
		fmt.Fprintf(&b, " from %s", cmp.Or(from, l.addr.String()))
	}
	if at := cmp.Or(l.start, l.end); at != 0 {
		fmt.Fprintf(&b, " at %s", ioc.TicksTime(at).Format(time.RFC3339))
	}
	if l.pid > 0 {
		fmt.Fprintf(&b, " (process %d)", l.pid)
	}
	fmt.Fprintf(&b, " in %s", l.files[0])
	if l.logon != nil {
		fmt.Fprintf(&b, " record %d", l.logon.record)
	}
	return b.String()
}

// isLogin reports whether the record is of a user, so that its host is where
// the user was.
func (l *login) isLogin() bool {
	return l.logon != nil || l.last || l.failed || l.kind >= utmp.InitProcess
}

// length is how long the session was: hours, minutes and seconds, and seconds.
func (l *login) length(yield func(ioc.Value) bool) error {
	if l.endsUnknown {
		return errNotCarried
	}
	if l.start == 0 || l.end == 0 {
		return l.endErr
	}
	if l.end < l.start {
		return errors.Join(errClock, l.endErr)
	}
	yieldDuration(time.Duration(min(l.end-l.start, 1<<56))*100, yield)
	return l.endErr
}

var errClock = errors.New("the session ends before it starts: the clock was set")

// from is the address of the other side, which may be in the host alone.
func (l *login) from() netip.Addr {
	if !l.isLogin() {
		return netip.Addr{}
	}
	if l.addr.IsValid() {
		return l.addr
	}
	host, _, _ := strings.Cut(l.host, " ") // "192.0.2.1 via mosh [123]"
	a, _ := netip.ParseAddr(host)
	return a
}

// remote: a host or an address that is not this system's own. Displays, and
// what programs that share terminals write in place of a host, are local.
func (l *login) remote() bool {
	if l.logon != nil {
		return l.logon.remote
	}
	if !l.isLogin() {
		return false
	}
	if a := l.from(); a.IsValid() {
		return !a.IsLoopback() && !a.IsUnspecified()
	}
	host := strings.ToLower(l.host)
	for _, local := range [...]string{":", "localhost", "tmux(", "via mosh", "mosh [", "login screen", "screen"} {
		if strings.HasPrefix(host, local) {
			return false
		}
	}
	return host != ""
}
