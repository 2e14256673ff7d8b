package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"iocscan/scan/internal/procfs"
)

// socketTables are the tables of sockets below net.
var socketTables = []struct{ name, protocol string }{{"tcp", "TCP"}, {"tcp6", "TCP"}, {"udp", "UDP"}, {"udp6", "UDP"}}

// tcpStates are those of tcp_states.h, in the words of Windows.
var tcpStates = [...]string{
	1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECEIVED", 4: "FIN_WAIT_1", 5: "FIN_WAIT_2", 6: "TIME_WAIT",
	7: "CLOSED", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTENING", 11: "CLOSING", 12: "SYN_RECEIVED",
}

// listProcPorts lists the sockets that Linux shows below /proc. Those of the
// scanner itself are left out: it opens none.
func listProcPorts(ctx context.Context, req *Request, list *Listing) iter.Seq2[port, error] {
	return func(yield func(port, error) bool) {
		p, err := openProc(ctx, req)
		if err != nil {
			yield(port{}, err)
			return
		}
		list.Full = true
		owners := p.socketOwners()
		if owners.hidden != nil {
			req.trouble("processes of sockets", owners.hidden)
		}
		for _, table := range socketTables {
			for net, err := range p.nets(table.name) {
				if missing(err) && strings.HasSuffix(table.name, "6") {
					continue // a system without IPv6
				}
				if err != nil {
					if !yield(port{}, fmt.Errorf("%s sockets: %w", table.name, err)) {
						return
					}
					continue
				}
				for s, err := range procfs.Sockets(net.file) {
					if err != nil {
						if !yield(port{}, fmt.Errorf("read %s: %w", net.path, err)) {
							return
						}
						continue
					}
					for _, row := range p.portsOf(&s, table.protocol, owners) {
						list.Objects++
						if !yield(row, nil) {
							return
						}
					}
				}
			}
		}
	}
}

// portsOf is a socket with each of the processes that have it.
func (p proc) portsOf(s *procfs.Socket, protocol string, owners *socketOwners) []port {
	row := portOf(s, protocol)
	pids := owners.of[s.INode]
	if len(pids) == 0 {
		if s.INode != 0 { // else it is the kernel's own, as in TIME_WAIT
			row.ownerErr = owners.hidden
		}
		return []port{row}
	}
	var rows []port
	for _, pid := range pids {
		row.pid = pid
		row.image, row.imageErr = p.image(pid)
		if ended(row.imageErr) {
			row.image, row.imageErr = "", errNoProcess
		}
		rows = append(rows, row)
	}
	return rows
}

func portOf(s *procfs.Socket, protocol string) port {
	p := port{protocol: protocol, local: s.Local, remote: s.Remote}
	if protocol == "TCP" && int(s.State) < len(tcpStates) {
		p.state = tcpStates[s.State]
	}
	return p
}

// image is the path of a process's image, empty for a thread of the kernel.
func (p proc) image(pid uint64) (string, error) {
	target, err := p.fs.Readlink(procPath(pid, "exe"))
	if missing(err) {
		// Threads of the kernel have the link and nothing that it leads to, and
		// a process that has ended has not even a folder.
		if _, err := p.fs.Lstat(procPath(pid, "stat")); err == nil {
			return "", nil
		}
		return "", errNoProcess
	}
	return strings.TrimSuffix(target, deletedSuffix), err
}

// deletedSuffix is what Linux puts behind the path of a file that is gone.
const deletedSuffix = " (deleted)"

// socketOwners say which processes have which sockets.
type socketOwners struct {
	of map[uint64][]uint64 // inode → pids
	// hidden says that not every process shows what it has open; nil: all do.
	hidden error
}

// mostSockets bounds the links that are remembered.
const mostSockets = 1 << 20

func (p proc) socketOwners() *socketOwners {
	o := &socketOwners{of: map[uint64][]uint64{}}
	pids, err := p.pids()
	if err != nil {
		o.hidden = err
		return o
	}
	shut, links := 0, 0
	for _, pid := range pids {
		folder := procPath(pid, "fd")
		for e, err := range p.fs.ReadDir(p.ctx, folder) {
			if errors.Is(err, fs.ErrPermission) {
				shut++
			}
			if err != nil {
				break
			}
			if links++; links > mostSockets {
				o.hidden = fmt.Errorf("more than %d open files", mostSockets)
				return o
			}
			target, err := p.fs.Readlink(folder + "/" + e.Name)
			if err != nil {
				continue // closed meanwhile
			}
			if n, ok := socketNumber(target); ok {
				o.add(n, pid)
			}
		}
	}
	switch {
	case shut > 0:
		o.hidden = fmt.Errorf("%w: what %d processes have open (needs root, or the capability CAP_SYS_PTRACE)", errHidden, shut)
	case len(pids) == 0:
		o.hidden = errNotCarried // a copy of the tables alone
	}
	return o
}

func (o *socketOwners) add(inode, pid uint64) {
	if pids := o.of[inode]; len(pids) == 0 || pids[len(pids)-1] != pid {
		o.of[inode] = append(pids, pid)
	}
}

func socketNumber(link string) (uint64, bool) {
	s, ok := strings.CutPrefix(link, "socket:[")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(s, "]"), 10, 64)
	return n, err == nil
}
