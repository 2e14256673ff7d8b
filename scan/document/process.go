package document

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// processes is ProcessItem: what runs on a running system.
var processes = Table[process]{
	name:    "ProcessItem",
	summary: "running processes, what they have open and mapped",
	needs:   []source.Capability{source.Live},
	label:   func(p *process) string { return p.label() },
	fields:  processFields,
	on: map[source.Platform]lister[process]{
		source.Linux:   listProc,
		source.Windows: listWindowsProcesses,
		source.Darwin:  listDarwinProcesses,
	},
	open: openProcesses,
}

// A process is one of them. What is asked of the system about it is asked once.
type process struct {
	pid, parent uint64
	name        string // as the system lists it
	cutName     bool   // name may be only the beginning
	host        processHost

	imagePath  answer[string]
	handleList answer[[]handle]
	regionList answer[[]region]
	portList   answer[[]port]

	view *processView // of the worker that has the row
}

// A processHost tells of the processes of one system. Every method may answer
// errNoProcess, for a process that has ended, and an error that wraps errHidden
// for what the user may not see; it is called by several goroutines at once.
type processHost interface {
	image(pid uint64) (string, error) // full path; empty: it has none, as a thread of the kernel
	commandLine(pid uint64) (string, error)
	account(pid uint64) (processAccount, error)
	times(pid uint64) (processTimes, error)
	handles(pid uint64) ([]handle, error)
	regions(pid uint64) ([]region, error)
	ports(pid uint64) ([]port, error)
	// memory opens what is mapped; offsets are addresses.
	memory(pid uint64) (addressSpace, error)
}

type addressSpace interface {
	io.ReaderAt
	io.Closer
}

// A processAccount is whose a process is.
type processAccount struct {
	name string // empty: the account has none
	sid  string // Windows
	kind string // Windows: the kind of SID

	nameErr error // name and kind cannot be told
}

type processTimes struct {
	started      int64 // ticks
	kernel, user time.Duration
}

// leaveOwn leaves the running scanner out: its memory has all indicators.
func (l *Listing) leaveOwn() {
	l.Own++
	l.Notes = append(l.Notes, "the scanner's own process was left out")
}

func (p *process) label() string {
	name := p.name
	if path, err := p.image(); err == nil && path != "" {
		name = path
	}
	return fmt.Sprintf("%d %s", p.pid, name)
}

func (p *process) image() (string, error) {
	return p.imagePath.get(func() (string, error) { return p.host.image(p.pid) })
}

// processFields are the terms of ProcessItem. Not among them, and so reported
// as not supported: what a tool for memory images alone knows (hidden processes
// and DLLs, hooks), and detectedAnomaly, whose words are not published.
var processFields = slices.Concat(
	[]Field[process]{
		field(match.Field{Term: "ProcessItem/pid", Kind: ioc.Int, Identity: true}, func(p *process, yield func(ioc.Value) bool) error {
			yield(ioc.IntValue(p.pid))
			return nil
		}),
		field(match.Field{Term: "ProcessItem/parentpid", Kind: ioc.Int, Identity: true}, func(p *process, yield func(ioc.Value) bool) error {
			yield(ioc.IntValue(p.parent))
			return nil
		}),
		field(match.Field{Term: "ProcessItem/name", Kind: ioc.Text, Same: any2, Cost: match.Stat, Identity: true}, living((*process).names)),
		field(match.Field{Term: "ProcessItem/path", Kind: ioc.Path, Same: any2, Cost: match.Stat, Identity: true}, living((*process).paths)),
		field(match.Field{Term: "ProcessItem/arguments", Kind: ioc.Text, Cost: match.Stat, Identity: true}, living((*process).arguments)),
		field(match.Field{Term: "ProcessItem/cmdLine", Kind: ioc.Text, Cost: match.Stat}, living((*process).arguments)),
		field(match.Field{Term: "ProcessItem/Username", Kind: ioc.Text, Same: sameAccount, Cost: match.Stat, Identity: true}, living((*process).users)),
		field(match.Field{Term: "ProcessItem/SecurityID", Kind: ioc.Text, Cost: match.Stat}, ofAccount(func(a *processAccount) (string, error) { return a.sid, nil })),
		field(match.Field{Term: "ProcessItem/SecurityType", Kind: ioc.Text, Cost: match.Stat}, ofAccount(func(a *processAccount) (string, error) { return a.kind, a.nameErr })),
		field(match.Field{Term: "ProcessItem/startTime", Kind: ioc.Time, Cost: match.Stat, Identity: true}, ofTimes(func(t processTimes, yield func(ioc.Value) bool) {
			yield(ioc.TicksValue(t.started))
		})),
		field(match.Field{Term: "ProcessItem/kernelTime", Kind: ioc.Text, Same: any2, Cost: match.Stat}, ofTimes(func(t processTimes, yield func(ioc.Value) bool) {
			yieldDuration(t.kernel, yield)
		})),
		field(match.Field{Term: "ProcessItem/userTime", Kind: ioc.Text, Same: any2, Cost: match.Stat}, ofTimes(func(t processTimes, yield func(ioc.Value) bool) {
			yieldDuration(t.user, yield)
		})),
	},
	handleFields,
	sectionFields,
	mappedFields,
	portFields("ProcessItem/PortList/PortItem", (*process).ports),
	[]Field[process]{
		field(match.Field{Term: memoryStringTerm, Kind: ioc.Text, Cost: match.Content, Multi: true, Strings: true}, memoryStrings),
	},
)

