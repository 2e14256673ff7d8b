package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"

	"iocscan/scan/source"
)

// A proc is what Linux tells of itself below /proc: the running system, or a
// copy that somebody took of it. Its paths are not resolved first: on the
// running system /proc is not walked, only asked.
type proc struct {
	fs   source.FS
	ctx  context.Context
	live bool
}

func openProc(ctx context.Context, req *Request) (proc, error) {
	e, err := openEtc(ctx, req)
	return proc{e.FS, ctx, req.Source.Kind() == "host"}, err
}

const procDir = "/proc"

func procPath(pid uint64, name string) string {
	return source.Join(source.Join(procDir, strconv.FormatUint(pid, 10)), name)
}

// read is the content of a file, at most the given number of bytes of it.
func (p proc) read(path string, most int64) (string, error) {
	f, err := p.fs.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %s: %w", path, err)
	case int64(len(b)) > most:
		return "", fmt.Errorf("read %s: more than %d bytes", path, most)
	}
	return string(b), nil
}

// pids are the numbers of the processes, in order.
func (p proc) pids() ([]uint64, error) {
	var list []uint64
	for e, err := range p.fs.ReadDir(p.ctx, procDir) {
		if err != nil {
			return list, err
		}
		if pid, err := strconv.ParseUint(e.Name, 10, 32); err == nil && e.Type == source.Dir {
			list = append(list, pid)
		}
	}
	slices.Sort(list)
	return list, nil
}

// ended: a process that is gone meanwhile is no error.
func ended(err error) bool { return missing(err) || errors.Is(err, errNoProcess) }

// A netTable is a file below net in the view of one network.
type netTable struct {
	path string
	file source.File
}

// nets yields the named table of every network of the system: containers have
// their own. Which process is in which is not told to everybody; an error
// beside a zero table says that some may be missing.
func (p proc) nets(name string) iter.Seq2[netTable, error] {
	return func(yield func(netTable, error) bool) {
		folders, unsure := p.netFolders()
		for _, folder := range folders {
			path := source.Join(folder, name)
			f, err := p.fs.Open(path)
			if missing(err) && folder != folders[0] {
				continue // the process that showed it has ended
			}
			if err != nil {
				if !yield(netTable{path: path}, err) {
					return
				}
				continue
			}
			more := yield(netTable{path, f}, nil)
			f.Close() // read-only: nothing to lose
			if !more {
				return
			}
		}
		if unsure != nil {
			yield(netTable{}, unsure)
		}
	}
}

// netFolders has one folder for each network, that of the scanner first. A
// copy has no links that would tell networks apart.
func (p proc) netFolders() (folders []string, unsure error) {
	own := "/proc/self"
	if !p.live {
		for _, folder := range []string{"/proc/net", "/proc/1/net", "/proc/self/net"} {
			if _, err := p.fs.Lstat(source.Join(folder, "tcp")); err == nil {
				return []string{folder}, nil
			}
		}
		return []string{"/proc/net"}, nil
	}
	folders = []string{own + "/net"}
	mine, err := p.fs.Readlink(own + "/ns/net")
	if err != nil {
		return folders, fmt.Errorf("networks of containers: %w", err)
	}
	pids, err := p.pids()
	if err != nil {
		return folders, fmt.Errorf("networks of containers: %w", err)
	}
	seen := map[string]bool{mine: true}
	hidden := 0
	for _, pid := range pids {
		ns, err := p.fs.Readlink(procPath(pid, "ns/net"))
		if errors.Is(err, fs.ErrPermission) {
			hidden++
		}
		if err == nil && !seen[ns] {
			seen[ns] = true
			folders = append(folders, procPath(pid, "net"))
		}
	}
	if hidden > 0 {
		unsure = fmt.Errorf("%w: for %d processes it is not told which network they are in (needs the capability CAP_SYS_PTRACE)", errHidden, hidden)
	}
	return folders, unsure
}

var (
	errNoProcess = errors.New("the process has ended")
	errHidden    = errors.New("not shown to this user")
)
