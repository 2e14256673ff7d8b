package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/windows"

	"iocscan/scan/source"
)

// A windowsHost asks the running Windows about its processes.
type windowsHost struct {
	req      *Request
	names    kernelNames
	accounts source.Accounts
	debug    bool // the user may look into processes of others
	narrow   bool // this is a 32-bit program on a 64-bit Windows

	running map[uint64]*listedProcess // by pid

	handlesOnce sync.Once
	handleTable []systemHandle // by process, then by handle
	handlesErr  error
	types       sync.Map // of objects, by number: their names
	asker       nameAsker

	socketsOnce sync.Once
	sockets     map[uint64][]port // by pid
	socketsErr  error

	hidden sync.Map // what was told to be hidden, each once
}

func listWindowsProcesses(ctx context.Context, req *Request, list *Listing) iter.Seq2[process, error] {
	return func(yield func(process, error) bool) {
		// What the user's rights let be asked is asked with all of them.
		h := &windowsHost{req: req, names: driveNames(), debug: source.EnablePrivilege("SeDebugPrivilege"), narrow: underWOW64(windows.CurrentProcess())}
		running, err := systemProcesses()
		if err != nil {
			var older error
			if running, older = snapshotProcesses(); older != nil {
				yield(process{}, err)
				return
			}
			yield(process{}, fmt.Errorf("the times of processes: %w", err))
		}
		h.running = map[uint64]*listedProcess{}
		for n := range running {
			h.running[running[n].pid] = &running[n]
		}
		list.Full = true
		for _, r := range running {
			if ctx.Err() != nil {
				return
			}
			if r.pid == uint64(os.Getpid()) {
				list.leaveOwn()
				continue
			}
			list.Objects++
			if !yield(process{pid: r.pid, parent: r.parent, name: r.name, host: h}, nil) {
				return
			}
		}
	}
}

// ask opens a process of the list. That its number is another's by now shows in
// the time at which it started.
func (h *windowsHost) ask(pid uint64, access uint32, what string) (windows.Handle, error) {
	p, err := windows.OpenProcess(access|windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) {
		return 0, errNoProcess
	}
	if err != nil {
		return 0, h.told(what, err)
	}
	listed := h.running[pid]
	var created, exited, kernel, user windows.Filetime
	err = windows.GetProcessTimes(p, &created, &exited, &kernel, &user)
	if err == nil && (hasEnded(p) || listed == nil || listed.timed && ticksOfFiletime(created) != listed.times.started) {
		err = errNoProcess
	}
	if err != nil {
		windows.CloseHandle(p)
		return 0, h.told(what, err)
	}
	return p, nil
}

func ticksOfFiletime(t windows.Filetime) int64 {
	return int64(t.HighDateTime)<<32 | int64(t.LowDateTime)
}

// hasEnded: a process that has ended goes on to be known as long as somebody
// has it open.
func hasEnded(p windows.Handle) bool {
	const stillActive = 259
	var code uint32
	return windows.GetExitCodeProcess(p, &code) == nil && code != stillActive
}

// told makes an error that of a field: that somebody is not allowed to see a
// thing is told once, with the right that is missing.
func (h *windowsHost) told(what string, err error) error {
	if !errors.Is(err, windows.ERROR_ACCESS_DENIED) && !errors.Is(err, windows.STATUS_ACCESS_DENIED) {
		return err
	}
	if h.debug {
		err = fmt.Errorf("%w: %s that Windows protects, even with the privilege SeDebugPrivilege", errHidden, what)
	} else {
		err = fmt.Errorf("%w: %s of other users (needs the privilege SeDebugPrivilege, which administrators have)", errHidden, what)
	}
	if _, known := h.hidden.LoadOrStore(what, true); !known {
		h.req.trouble("processes", err)
	}
	return err
}

// kernelProcess: the two that are no programs, and whose user and image can be
// said without asking.
func kernelProcess(pid uint64) bool { return pid == 0 || pid == systemProcess }

func (h *windowsHost) image(pid uint64) (string, error) {
	path, err := imageOf(uint32(pid), h.names)
	return path, h.told("the images of processes", err)
}

func (h *windowsHost) commandLine(pid uint64) (string, error) {
	const what = "the command lines of processes"
	if kernelProcess(pid) {
		return "", nil
	}
	p, err := h.ask(pid, 0, what)
	if err != nil {
		return "", err
	}
	defer windows.CloseHandle(p)
	if line, ok := commandLineOf(p); ok {
		return line, nil
	}
	// Before Windows 8.1 it is found only where the process has it.
	reader, err := h.ask(pid, windows.PROCESS_QUERY_INFORMATION|windows.PROCESS_VM_READ, what)
	if err != nil {
		return "", err
	}
	defer windows.CloseHandle(reader)
	if err := h.wide(reader); err != nil {
		return "", err
	}
	line, err := commandLineIn(reader)
	if err != nil && hasEnded(reader) {
		err = errNoProcess
	}
	return line, h.told(what, err)
}

// errDomainAccount answers the name of an account that this machine does not
// keep.
var errDomainAccount = errors.New("the name of an account that is not this machine's would be asked over the network")

func (h *windowsHost) account(pid uint64) (a processAccount, err error) {
	const what = "the users of processes"
	var sid *windows.SID
	if kernelProcess(pid) {
		sid, err = windows.CreateWellKnownSid(windows.WinLocalSystemSid)
	} else {
		var p windows.Handle
		if p, err = h.ask(pid, 0, what); err != nil {
			return a, err
		}
		defer windows.CloseHandle(p)
		var token windows.Token
		if err = windows.OpenProcessToken(p, windows.TOKEN_QUERY, &token); err == nil {
			defer token.Close()
			var user *windows.Tokenuser
			if user, err = token.GetTokenUser(); err == nil {
				sid = user.User.Sid
			}
		}
	}
	if err != nil {
		return a, h.told(what, err)
	}
	a.sid = sid.String()
	if a.name, a.kind = h.accounts.Name(sid); a.name == "" {
		a.nameErr = errDomainAccount
	}
	return a, nil
}

// times came with the list.
func (h *windowsHost) times(pid uint64) (processTimes, error) {
	if r := h.running[pid]; r.timed {
		return r.times, nil
	}
	return processTimes{}, errNotCarried
}

// ports are the sockets of the process. They are listed once for all.
func (h *windowsHost) ports(pid uint64) ([]port, error) {
	h.socketsOnce.Do(func() {
		h.sockets = map[uint64][]port{}
		for i := range windowsSockets {
			table, err := windowsSockets[i].read()
			if err != nil {
				h.req.trouble("sockets", err)
				h.socketsErr = errors.Join(h.socketsErr, err)
			}
			for _, row := range tableRows(table, 8, windowsSockets[i].size) {
				s := windowsSockets[i].port(row)
				h.sockets[s.pid] = append(h.sockets[s.pid], s)
			}
		}
	})
	list := slices.Clone(h.sockets[pid])
	for n := range list {
		list[n].image, list[n].imageErr = h.image(pid)
	}
	return list, h.socketsErr
}
