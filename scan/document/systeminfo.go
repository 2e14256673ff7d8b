package document

import (
	"context"
	"iter"
	"slices"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// system is SystemInfoItem: one item, the system itself.
var system = Table[systemInfo]{
	name:    "SystemInfoItem",
	summary: "the system itself, by its configuration and, where it runs, its state",
	needs:   []source.Capability{source.Files},
	label:   func(s *systemInfo) string { return s.label() },
	fields:  systemFields,
	on: map[source.Platform]lister[systemInfo]{
		source.Windows: listNTSystem,
		source.Linux:   listSystem(readLinuxSystem),
		source.Darwin:  listSystem(readDarwinSystem),
	},
}

// A systemInfo is what the configuration tells of a system. A fact that is not
// known says why; one without values is absent.
type systemInfo struct {
	hostname, domain      fact
	os, product, version  fact
	build, patch, bitness fact
	platform              fact
	productID             fact
	owner, organisation   fact // for which it is registered
	installed             moment

	zone, standard, daylight fact // names of the time zone
	offset                   fact // of the clock from UTC

	directory, drives    fact
	processor, procType  fact
	biosVersion, biosDay fact

	networks    []network
	networksErr error // of networks and their parts

	live *liveSystem // of a running system; else nil
}

type fact struct {
	values []string
	why    error
}

// A moment is a time that may be missing, or not known.
type moment struct {
	ticks int64 // FILETIME; 0: none
	why   error
}

// systemFields are the terms of SystemInfoItem. Not among them, and so reported
// as not supported, is what concerns the agent that wrote an audit.
var systemFields = slices.Concat([]Field[systemInfo]{
	systemFact("hostname", func(s *systemInfo) *fact { return &s.hostname }),
	systemFact("machine", func(s *systemInfo) *fact { return &s.hostname }),
	systemFact("domain", func(s *systemInfo) *fact { return &s.domain }),
	systemFact("OS", func(s *systemInfo) *fact { return &s.os }),
	systemFact("productName", func(s *systemInfo) *fact { return &s.product }),
	systemFact("version", func(s *systemInfo) *fact { return &s.version }),
	systemFact("buildNumber", func(s *systemInfo) *fact { return &s.build }),
	systemFact("patchLevel", func(s *systemInfo) *fact { return &s.patch }),
	systemFact("OSbitness", func(s *systemInfo) *fact { return &s.bitness }),
	systemFact("platform", func(s *systemInfo) *fact { return &s.platform }),
	systemFact("productID", func(s *systemInfo) *fact { return &s.productID }),
	systemFact("regOwner", func(s *systemInfo) *fact { return &s.owner }),
	systemFact("regOrg", func(s *systemInfo) *fact { return &s.organisation }),
	field(match.Field{Term: "SystemInfoItem/installDate", Kind: ioc.Time}, func(s *systemInfo, yield func(ioc.Value) bool) error {
		if s.installed.ticks != 0 {
			yield(ioc.TicksValue(s.installed.ticks))
		}
		return s.installed.why
	}),
	systemFact("timezone", func(s *systemInfo) *fact { return &s.zone }),
	systemFact("timezoneStandard", func(s *systemInfo) *fact { return &s.standard }),
	systemFact("timezoneDST", func(s *systemInfo) *fact { return &s.daylight }),
	systemFact("gmtoffset", func(s *systemInfo) *fact { return &s.offset }),
	field(match.Field{Term: "SystemInfoItem/directory", Kind: ioc.Path}, pathOf(func(s *systemInfo) *fact { return &s.directory })),
	field(match.Field{Term: "SystemInfoItem/drives", Kind: ioc.Text, Multi: true}, factOf(func(s *systemInfo) *fact { return &s.drives })),
	systemFact("processor", func(s *systemInfo) *fact { return &s.processor }),
	systemFact("procType", func(s *systemInfo) *fact { return &s.procType }),
	systemFact("biosInfo/biosVersion", func(s *systemInfo) *fact { return &s.biosVersion }),
	systemFact("biosInfo/biosDate", func(s *systemInfo) *fact { return &s.biosDay }),
}, networkFields, liveFields)

func systemFact(term string, of func(*systemInfo) *fact) Field[systemInfo] {
	identity := term == "hostname" || term == "OS"
	return field(match.Field{Term: "SystemInfoItem/" + term, Kind: ioc.Text, Identity: identity}, factOf(of))
}

func (s *systemInfo) label() string {
	if len(s.hostname.values) > 0 {
		return s.hostname.values[0]
	}
	return "this system"
}

// untold makes unknown what Unix systems have and their readers do not read.
// What is Windows' own (an owner, drives) they have not got.
func (s *systemInfo) untold() {
	for _, f := range []*fact{&s.patch, &s.productID, &s.bitness, &s.standard, &s.daylight, &s.offset, &s.processor, &s.biosVersion, &s.biosDay} {
		f.why = errNotCarried
	}
	s.installed.why, s.networksErr = errNotCarried, errNotCarried
}

func listSystem(read func(etc, *Request) systemInfo) lister[systemInfo] {
	return func(ctx context.Context, req *Request, list *Listing) iter.Seq2[systemInfo, error] {
		return func(yield func(systemInfo, error) bool) {
			e, err := openEtc(ctx, req)
			if err != nil {
				yield(systemInfo{}, err)
				return
			}
			list.Full = true
			list.Objects++
			s := read(e, req)
			s.untold()
			readLiveLinux(e, req, &s)
			yield(s, nil)
		}
	}
}
