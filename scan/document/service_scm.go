package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/source"
)

const servicesKey = source.MachineRoot + `\SYSTEM\CurrentControlSet\Services`

// listWindowsServices lists what the service control manager and the kernel
// are configured to start: every entry with a Type, as audits of Windows hosts
// do, drivers too. Other entries hold the settings of programs.
func listWindowsServices(ctx context.Context, req *Request, list *Listing) iter.Seq2[service, error] {
	return func(yield func(service, error) bool) {
		for s, err := range listEntries(ctx, req, list, newPrograms(ctx, req, serviceFields)) {
			if err == nil {
				list.Objects++
				s.tellNoEntry(req)
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// listEntries lists the services for a document of which programs are asked.
func listEntries(ctx context.Context, req *Request, list *Listing, programs *programFinder) iter.Seq2[service, error] {
	return func(yield func(service, error) bool) {
		done := false
		r, err := newRegKeys(req, list, func(err error) { done = done || !yield(service{}, err) })
		if err != nil {
			yield(service{}, err)
			return
		}
		listed := map[string]bool{}
		reached := r.services(programs, func(_ foundKey, s service) bool {
			listed[ioc.Fold(s.name)] = true
			done = done || ctx.Err() != nil || !yield(s, nil)
			return !done
		})
		if reached && !done {
			r.unregistered(ctx, listed)(func(s service) bool {
				done = !yield(s, nil)
				return !done
			})
		}
		if !reached && !done {
			yield(service{}, errNoSystemHive)
		}
		list.Full = reached && !done && r.whole()
	}
}

var errNoSystemHive = errors.New("the evidence has no hive SYSTEM")

// services visits the services, with their keys. It reports whether there is
// a hive for them.
func (r *regKeys) services(programs *programFinder, visit func(foundKey, service) bool) (reached bool) {
	more := true
	return r.each(servicesKey, func(k foundKey) bool {
		r.subkeys(k, func(k foundKey) bool {
			kind, typed, err := k.number("Type")
			if !typed && err == nil {
				return true
			}
			s := windowsService(k, uint32(kind), programs)
			s.typeErr = err
			r.askState(&s)
			if s.why = errors.Join(err, s.why); s.why != nil {
				r.req.trouble(s.file, s.why)
			}
			more = visit(k, s)
			return more
		})
		return more
	})
}

// The types of winnt.h that make an entry a driver, or a service.
const (
	fileSystemDriver = 0x2
	recognizer       = 0x8
	driverTypes      = 0x1 | fileSystemDriver | 0x4 | recognizer
	serviceTypes     = 0x10 | 0x20
)

// serviceTypeWords are the bits of winnt.h in their order.
var serviceTypeWords = [...]struct {
	bit  uint32
	word string
}{
	{0x1, "SERVICE_KERNEL_DRIVER"}, {0x2, "SERVICE_FILE_SYSTEM_DRIVER"}, {0x4, "SERVICE_ADAPTER"}, {0x8, "SERVICE_RECOGNIZER_DRIVER"},
	{0x10, "SERVICE_WIN32_OWN_PROCESS"}, {0x20, "SERVICE_WIN32_SHARE_PROCESS"}, {0x40, "SERVICE_USER_SERVICE"},
	{0x80, "SERVICE_USERSERVICE_INSTANCE"}, {0x100, "SERVICE_INTERACTIVE_PROCESS"}, {0x200, "SERVICE_PKG_SERVICE"},
}

// startModes are the words of winnt.h for the values of Start.
var startModes = [...]string{"SERVICE_BOOT_START", "SERVICE_SYSTEM_START", autoStart, demandStart, disabled}

// typeWords are the words of a type: each, and where there are several all of
// them in one text.
func typeWords(kind uint32) (words []string) {
	for _, w := range serviceTypeWords {
		if kind&w.bit != 0 {
			words = append(words, w.word)
		}
	}
	switch len(words) {
	case 0:
		return some(fmt.Sprint(kind))
	case 1:
		return words
	}
	return append(words, strings.Join(words, " "))
}

func windowsService(k foundKey, kind uint32, programs *programFinder) service {
	s := service{file: k.shown(), name: k.name(), windows: true, flags: kind, kind: typeWords(kind)}
	text := func(k foundKey, name string) string {
		v, err := k.text(name)
		s.why = errors.Join(s.why, err)
		return v
	}
	s.title, s.titleErr = indirect(text(k, "DisplayName"))
	s.text, s.textErr = indirect(text(k, "Description"))
	if s.account = text(k, "ObjectName"); s.account == "" && kind&serviceTypes != 0 {
		s.account = "LocalSystem" // as CreateService has it
	}
	start, ok, err := k.number("Start")
	s.modeErr = err
	switch {
	case !ok:
	case start < uint64(len(startModes)):
		s.mode = some(startModes[start])
	default:
		s.mode = some(fmt.Sprint(start))
	}
	image := text(k, "ImagePath")
	switch {
	case kind&driverTypes == 0 && image != "":
		s.programs = []*program{programs.commandLine(image, "")}
	case kind&driverTypes != 0 && image != "": // a path without arguments
		s.programs = []*program{programs.driver(image)}
	case kind&driverTypes != 0: // as the kernel has it
		s.programs = []*program{programs.driver(`System32\drivers\` + s.name + ".sys")}
	}
	if dll := s.findLibrary(k, text); dll != "" {
		s.library = []*program{programs.library(dll, "")}
	}
	return s
}

// findLibrary is the DLL of a service in a shared process: svchost looks below
// Parameters first.
func (s *service) findLibrary(k foundKey, text func(foundKey, string) string) (dll string) {
	parameters, err := k.Find("Parameters")
	switch {
	case err == nil:
		dll = text(foundKey{parameters, k.in, k.hive}, "ServiceDll")
	case !missing(err):
		s.why = errors.Join(s.why, err)
	}
	if dll == "" {
		dll = text(k, "ServiceDll")
	}
	return dll
}

// errIndirect answers a text that lies in the resources of a library.
var errIndirect = errors.New("the text lies in the resources of a file, which are not read")

// indirect tells a text that only names where the shown one lies:
// @library,-number, or @file.inf,%name%;text.
func indirect(text string) (string, error) {
	if !strings.HasPrefix(text, "@") || !strings.Contains(text, ",") {
		return text, nil
	}
	return text, errIndirect
}
