package document

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/utmp"
	"iocscan/scan/source"
)

// mostShown is more bytes than any file has that the kernel makes of one value
// or one table of the system.
const mostShown = 4 << 20

// readLiveLinux adds what the kernel shows of itself below /proc, and on the
// running host what its C library and its clock tell.
func readLiveLinux(e etc, req *Request, s *systemInfo) {
	if req.Source.Platform() != source.Linux || !req.Source.Has(source.Live) {
		return
	}
	p := proc{e.FS, e.ctx, req.Source.Kind() == "host"}
	l := &liveSystem{now: moment{why: errNotCarried}, user: fact{why: errNotCarried}}
	s.live = l
	l.kernel = p.line(req, "/proc/sys/kernel/osrelease")
	if name := p.line(req, "/proc/sys/kernel/hostname"); len(name.values) > 0 {
		if !slices.Contains(s.hostname.values, name.values[0]) {
			s.hostname.is(name.values[0])
		}
		s.hostname.why = nil
	}
	l.uptime = p.uptime(req)
	l.total, l.available = p.memory(req)
	if cpu := p.processor(req); cpu.why != errNotCarried {
		s.processor = cpu
	}
	l.loggedOn = p.loggedOn(e, req)
	if !p.live {
		for _, f := range []*fact{&l.hardware, &l.first4, &l.first6} {
			f.why = errNotCarried
		}
		return
	}
	now := time.Now()
	l.now = moment{ticks: ioc.Ticks(now)}
	_, offset := now.Zone()
	s.offset = sure(offsetText(int32(-offset / 60)))
	name, _ := source.CurrentUser()
	l.user = sure(name)
	p.interfaces(req, s)
}

// shown is a file of the kernel's.
func (p proc) shown(req *Request, path string) (string, error) {
	body, err := p.read(path, mostShown)
	if missing(err) {
		err = errNotCarried
	} else if err != nil {
		req.trouble(path, err)
	}
	return body, err
}

func (p proc) line(req *Request, path string) fact {
	body, err := p.shown(req, path)
	if err != nil {
		return fact{why: err}
	}
	return sure(strings.TrimSpace(body))
}

// uptime is the first number of /proc/uptime: seconds.
func (p proc) uptime(req *Request) upSpan {
	const path = "/proc/uptime"
	body, err := p.shown(req, path)
	if err != nil {
		return upSpan{why: err}
	}
	words := strings.Fields(body)
	if len(words) > 0 {
		if sec, err := strconv.ParseFloat(words[0], 64); err == nil && sec >= 0 && sec < math.MaxInt32 {
			return upSpan{d: time.Duration(sec) * time.Second}
		}
	}
	err = fmt.Errorf("read %s: no number of seconds: %.40q", path, body)
	req.trouble(path, err)
	return upSpan{why: err}
}

// memory reads /proc/meminfo, whose numbers are kibibytes (proc_meminfo(5)).
func (p proc) memory(req *Request) (total, available amount) {
	const path = "/proc/meminfo"
	body, err := p.shown(req, path)
	if err != nil {
		return amount{why: err}, amount{why: err}
	}
	total.why, available.why = errNotCarried, errNotCarried
	for line := range strings.Lines(body) {
		name, rest, _ := strings.Cut(line, ":")
		words := strings.Fields(rest)
		if len(words) != 2 || words[1] != "kB" {
			continue
		}
		n, err := strconv.ParseUint(words[0], 10, 54)
		if err != nil {
			continue
		}
		switch name {
		case "MemTotal":
			total = amount{number: number{n << 10, true}}
		case "MemAvailable":
			available = amount{number: number{n << 10, true}}
		}
	}
	return total, available
}

// processor is the name that /proc/cpuinfo gives, each once. Not all kinds of
// processors have one there.
func (p proc) processor(req *Request) (f fact) {
	body, err := p.shown(req, "/proc/cpuinfo")
	if err != nil {
		return fact{why: err}
	}
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if (name == "model name" || name == "Processor" || name == "cpu model") && !slices.Contains(f.values, value) && len(f.values) < mostProcessors {
			f.is(value)
		}
	}
	if f.values == nil {
		f.why = errNotCarried
	}
	return f
}

const mostProcessors = 64 // different ones in one system

// loggedOn are the users who have a session: by utmp, as long as its process
// runs, and by systemd-logind, which newer systems have alone.
func (p proc) loggedOn(e etc, req *Request) (users fact) {
	kept := false
	f, err := e.open(utmpPath)
	if err == nil {
		kept = true
		for rec, err2 := range utmp.Read(f) {
			if err2 != nil {
				err = err2
				break
			}
			if rec.Type != utmp.UserProcess || slices.Contains(users.values, rec.User) || len(users.values) >= mostLogins {
				continue
			}
			if _, err := p.fs.Lstat(procPath(uint64(rec.PID), "stat")); !missing(err) {
				users.is(rec.User)
			}
		}
		f.Close() // read-only: nothing to lose
	}
	if err != nil && !missing(err) {
		users.why = fmt.Errorf("read %s: %w", utmpPath, err)
		req.trouble(utmpPath, users.why)
	}
	at, entries, err := e.list("/run/systemd/sessions")
	kept = kept || at != ""
	for _, entry := range entries {
		if entry.Type != source.Regular {
			continue // a FIFO by which the session is kept
		}
		body, err2 := e.read(source.Join(at, entry.Name))
		if set := assignments(body); err2 == nil && set["CLASS"] == "user" && !slices.Contains(users.values, set["USER"]) {
			users.is(set["USER"])
		} else if !missing(err2) {
			err = errors.Join(err, err2)
		}
	}
	if err != nil {
		users.why = errors.Join(users.why, err)
		req.trouble("/run/systemd/sessions", err)
	}
	if !kept {
		users.why = errNotCarried
	}
	return users
}
