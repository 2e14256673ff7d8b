package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/regf"
	"iocscan/scan/source"
)

// listNTSystem reads what the registry of a system of Windows says of it.
func listNTSystem(_ context.Context, req *Request, list *Listing) iter.Seq2[systemInfo, error] {
	return func(yield func(systemInfo, error) bool) {
		list.Full = true
		s := systemInfo{platform: sure("win", "windows")}
		s.fromSystem(req)
		s.fromSoftware(req)
		s.fromSecurity(req)
		if err := errors.Join(useHives(req, list, source.HiveSystem)...); err != nil {
			doubt(err, append(s.ofSystem(), &s.domain)...)
			s.networksErr = errors.Join(s.networksErr, err)
		}
		if err := errors.Join(useHives(req, list, source.HiveSoftware)...); err != nil {
			doubt(err, s.ofSoftware()...)
			s.installed.why = errors.Join(s.installed.why, err)
		}
		doubt(errors.Join(useHives(req, list, source.HiveSecurity)...), &s.domain)
		readLiveNT(req, &s)
		s.tellUnread(req)
		list.Objects++
		yield(s, nil)
	}
}

// doubt: a hive is damaged, so that there may be other values.
func doubt(err error, facts ...*fact) {
	for _, f := range facts {
		if err != nil {
			f.why = errors.Join(f.why, err)
		}
	}
}

// tellUnread tells what could not be read, each thing once.
func (s *systemInfo) tellUnread(req *Request) {
	told := map[string]bool{}
	var tell func(error)
	tell = func(err error) {
		if all, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range all.Unwrap() {
				tell(err)
			}
			return
		}
		if err != nil && !errors.Is(err, errNotCarried) && !errors.As(err, new(match.StandIn)) && !told[err.Error()] {
			told[err.Error()] = true
			req.trouble(s.label(), err)
		}
	}
	for _, f := range slices.Concat(s.ofSystem(), s.ofSoftware(), []*fact{&s.domain}) {
		tell(f.why)
	}
	tell(s.installed.why)
	tell(s.networksErr)
	for i := range s.networks {
		n := &s.networks[i]
		for _, f := range []*fact{&n.adapter, &n.description, &n.addresses, &n.masks, &n.gateways, &n.servers} {
			tell(f.why)
		}
		tell(n.obtained.why)
		tell(n.expires.why)
	}
}

// ofSystem and ofSoftware are the facts that come from the hives SYSTEM and
// SOFTWARE alone.
func (s *systemInfo) ofSystem() []*fact {
	return []*fact{&s.hostname, &s.zone, &s.offset, &s.drives, &s.processor, &s.bitness, &s.biosVersion, &s.biosDay, &s.standard, &s.daylight}
}

func (s *systemInfo) ofSoftware() []*fact {
	return []*fact{&s.os, &s.product, &s.version, &s.build, &s.patch, &s.productID, &s.owner, &s.organisation, &s.directory, &s.procType}
}

// openPart opens a key below another and says of its facts why they are not
// known if it is not there.
func (k keyValues) openPart(path string, facts ...*fact) (keyValues, bool) {
	part, err := k.below(path)
	if missing(err) {
		err = errNotCarried
	}
	for _, f := range facts {
		if err != nil {
			f.why = err
		}
	}
	return part, err == nil
}