// An answer is what the system said when it was asked once.
type answer[T any] struct {
	asked bool
	value T
	err   error
}

func (a *answer[T]) get(ask func() (T, error)) (T, error) {
	if !a.asked {
		a.asked = true
		a.value, a.err = ask()
	}
	return a.value, a.err
}

// ofLiving: a process that ended meanwhile has nothing, which is no fault.
func ofLiving[T any](list []T, err error) ([]T, error) {
	if errors.Is(err, errNoProcess) {
		err = nil
	}
	return list, err
}

// eachElement answers a field for one element after the other, each value with
// the place of its own. fault says why there may be more elements; the error is
// the first.
func eachElement[T any](list []T, fault error, get func(*T, func(ioc.Value) bool) error, yield func(ioc.Value) bool) error {
	for n := range list {
		more := true
		err := get(&list[n], func(v ioc.Value) bool { more = yield(v.At(n)); return more })
		if fault == nil {
			fault = err
		}
		if !more {
			return nil
		}
	}
	return fault
}

// living answers nothing for a process that ended meanwhile: that is no fault,
// and nothing of it is left to match.
func living[T any](get func(*T, func(ioc.Value) bool) error) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		if err := get(row, yield); !errors.Is(err, errNoProcess) {
			return err
		}
		return nil
	}
}

// names are that of the image and that in the system's list, which on Linux
// ends after 15 characters and is the process's own to set.
func (p *process) names(yield func(ioc.Value) bool) error {
	path, err := p.image()
	image := ""
	if err == nil && path != "" {
		if image = imageName(path); !yield(ioc.TextValue(image)) {
			return nil
		}
	}
	if p.name != "" && p.name != image && !yield(ioc.TextValue(p.name)) {
		return nil
	}
	if err != nil && !p.cutName && p.name != "" {
		return nil
	}
	return err
}

func (p *process) paths(yield func(ioc.Value) bool) error {
	path, err := p.image()
	if path != "" {
		yieldImagePath(path, yield)
	}
	return err
}

func (p *process) arguments(yield func(ioc.Value) bool) error {
	line, err := p.host.commandLine(p.pid)
	if line != "" {
		yield(ioc.TextValue(line))
	}
	return err
}

func (p *process) users(yield func(ioc.Value) bool) error {
	a, err := p.host.account(p.pid)
	if a.name == "" {
		return cmp.Or(err, a.nameErr)
	}
	if yield(ioc.TextValue(a.name)) {
		if _, bare, ok := strings.Cut(a.name, `\`); ok {
			yield(ioc.TextValue(bare))
		}
	}
	return err
}

func ofAccount(of func(*processAccount) (string, error)) func(*process, func(ioc.Value) bool) error {
	return living(func(p *process, yield func(ioc.Value) bool) error {
		a, err := p.host.account(p.pid)
		s, fault := of(&a)
		if s != "" {
			yield(ioc.TextValue(s))
		}
		return cmp.Or(err, fault)
	})
}

func ofTimes(get func(processTimes, func(ioc.Value) bool)) func(*process, func(ioc.Value) bool) error {
	return living(func(p *process, yield func(ioc.Value) bool) error {
		t, err := p.host.times(p.pid)
		if err == nil {
			get(t, yield)
		}
		return err
	})
}

// yieldDuration gives a time of the processor as hours, minutes and seconds,
// and as seconds.
func yieldDuration(d time.Duration, yield func(ioc.Value) bool) bool {
	s := int64(d / time.Second)
	return yield(ioc.TextValue(fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60))) && yield(ioc.TextValue(fmt.Sprint(s)))
}

// ports yields the sockets of the process.
func (p *process) ports(yield func(*port, int) bool) error {
	list, err := p.portList.get(func() ([]port, error) { return ofLiving(p.host.ports(p.pid)) })
	for n := range list {
		if !yield(&list[n], n) {
			return nil
		}
	}
	return err
}
