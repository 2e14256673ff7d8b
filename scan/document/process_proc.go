package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"iocscan/ioc"
	"iocscan/scan/internal/procfs"
)

// A procHost reads processes from /proc.
type procHost struct {
	proc
	req *Request

	bootOnce sync.Once
	boot     int64 // seconds since 1970
	bootErr  error

	socketsOnce sync.Once
	sockets     map[uint64]port // by inode
	socketsErr  error

	namesOnce sync.Once
	names     map[uint64]string // of users, by uid
	namesErr  error

	hidden sync.Map // what was told to be hidden, each once
}

const mostProcText = 4 << 20 // bytes of a command line or a status

func listProc(ctx context.Context, req *Request, list *Listing) iter.Seq2[process, error] {
	return func(yield func(process, error) bool) {
		p, err := openProc(ctx, req)
		if err != nil {
			yield(process{}, err)
			return
		}
		h := &procHost{proc: p, req: req}
		pids, err := p.pids()
		list.Full = true
		for _, pid := range pids {
			if p.live && pid == uint64(os.Getpid()) {
				list.leaveOwn()
				continue
			}
			row, err := h.process(pid)
			if ended(err) {
				continue
			}
			if err == nil {
				list.Objects++
			}
			if !yield(row, err) {
				return
			}
		}
		if err == nil && len(pids) == 0 {
			err = errors.New("no process is shown below /proc")
		}
		if err != nil {
			yield(process{}, err)
		}
	}
}

func (h *procHost) process(pid uint64) (process, error) {
	s, err := h.stat(pid)
	if err != nil {
		return process{}, err
	}
	return process{pid: pid, parent: s.Parent, name: s.Name, cutName: len(s.Name) == 15 && !s.Thread, host: h}, nil
}

func (h *procHost) stat(pid uint64) (procfs.Stat, error) {
	path := procPath(pid, "stat")
	line, err := h.read(path, mostProcText)
	if err != nil {
		return procfs.Stat{}, h.told("processes", err)
	}
	s, err := procfs.ParseStat(line)
	if err != nil {
		err = fmt.Errorf("read %s: %w", path, err)
	}
	return s, err
}

// told makes an error that of a field: that somebody is not allowed to see a
// thing is told once, with the right that is missing.
func (h *procHost) told(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case missing(err) || errors.Is(err, errNoProcess) || errors.Is(err, syscall.ESRCH):
		return errNoProcess
	case !errors.Is(err, fs.ErrPermission):
		return err
	}
	err = fmt.Errorf("%w: %s of other users (needs root, or the capability CAP_SYS_PTRACE)", errHidden, what)
	if _, known := h.hidden.LoadOrStore(what, true); !known {
		h.req.trouble(procDir, err)
	}
	return err
}

func (h *procHost) image(pid uint64) (string, error) {
	path, err := h.proc.image(pid)
	return path, h.told("the images of processes", err)
}

// commandLine joins the arguments, which NULs end, by blanks.
func (h *procHost) commandLine(pid uint64) (string, error) {
	line, err := h.read(procPath(pid, "cmdline"), mostProcText)
	return strings.ReplaceAll(strings.TrimRight(line, "\x00"), "\x00", " "), h.told("the command lines of processes", err)
}

func (h *procHost) account(pid uint64) (processAccount, error) {
	f, err := h.fs.Open(procPath(pid, "status"))
	if err != nil {
		return processAccount{}, h.told("the users of processes", err)
	}
	defer f.Close()
	_, effective, err := procfs.UIDs(f)
	if err != nil {
		return processAccount{}, h.told("the users of processes", err)
	}
	name, err := h.userName(effective)
	return processAccount{name: name}, err
}

// userName is the name in the evidence's own list of users. One that is not
// there, as those of containers, goes by its number.
func (h *procHost) userName(uid uint64) (string, error) {
	h.namesOnce.Do(func() {
		h.names = map[uint64]string{}
		h.namesErr = errors.Join(readEntries(etc{h.fs, h.ctx}, "/etc/passwd", func(fields []string) error {
			name, id, err := entry(fields)
			if _, known := h.names[id.n]; err == nil && !known {
				h.names[id.n] = name
			}
			return nil // what UserItem tells
		})...)
	})
	if name, ok := h.names[uid]; ok {
		return name, nil
	}
	if missing(h.namesErr) {
		return strconv.FormatUint(uid, 10), nil
	}
	return strconv.FormatUint(uid, 10), h.namesErr
}

func (h *procHost) times(pid uint64) (t processTimes, err error) {
	s, err := h.stat(pid)
	if err != nil {
		return t, err
	}
	h.bootOnce.Do(func() {
		f, err := h.fs.Open(procDir + "/stat")
		if err != nil {
			h.bootErr = err
			return
		}
		defer f.Close()
		h.boot, h.bootErr = procfs.BootTime(f)
	})
	if h.bootErr != nil {
		return t, fmt.Errorf("time of boot: %w", h.bootErr)
	}
	const tick = time.Second / procfs.HZ
	t.kernel, t.user = ticksOf(s.System), ticksOf(s.User)
	t.started = ioc.Ticks(time.Unix(h.boot, 0)) + int64(s.Started)*int64(tick/100)
	return t, nil
}

