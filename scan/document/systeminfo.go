package document

import (
	"context"
	"iter"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// system is SystemInfoItem: one item, the system itself.
var system = Table[systemInfo]{
	name:    "SystemInfoItem",
	summary: "the system itself, by its configuration",
	needs:   []source.Capability{source.Files},
	label:   func(s *systemInfo) string { return s.label() },
	fields:  systemFields,
	on: map[source.Platform]lister[systemInfo]{
		source.Linux:  listSystem(readLinuxSystem),
		source.Darwin: listSystem(readDarwinSystem),
	},
}

// A systemInfo is what the configuration tells of a system. A fact that is not
// known says why; one without values is absent.
type systemInfo struct {
	hostname, domain      fact
	os, product, version  fact
	build, platform, zone fact
}

type fact struct {
	values []string
	why    error
}

// systemFields are the terms of SystemInfoItem. Not among them, and so reported
// as not supported, is what only a running system knows (its clock, memory,
// processors, logged-on users), what only Windows has, and what concerns the
// agent that wrote an audit.
var systemFields = []Field[systemInfo]{
	field(match.Field{Term: "SystemInfoItem/hostname", Kind: ioc.Text, Identity: true}, factOf(func(s *systemInfo) *fact { return &s.hostname })),
	field(match.Field{Term: "SystemInfoItem/machine", Kind: ioc.Text}, factOf(func(s *systemInfo) *fact { return &s.hostname })),
	field(match.Field{Term: "SystemInfoItem/domain", Kind: ioc.Text}, factOf(func(s *systemInfo) *fact { return &s.domain })),
	field(match.Field{Term: "SystemInfoItem/OS", Kind: ioc.Text, Identity: true}, factOf(func(s *systemInfo) *fact { return &s.os })),
	field(match.Field{Term: "SystemInfoItem/productName", Kind: ioc.Text}, factOf(func(s *systemInfo) *fact { return &s.product })),
	field(match.Field{Term: "SystemInfoItem/version", Kind: ioc.Text}, factOf(func(s *systemInfo) *fact { return &s.version })),
	field(match.Field{Term: "SystemInfoItem/buildNumber", Kind: ioc.Text}, factOf(func(s *systemInfo) *fact { return &s.build })),
	field(match.Field{Term: "SystemInfoItem/platform", Kind: ioc.Text}, factOf(func(s *systemInfo) *fact { return &s.platform })),
	field(match.Field{Term: "SystemInfoItem/timezone", Kind: ioc.Text}, factOf(func(s *systemInfo) *fact { return &s.zone })),
}

func (s *systemInfo) label() string {
	if len(s.hostname.values) > 0 {
		return s.hostname.values[0]
	}
	return "this system"
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
			yield(read(e, req), nil)
		}
	}
}
