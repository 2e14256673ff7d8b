package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// Where the control groups of systemd lie: in the one hierarchy of newer
// systems, in the named one of older ones (systemd.resource-control(5)).
var cgroupRoots = [...]string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"}

const mostPIDs = 1 << 16 // of one service

const (
	errFirstPID = match.StandIn("it is the first process of the service's control group")
	runningWord = "running"
)

// cgroups tell which services of the system run, by the processes that are in
// their control groups. That a service has none does not tell its state: some
// have done their work and are active without.
type cgroups struct {
	proc
	root string // empty: systemd does not run here, or its groups are not shown
}

func openCgroups(p proc) cgroups {
	for _, root := range cgroupRoots {
		if info, err := p.fs.Lstat(root + "/system.slice"); err == nil && info.Type == source.Dir {
			return cgroups{p, root}
		}
	}
	return cgroups{p, ""}
}

// state fills in what runs of a unit of the system.
func (c cgroups) state(s *service, unit string) {
	s.status.why, s.pid.why = errNotCarried, errNotCarried
	if c.root == "" {
		return
	}
	pids, err := c.pidsOf(source.Join(c.root+"/system.slice", unit))
	switch {
	case missing(err) || err == nil && len(pids) == 0:
	case err != nil:
		s.status.why, s.pid.why = err, err
	default:
		s.status = sure(runningWord, "SERVICE_RUNNING")
		s.pid = amount{number{slices.Min(pids), true}, errFirstPID}
	}
}

func (c cgroups) pidsOf(group string) (pids []uint64, err error) {
	path := source.Join(group, "cgroup.procs")
	body, err := c.read(path, mostShown)
	if err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(body) {
		pid, err := strconv.ParseUint(word, 10, 32)
		if err != nil || len(pids) >= mostPIDs {
			return nil, fmt.Errorf("read %s: %.20q is no process, or there are too many", path, word)
		}
		if pid != 0 { // a process of another namespace
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
