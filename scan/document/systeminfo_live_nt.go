package document

import (
	"errors"
	"slices"
	"strings"
	"time"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// An ntLive is what a running Windows tells beside its registry. A fact that is
// not known says why.
type ntLive struct {
	liveSystem
	names, domain, drives fact
	adapters              []ntAdapter
	adaptersErr           error
}

// An ntAdapter is a network interface as it is now.
type ntAdapter struct {
	guid    string
	network      // without the times of its lease, which the registry has
	first   bool // the default route has it
}

// readLiveNT puts what a running Windows tells in the place of what its
// registry says of the same.
func readLiveNT(req *Request, s *systemInfo) {
	if !runningWindows(req) {
		return
	}
	now := askSystem()
	now.user = sure(currentUser())
	at := time.Now()
	now.now = moment{ticks: ioc.Ticks(at)}
	_, offset := at.Zone()
	s.offset = sure(offsetText(int32(-offset / 60)))
	s.hostname.now(now.names)
	s.domain.now(now.domain)
	if now.drives.why == nil {
		s.drives = now.drives
	}
	s.networksNow(&now)
	if k, err := openKey(req, `HKLM\HARDWARE\DESCRIPTION\System`); err == nil {
		s.hardwareNow(k)
	} else if !missing(err) {
		req.trouble(s.label(), err)
	}
	s.live = &now.liveSystem
	l := s.live
	for _, err := range []error{now.names.why, now.domain.why, now.drives.why, now.adaptersErr, l.total.why, l.loggedOn.why} {
		if err != nil {
			req.trouble(s.label(), err)
		}
	}
}

func currentUser() string {
	name, _ := source.CurrentUser()
	return name
}

// now adds what holds now to what was noted; that is then known.
func (f *fact) now(live fact) {
	if live.why != nil {
		return
	}
	f.why = nil
	for _, v := range live.values {
		if !slices.ContainsFunc(f.values, func(s string) bool { return ioc.EqualFold(s, v) }) {
			f.is(v)
		}
	}
}

// hardwareNow reads what the kernel keeps in memory of the machine.
func (s *systemInfo) hardwareNow(k keyValues) {
	for _, v := range []struct {
		key, name string
		of        *fact
	}{{`CentralProcessor\0`, "ProcessorNameString", &s.processor}, {"", "SystemBiosVersion", &s.biosVersion}, {"", "SystemBiosDate", &s.biosDay}, {"BIOS", "BIOSVersion", &s.biosVersion}, {"BIOS", "BIOSReleaseDate", &s.biosDay}} {
		at, err := k, error(nil)
		if v.key != "" {
			at, err = k.below(v.key)
		}
		var told fact
		if err == nil {
			at.fill(&told, v.name)
			err = told.why
		}
		if err == nil && told.values != nil {
			for i := range told.values {
				told.values[i] = strings.TrimSpace(told.values[i])
			}
			v.of.now(told)
		}
	}
}

// networksNow: adapters as they are, and after them those that the registry
// knows and the system does not have now.
func (s *systemInfo) networksNow(now *ntLive) {
	l := &now.liveSystem
	for _, f := range []*fact{&l.hardware, &l.first4, &l.first6} {
		f.why = now.adaptersErr
	}
	if now.adaptersErr != nil {
		s.networksErr = errors.Join(s.networksErr, now.adaptersErr)
		return
	}
	noted := s.networks
	s.networks = nil
	if errors.Is(s.networksErr, errNotCarried) {
		s.networksErr = nil
	}
	for _, a := range now.adapters {
		n := a.network
		n.obtained.why, n.expires.why = errNotCarried, errNotCarried
		if i := slices.IndexFunc(noted, func(n network) bool { return len(n.adapter.values) > 0 && ioc.EqualFold(n.adapter.values[0], a.guid) }); i >= 0 {
			n.obtained, n.expires = noted[i].obtained, noted[i].expires
			noted = slices.Delete(noted, i, i+1)
		}
		if a.first {
			l.hardware, l.first4, l.first6 = n.hardware, n.addresses, n.addresses6
			l.first4.values, l.first6.values = l.first4.values[:min(1, len(l.first4.values))], l.first6.values[:min(1, len(l.first6.values))]
		}
		s.networks = append(s.networks, n)
	}
	s.networks = append(s.networks, noted...)
}
