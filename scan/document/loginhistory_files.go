package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/utmp"
	"iocscan/scan/source"
)

const (
	loginFolder = "/var/log"
	utmpPath    = "/run/utmp"

	mostLogins    = 1 << 16 // sessions that are open at once, records of utmp
	mostLastUIDs  = 1 << 16 // uids of lastlog that are looked at in any case
	mostLoginLogs = 1 << 10 // files of one name
)

// newerLogins are databases that replace the files on newer systems.
var newerLogins = [...]string{"/var/lib/wtmpdb/wtmp.db", "/var/log/wtmp.db", "/var/lib/lastlog/lastlog2.db"}

func listLogins(ctx context.Context, req *Request, list *Listing) iter.Seq2[login, error] {
	return func(yield func(login, error) bool) {
		e, err := openEtc(ctx, req)
		if err != nil {
			yield(login{}, err)
			return
		}
		h := &loginHost{etc: e, live: req.Source.Kind() == "host", list: list, yield: yield, side: map[loginKey][]*login{}, open: map[string]*login{}}
		h.readUtmp()
		h.readLastlog()
		h.logs("wtmp", h.history)
		h.leave(h.unended)
		for _, rows := range h.side {
			for _, row := range rows {
				h.add(row)
			}
		}
		h.logs("btmp", h.failure)
		for _, path := range newerLogins {
			if _, err := e.Resolve(path); err == nil {
				h.fault(fmt.Errorf("%s: databases of logins are not read", path))
			}
		}
		if h.first != 0 {
			list.Notes = append(list.Notes, "logins are recorded from "+ioc.TicksTime(h.first).Format(time.RFC3339))
		}
		list.Full = !h.done
	}
}

// A loginHost puts sessions together from the records of one system.
type loginHost struct {
	etc
	live  bool
	list  *Listing
	yield func(login, error) bool
	done  bool // nobody wants more
	first int64

	// side are the records that may be in wtmp as well: of utmp and of lastlog.
	side map[loginKey][]*login
	open map[string]*login // sessions without an end so far, by terminal or process
}

// A loginKey is what records of one thing in several files share.
type loginKey struct {
	user, line string
	sec        int64
}

func (h *loginHost) add(row *login) {
	if h.done = h.done || h.ctx.Err() != nil; h.done {
		return
	}
	h.list.Objects++
	h.done = !h.yield(*row, nil)
}

// fault says that logins may be missing.
func (h *loginHost) fault(err error) {
	if !h.done {
		h.done = !h.yield(login{}, err)
	}
}

func newLogin(path string, rec *utmp.Record) *login {
	row := &login{files: []string{path}, kind: rec.Type, pid: rec.PID, user: rec.User, line: rec.Line, host: rec.Host, addr: rec.Addr}
	row.start = ioc.Ticks(time.Unix(rec.Sec, rec.Micro*1000))
	if rec.Sec == 0 {
		row.start = 0
	}
	if rec.Type == utmp.DeadProcess { // an end of which the beginning is not known
		row.start, row.end, row.endsUnknown = 0, row.start, true
	}
	return row
}

// readUtmp takes who is logged on at the moment.
func (h *loginHost) readUtmp() {
	f, err := h.etc.open(utmpPath)
	if missing(err) {
		return // of a system that does not run, or does not keep it
	}
	if err != nil {
		h.fault(err)
		return
	}
	defer f.Close()
	n := 0
	for rec, err := range utmp.Read(f) {
		if n++; err == nil && n > mostLogins {
			err = fmt.Errorf("more than %d records", mostLogins)
		}
		if err != nil {
			h.fault(fmt.Errorf("read %s: %w", utmpPath, err))
			return
		}
		if rec.Zero || rec.Type == utmp.Empty {
			continue // a place that is free
		}
		row := newLogin(utmpPath, &rec)
		if row.running = rec.Type >= utmp.InitProcess && rec.Type <= utmp.UserProcess; row.running {
			h.unended(row)
		}
		key := loginKey{rec.User, rec.Line, rec.Sec}
		h.side[key] = append(h.side[key], row)
	}
}