func ticksOf(n uint64) time.Duration {
	return time.Duration(min(n, 1<<40)) * (time.Second / procfs.HZ)
}

// handles are the open descriptors.
func (h *procHost) handles(pid uint64) (list []handle, err error) {
	folder := procPath(pid, "fd")
	for e, err := range h.fs.ReadDir(h.ctx, folder) {
		if err != nil {
			return list, h.told("what processes have open", err)
		}
		if len(list) >= mostHandles {
			return list, fmt.Errorf("%s: more than %d open files", folder, mostHandles)
		}
		n, err := strconv.ParseUint(e.Name, 10, 32)
		if err != nil {
			continue
		}
		target, err := h.fs.Readlink(folder + "/" + e.Name)
		if missing(err) {
			continue // closed meanwhile
		}
		one := handle{number: n, why: h.told("what processes have open", err)}
		if err == nil {
			one.kind, one.name, one.inode = descriptor(target)
			if one.kind == "Socket" {
				one.socket = h.socket(one.inode)
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// descriptor takes the target of a descriptor's link apart: a path, or what the
// kernel writes for things without one, such as pipe:[123] and anon_inode:[eventfd].
func descriptor(target string) (kind, name string, inode uint64) {
	if strings.HasPrefix(target, "/") {
		return "File", strings.TrimSuffix(target, deletedSuffix), 0
	}
	word, rest, _ := strings.Cut(target, ":")
	inner := strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	if n, err := strconv.ParseUint(inner, 10, 64); err == nil {
		inode = n
	}
	switch word {
	case "socket":
		return "Socket", target, inode
	case "pipe":
		return "Pipe", target, inode
	case "anon_inode":
		return inner, target, 0
	}
	return word, target, inode
}

// socket is what is told of a socket, nil for one that is neither TCP nor UDP.
func (h *procHost) socket(inode uint64) *port {
	h.socketsOnce.Do(h.findSockets)
	if p, ok := h.sockets[inode]; ok {
		return &p
	}
	return nil
}

func (h *procHost) findSockets() {
	h.sockets = map[uint64]port{}
	for _, table := range socketTables {
		for net, err := range h.nets(table.name) {
			if err != nil {
				if !missing(err) {
					h.socketsErr = errors.Join(h.socketsErr, err)
				}
				continue
			}
			for s, err := range procfs.Sockets(net.file) {
				if err == nil && s.INode != 0 && len(h.sockets) < mostSockets {
					h.sockets[s.INode] = portOf(&s, table.protocol)
				}
			}
		}
	}
}

// ports are the sockets among what the process has open.
func (h *procHost) ports(pid uint64) (list []port, err error) {
	handles, err := h.handles(pid)
	if err != nil {
		return nil, err
	}
	seen := map[uint64]bool{}
	for _, one := range handles {
		if one.socket != nil && !seen[one.inode] {
			seen[one.inode] = true
			p := *one.socket
			p.pid = pid
			p.image, p.imageErr = h.image(pid)
			list = append(list, p)
		}
	}
	h.socketsOnce.Do(h.findSockets) // also where it has none
	return list, h.socketsErr
}

func (h *procHost) regions(pid uint64) (list []region, err error) {
	f, err := h.fs.Open(procPath(pid, "maps"))
	if err != nil {
		return nil, h.told("what processes have mapped", err)
	}
	defer f.Close()
	maps, err := procfs.Maps(f, mostRegions)
	for _, m := range maps {
		path, gone := strings.CutSuffix(m.Path, deletedSuffix)
		inode := m.INode
		if !h.live {
			inode = 0 // of another file system than the copy's
		}
		if kernelMapping(m.Path) {
			path, gone = "", false
		}
		list = append(list, region{
			start: m.Start, size: m.End - m.Start, mapped: m.INode != 0, protection: m.Permissions,
			path: path, inode: inode, gone: gone,
			// What the kernel maps by itself is not the process's, and devices
			// change when they are read.
			readable: m.Permissions[0] == 'r' && !strings.HasPrefix(m.Path, "[v") && !strings.HasPrefix(m.Path, "/dev/"),
		})
	}
	return list, h.told("what processes have mapped", err)
}

// kernelMapping: memory that processes share, which is shown as a deleted file.
func kernelMapping(path string) bool {
	return strings.HasPrefix(path, "/dev/zero") || strings.HasPrefix(path, "/SYSV")
}

func (h *procHost) memory(pid uint64) (addressSpace, error) {
	f, err := h.fs.Open(procPath(pid, "mem"))
	if err != nil {
		return nil, h.told("the memory of processes", err)
	}
	return f, nil
}
