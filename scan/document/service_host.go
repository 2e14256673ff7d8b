package document

import (
	"context"
	"iter"

	"iocscan/scan/source"
)

// A serviceHost lists the services of one system and reads their programs.
type serviceHost struct {
	etc
	req      *Request
	list     *Listing
	yield    func(service, error) bool
	done     bool // nobody wants more
	programs *programFinder
	groups   cgroups
}

func listServices(ctx context.Context, req *Request, list *Listing, all func(*serviceHost)) iter.Seq2[service, error] {
	return func(yield func(service, error) bool) {
		e, err := openEtc(ctx, req)
		if err != nil {
			yield(service{}, err)
			return
		}
		h := &serviceHost{etc: e, req: req, list: list, yield: yield, programs: newPrograms(ctx, req, serviceFields)}
		if req.Source.Has(source.Live) {
			h.groups = openCgroups(proc{e.FS, ctx, req.Source.Kind() == "host"})
		}
		all(h)
		list.Full = !h.done
	}
}

// add hands out a service. That it could not be read is told.
func (h *serviceHost) add(s service) {
	if h.done = h.done || h.ctx.Err() != nil; h.done {
		return
	}
	if s.why != nil {
		h.req.trouble(s.file, s.why)
	}
	if len(s.status.values) == 0 && s.status.why == nil {
		s.status.why, s.pid.why = errNotCarried, errNotCarried
	}
	for _, c := range s.commands {
		s.programs = append(s.programs, h.programs.command(c))
	}
	h.list.Objects++
	h.done = !h.yield(s, nil)
}

// fault says that services may be missing.
func (h *serviceHost) fault(err error) {
	if !h.done {
		h.done = !h.yield(service{}, err)
	}
}

// folder is what is in a folder of configuration.
func (h *serviceHost) folder(path string) (at string, entries []source.Entry) {
	if h.done {
		return "", nil
	}
	at, entries, err := h.etc.list(path)
	if err != nil {
		h.fault(err)
	}
	return at, entries
}