// readLastlog takes the last login of each account. The file has holes where
// there are no accounts, and may seem larger than any disk.
func (h *loginHost) readLastlog() {
	names := map[int64]string{}
	for _, err := range readEntries(h.etc, "/etc/passwd", func(fields []string) error {
		name, id, err := entry(fields)
		if _, known := names[int64(id.n)]; err == nil && id.is && !known && id.n < 1<<32 {
			names[int64(id.n)] = name
		}
		return nil // what UserItem tells
	}) {
		if !missing(err) {
			h.fault(err)
		}
	}
	f, err := h.etc.open(lastlogPath)
	if missing(err) {
		return
	}
	var info source.Info
	if err == nil {
		defer f.Close()
		info, err = f.Info()
	}
	var l *utmp.Lastlog
	if err == nil {
		l, err = utmp.NewLastlog(f, info.Size)
	}
	if err != nil {
		h.fault(fmt.Errorf("read %s: %w", lastlogPath, err))
		return
	}
	uids := slices.Sorted(maps.Keys(names))
	for uid := range min(l.Len(), mostLastUIDs) {
		if _, known := names[uid]; !known {
			uids = append(uids, uid)
		}
	}
	if l.Len() > mostLastUIDs {
		h.fault(fmt.Errorf("%s: of accounts that are not in /etc/passwd only those below %d were looked at", lastlogPath, mostLastUIDs))
	}
	for _, uid := range uids {
		last, err := l.Of(uid)
		if err != nil {
			h.fault(fmt.Errorf("read %s: %w", lastlogPath, err))
			return
		}
		if last.Sec == 0 {
			continue
		}
		row := &login{files: []string{lastlogPath}, last: true, user: cmp.Or(names[uid], strconv.FormatInt(uid, 10)), line: last.Line, host: last.Host,
			start: ioc.Ticks(time.Unix(last.Sec, 0)), endErr: errNotCarried}
		key := loginKey{row.user, row.line, last.Sec}
		h.side[key] = append(h.side[key], row)
	}
}

// logs reads a log and what became of it when it was rotated, the oldest first.
func (h *loginHost) logs(name string, each func(path string, rec *utmp.Record)) {
	at, entries, err := h.etc.list(loginFolder)
	if err != nil {
		h.fault(err)
	}
	var files []string
	for _, e := range entries {
		plain := unpackedName(e.Name)
		if plain == name || strings.HasPrefix(plain, name+".") && plain != name+".db" || strings.HasPrefix(plain, name+"-") {
			files = append(files, e.Name)
		}
	}
	if len(files) == 0 && err == nil {
		h.fault(fmt.Errorf("%s: %w: nothing is recorded there", source.Join(loginFolder, name), fs.ErrNotExist))
	}
	if len(files) > mostLoginLogs {
		h.fault(fmt.Errorf("%s: more than %d files of %s", loginFolder, mostLoginLogs, name))
		files = files[:mostLoginLogs]
	}
	slices.SortFunc(files, func(a, b string) int { return compareRotated(name, a, b) })
	for _, file := range files {
		path := source.Join(at, file)
		if err := h.log(path, each); err != nil {
			h.fault(fmt.Errorf("read %s: %w", path, err))
			h.leave(func(row *login) { row.endErr = errNotCarried }) // ends may have been there
		}
	}
}

func (h *loginHost) log(path string, each func(string, *utmp.Record)) error {
	f, err := h.etc.open(path)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w (needs root, or the group utmp)", err)
	}
	if err != nil {
		return err
	}
	u, err := unpack(h.ctx, f, path)
	if err != nil {
		return err
	}
	defer u.Close()
	zeros := 0
	for rec, err := range utmp.Read(u) {
		if err != nil {
			return err
		}
		if h.done = h.done || h.ctx.Err() != nil; h.done {
			return nil
		}
		if rec.Zero {
			zeros++
			continue
		}
		each(path, &rec)
	}
	if zeros > 0 {
		h.list.Notes = append(h.list.Notes, fmt.Sprintf("%s: %d records of nothing but zeros, as entries leave that are removed", path, zeros))
	}
	return nil
}

// compareRotated puts the oldest file first: those with a date in their names,
// those with numbers, the highest being the oldest, and the log itself.
func compareRotated(name, a, b string) int {
	rank := func(file string) (int, int, string) {
		end := strings.TrimLeft(strings.TrimPrefix(unpackedName(file), name), ".-")
		n, err := strconv.Atoi(end)
		switch {
		case end == "":
			return 2, 0, ""
		case err == nil && len(end) < 6:
			return 1, -n, ""
		}
		return 0, 0, end
	}
	a1, a2, a3 := rank(a)
	b1, b2, b3 := rank(b)
	return cmp.Or(cmp.Compare(a1, b1), cmp.Compare(a2, b2), strings.Compare(a3, b3), strings.Compare(a, b))
}
