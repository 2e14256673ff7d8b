package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A darwinHost asks the kernel of a running macOS by sysctl(3). What processes
// have open and mapped takes calls that its C library alone makes.
type darwinHost struct {
	etc etc
	req *Request

	uids map[uint64]uint64 // by process; only read once it is filled

	namesOnce sync.Once
	names     map[uint64]string // of users, by uid
	namesErr  error

	told sync.Once // that arguments of others are hidden
}

func listDarwinProcesses(ctx context.Context, req *Request, list *Listing) iter.Seq2[process, error] {
	return func(yield func(process, error) bool) {
		e, err := openEtc(ctx, req)
		if err != nil {
			yield(process{}, err)
			return
		}
		all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
		if err != nil {
			yield(process{}, fmt.Errorf("sysctl kern.proc.all: %w", err))
			return
		}
		h := &darwinHost{etc: e, req: req, uids: map[uint64]uint64{}}
		for i := range all {
			h.uids[uint64(uint32(all[i].Proc.P_pid))] = uint64(all[i].Eproc.Ucred.Uid)
		}
		list.Full = true
		for i := range all {
			k := &all[i]
			pid := uint64(uint32(k.Proc.P_pid))
			if pid == uint64(os.Getpid()) {
				list.leaveOwn()
				continue
			}
			name := unix.ByteSliceToString(k.Proc.P_comm[:])
			list.Objects++
			if !yield(process{pid: pid, parent: uint64(uint32(k.Eproc.Ppid)), name: name, cutName: len(name) >= 15, host: h}, nil) {
				return
			}
		}
	}
}

var errArguments = errors.New("the arguments are of an unknown form")

// arguments are the path that was executed and the command line.
func (h *darwinHost) arguments(pid uint64) (path, line string, err error) {
	if pid == 0 {
		return "", "", nil // the kernel
	}
	b, err := unix.SysctlRaw("kern.procargs2", int(pid))
	switch {
	case errors.Is(err, syscall.ESRCH):
		return "", "", errNoProcess
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.EPERM): // which the kernel says of others' processes
		err = fmt.Errorf("%w: the arguments of processes of other users (needs root)", errHidden)
		h.told.Do(func() { h.req.trouble("processes", err) })
		return "", "", err
	case err != nil:
		return "", "", fmt.Errorf("sysctl kern.procargs2 of process %d: %w", pid, err)
	}
	return parseArguments(b)
}

// parseArguments reads what kern.procargs2 answers: the number of arguments,
// the path, NULs, and the arguments, each ended by a NUL.
func parseArguments(b []byte) (path, line string, err error) {
	if len(b) < 4 {
		return "", "", errArguments
	}
	count := int64(binary.NativeEndian.Uint32(b))
	first, rest, ok := bytes.Cut(b[4:], []byte{0})
	if !ok {
		return "", "", errArguments
	}
	rest = bytes.TrimLeft(rest, "\x00")
	var words []string
	for int64(len(words)) < count && len(rest) > 0 {
		word, after, _ := bytes.Cut(rest, []byte{0})
		words, rest = append(words, string(word)), after
	}
	return string(first), strings.Join(words, " "), nil
}

func (h *darwinHost) image(pid uint64) (string, error) {
	path, _, err := h.arguments(pid)
	if err == nil && path != "" && path[0] != '/' {
		err = errNotCarried // it was called by a path that is not whole
		path = ""
	}
	return path, err
}

func (h *darwinHost) commandLine(pid uint64) (string, error) {
	_, line, err := h.arguments(pid)
	return line, err
}

func (h *darwinHost) account(pid uint64) (processAccount, error) {
	h.namesOnce.Do(func() {
		h.names = map[uint64]string{}
		list, errs := readDslocal(h.etc, h.req).users()
		for i := range list {
			if u := &list[i]; u.id.is {
				h.names[u.id.n] = u.name
			}
		}
		h.namesErr = errors.Join(errs...)
	})
	uid := h.uids[pid]
	if name, ok := h.names[uid]; ok {
		return processAccount{name: name}, nil
	}
	return processAccount{name: strconv.FormatUint(uid, 10)}, h.namesErr
}

func (*darwinHost) times(uint64) (processTimes, error)  { return processTimes{}, errNotCarried }
func (*darwinHost) handles(uint64) ([]handle, error)    { return nil, errNotCarried }
func (*darwinHost) regions(uint64) ([]region, error)    { return nil, errNotCarried }
func (*darwinHost) ports(uint64) ([]port, error)        { return nil, errNotCarried }
func (*darwinHost) memory(uint64) (addressSpace, error) { return nil, errNotCarried }
