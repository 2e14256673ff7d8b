package document

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"iocscan/ioc/match"
	"iocscan/scan/internal/utmp"
)

// errCrash: last(1) calls such an end a crash.
const errCrash = match.StandIn("no end is recorded: the time is that of the system's next start, which ended the session at the latest")

// bootSession is the key of the system itself, from its start to its stop.
const bootSession = "\x00"

// history takes a record of wtmp. As in last(1) a session ends with the next
// record of its terminal, when the system stops, or at the latest when it
// starts again.
func (h *loginHost) history(path string, rec *utmp.Record) {
	row := newLogin(path, rec)
	if at := max(row.start, row.end); h.first == 0 && at != 0 {
		h.first = at
	}
	h.joinSide(row, rec)
	key := rec.Line
	if key == "" {
		key = fmt.Sprintf("\x00%d", rec.PID)
	}
	switch {
	case rec.Type == utmp.BootTime:
		h.leave(func(open *login) { open.ends(row.start, errCrash) })
		h.begin(bootSession, row)
	case rec.Type == utmp.RunLevel && stops(rec):
		h.leave(func(open *login) { open.ends(row.start, nil) })
		h.add(row)
	case rec.Type == utmp.InitProcess || rec.Type == utmp.LoginProcess || rec.Type == utmp.UserProcess:
		h.end(key, row.start)
		h.begin(key, row)
	case rec.Type != utmp.DeadProcess || !h.end(key, row.end):
		h.add(row)
	}
}

// stops: systemd writes "shutdown", older systems the run levels 0 and 6.
func stops(rec *utmp.Record) bool {
	return rec.User == "shutdown" || rec.PID&255 == '0' || rec.PID&255 == '6'
}

// joinSide makes one of a record and what other files have of the same.
func (h *loginHost) joinSide(row *login, rec *utmp.Record) {
	key := loginKey{rec.User, rec.Line, rec.Sec}
	for _, other := range h.side[key] {
		row.files = append(row.files, other.files...)
		row.running = row.running || other.running
	}
	delete(h.side, key)
}

func (h *loginHost) begin(key string, row *login) {
	if len(h.open) >= mostLogins {
		row.endErr = errTooManyOpen
		h.add(row)
		return
	}
	h.open[key] = row
}

var errTooManyOpen = errors.New("more sessions at once than are put together")

// end ends the session of a terminal. It reports whether there is one.
func (h *loginHost) end(key string, at int64) bool {
	row := h.open[key]
	if row == nil {
		return false
	}
	delete(h.open, key)
	row.ends(at, nil)
	h.add(row)
	return true
}

func (l *login) ends(at int64, err error) {
	l.end, l.endErr, l.running = at, err, false
	if at == 0 {
		l.endErr = errNotCarried
	}
}

// leave hands out what is open, after something was done about its end.
func (h *loginHost) leave(with func(*login)) {
	for _, key := range slices.Sorted(maps.Keys(h.open)) {
		row := h.open[key]
		with(row)
		h.add(row)
	}
	clear(h.open)
}

// unended: what the running system has in utmp, and the system itself, goes on.
// Of any other session that has no end that was not recorded.
func (h *loginHost) unended(row *login) {
	if !h.live || !row.running && row.kind != utmp.BootTime {
		row.endErr = errNotCarried
	}
}

// failure takes a record of btmp, each of which is a failed login.
func (h *loginHost) failure(path string, rec *utmp.Record) {
	row := newLogin(path, rec)
	row.start, row.end, row.endsUnknown, row.failed = max(row.start, row.end), 0, false, true
	h.add(row)
}
