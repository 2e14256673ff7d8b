package document

import (
	"context"
	"errors"
	"iter"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// A serviceHost lists the services of one system and reads their programs.
type serviceHost struct {
	etc
	req     *Request
	list    *Listing
	yield   func(service, error) bool
	done    bool // nobody wants more
	digests digestSet
}

func listServices(ctx context.Context, req *Request, list *Listing, all func(*serviceHost)) iter.Seq2[service, error] {
	return func(yield func(service, error) bool) {
		e, err := openEtc(ctx, req)
		if err != nil {
			yield(service{}, err)
			return
		}
		h := &serviceHost{etc: e, req: req, list: list, yield: yield}
		for n, f := range serviceFields {
			if d, ok := digestOf(f.Term); ok && req.wants(n) {
				h.digests |= setOf(d)
			}
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
	s.host, s.sums = h, &serviceSums{}
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

// serviceSums are the hashes of a service's programs, made when the first is
// asked for.
type serviceSums struct {
	made bool
	sums [digests][]string
	err  error
}

func serviceDigest(term string, d digest) Field[service] {
	return field(match.Field{Term: term, Kind: ioc.Digest, Cost: match.Open, Multi: true}, func(s *service, yield func(ioc.Value) bool) error {
		if s.why != nil {
			return s.why
		}
		if !s.sums.made {
			s.sums.made = true
			s.hash()
		}
		for _, raw := range s.sums.sums[d] {
			if !yield(ioc.DigestValue(raw)) {
				return nil
			}
		}
		return s.sums.err
	})
}

// digestOf is the digest that a term asks for, by its end.
func digestOf(term string) (digest, bool) {
	term = strings.TrimPrefix(strings.TrimPrefix(term, "ServiceItem/"), "path")
	for _, n := range [...]struct {
		name string
		d    digest
	}{{"md5sum", digestMD5}, {"md54ksum", digestMD54K}, {"sha1sum", digestSHA1}, {"sha256sum", digestSHA256}, {"sha512sum", digestSHA512}} {
		if ioc.EqualFold(term, n.name) {
			return n.d, true
		}
	}
	return 0, false
}

// hash reads the programs. One that is not there has no hash.
func (s *service) hash() {
	h := s.host
	r := &reading{ctx: h.ctx, max: h.req.MaxFileSize, progress: h.req.Progress}
	var errs []error
	seen := map[string]bool{}
	for _, c := range s.commands {
		f, at, err := h.program(c.path)
		if missing(err) || errors.Is(err, source.ErrNotRegular) || err == nil && seen[at] {
			if err == nil {
				f.Close()
			}
			continue
		}
		if err == nil {
			seen[at] = true
			_, err = r.read(f, h.digests, nil)
			f.Close()
		}
		if err != nil {
			h.req.trouble(c.path, err)
			errs = append(errs, err)
			continue
		}
		for d := range digests {
			if h.digests.has(d) {
				s.sums.sums[d] = append(s.sums.sums[d], strings.Clone(r.raw(d)))
			}
		}
	}
	s.sums.err = errors.Join(errs...)
}

// programFolders are where a program without a folder is looked for.
var programFolders = [...]string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

func (h *serviceHost) program(path string) (f source.File, at string, err error) {
	candidates := []string{path}
	if !strings.HasPrefix(path, "/") {
		candidates = candidates[:0]
		for _, folder := range programFolders {
			candidates = append(candidates, source.Join(folder, path))
		}
	}
	for _, c := range candidates {
		if at, err = h.Resolve(c); err == nil {
			f, err = h.Open(at)
			return f, at, err
		}
		if !missing(err) {
			return nil, "", err
		}
	}
	return nil, "", err
}