func (s *systemInfo) fromSystem(req *Request) {
	control, err := openKey(req, `HKLM\SYSTEM\CurrentControlSet`)
	if err != nil {
		for _, f := range append(s.ofSystem(), &s.domain) {
			f.why = err
		}
		s.networksErr = err
		return
	}
	s.ntNames(control)
	s.ntZone(req, control)
	if k, ok := control.openPart(`Control\Session Manager\Environment`, &s.processor, &s.bitness); ok {
		k.fill(&s.processor, "PROCESSOR_IDENTIFIER")
		if s.processor.why == nil {
			s.processor.why = match.StandIn("the identifier of the processor stands in for its name, which is kept in memory only")
		}
		s.ntBitness(k)
	}
	if k, ok := control.openPart(`Control\SystemInformation`, &s.biosVersion, &s.biosDay); ok {
		k.fill(&s.biosVersion, "BIOSVersion")
		k.fill(&s.biosDay, "BIOSReleaseDate")
		for _, f := range []*fact{&s.biosVersion, &s.biosDay} {
			if f.why == nil {
				f.why = match.StandIn("the text is that of the computer's maker, which audits may write in another form")
			}
		}
	}
	s.networks, s.networksErr = readNetworks(control)
	if missing(s.networksErr) {
		s.networksErr = errNotCarried
	}
	mounted, err := openKey(req, mountedDevices)
	if err != nil {
		s.drives.why = err
		return
	}
	s.ntDrives(mounted)
}

// ntNames: the name of NetBIOS, that of TCP/IP, and the latter with its domain.
func (s *systemInfo) ntNames(control keyValues) {
	if k, ok := control.openPart(`Control\ComputerName\ComputerName`, &s.hostname); ok {
		k.fill(&s.hostname, "ComputerName")
	}
	k, ok := control.openPart(`Services\Tcpip\Parameters`, &s.domain)
	if !ok {
		return
	}
	var domain, host fact
	k.fill(&domain, "Domain")
	if domain.values == nil {
		k.fill(&domain, "NV Domain")
	}
	k.fill(&host, "Hostname")
	if host.values == nil {
		k.fill(&host, "NV Hostname")
	}
	s.domain.is(domain.values...)
	s.domain.why = domain.why
	if host.why != nil {
		s.hostname.why = host.why
	}
	for _, h := range host.values {
		if !slices.ContainsFunc(s.hostname.values, func(n string) bool { return ioc.EqualFold(n, h) }) {
			s.hostname.is(h)
		}
		for _, d := range domain.values {
			s.hostname.is(h + "." + d)
		}
	}
}

func (s *systemInfo) ntBitness(environment keyValues) {
	arch, err := environment.text("PROCESSOR_ARCHITECTURE")
	switch strings.ToUpper(arch) {
	case "AMD64", "ARM64", "IA64":
		s.bitness.is("64-bit")
	case "X86", "ARM":
		s.bitness.is("32-bit")
	default:
		s.bitness.why = errNotCarried
	}
	if err != nil {
		s.bitness.why = err
	}
}

// ntDrives: letters stay with a device when it is taken away.
func (s *systemInfo) ntDrives(mounted keyValues) {
	s.drives.why = match.StandIn("the letters are all that were ever given, also to devices that are gone")
	for v, err := range mounted.Values() {
		if err != nil {
			s.drives.why = err
			continue
		}
		if letter, ok := dosDevice(v.Name()); ok {
			s.drives.is(letter)
		}
	}
	slices.Sort(s.drives.values)
	if len(s.drives.values) > 1 {
		s.drives.is(strings.Join(s.drives.values, ","))
	}
}

// fromSecurity: the domain, or workgroup, by its short name. It is kept as a
// counted text: its length, its room and its place, which follows at once.
func (s *systemInfo) fromSecurity(req *Request) {
	k, err := openKey(req, `HKLM\SECURITY\Policy\PolPrDmN`)
	var data []byte
	if err == nil {
		_, data, _, err = k.raw("")
	}
	if err == nil && len(data) > 0 {
		n := 0
		if len(data) >= 8 {
			n = int(le.Uint16(data))
		}
		if len(data) < 8+n {
			err = fmt.Errorf("registry value %s: the name of the domain lies outside", k.Path())
		} else {
			s.domain.is(regf.DecodeText(data[8 : 8+n]))
		}
	} else if err == nil {
		err = errNotCarried
	}
	if missing(err) {
		err = errNotCarried
	}
	s.domain.why = errors.Join(s.domain.why, err)
}
