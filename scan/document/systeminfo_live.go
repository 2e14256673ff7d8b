package document

import (
	"time"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

// A liveSystem is what only a running system, or a copy of what it showed of
// itself, tells.
type liveSystem struct {
	now              moment
	uptime           upSpan
	total, available amount // of memory, in bytes
	kernel           fact
	loggedOn         fact
	user             fact // who runs the scanner
	hardware         fact // of the interface that the default route has
	first4, first6   fact // its addresses
}

type upSpan struct {
	d   time.Duration
	why error
}

var liveFields = []Field[systemInfo]{
	liveField("date", ioc.Time, func(l *liveSystem, yield func(ioc.Value) bool) error {
		if l.now.why == nil {
			yield(ioc.TicksValue(l.now.ticks))
		}
		return l.now.why
	}),
	liveField("uptime", ioc.Text, func(l *liveSystem, yield func(ioc.Value) bool) error {
		if l.uptime.why == nil {
			yieldDuration(l.uptime.d, yield)
		}
		return l.uptime.why
	}),
	liveField("totalphysical", ioc.Int, amountOf(func(l *liveSystem) *amount { return &l.total })),
	liveField("availphysical", ioc.Int, amountOf(func(l *liveSystem) *amount { return &l.available })),
	liveField("kernelVersion", ioc.Text, factOf(func(l *liveSystem) *fact { return &l.kernel })),
	liveField("loggedOnUser", ioc.Text, factOf(func(l *liveSystem) *fact { return &l.loggedOn })),
	liveField("user", ioc.Text, factOf(func(l *liveSystem) *fact { return &l.user })),
	liveField("MAC", ioc.Text, func(l *liveSystem, yield func(ioc.Value) bool) error {
		for _, s := range l.hardware.values {
			if !yieldHardware(s, yield) {
				return nil
			}
		}
		return l.hardware.why
	}),
	liveField("primaryIpAddress", ioc.Address, func(l *liveSystem, yield func(ioc.Value) bool) error {
		first := &l.first4
		if len(first.values) == 0 && first.why == nil {
			first = &l.first6
		}
		return addressesOf(first, yield)
	}),
	liveField("primaryIpv4Address", ioc.Address, func(l *liveSystem, yield func(ioc.Value) bool) error { return addressesOf(&l.first4, yield) }),
	liveField("primaryIpv6Address", ioc.Address, func(l *liveSystem, yield func(ioc.Value) bool) error { return addressesOf(&l.first6, yield) }),
}

func liveField(term string, kind ioc.Kind, get func(*liveSystem, func(ioc.Value) bool) error) Field[systemInfo] {
	f := match.Field{Term: "SystemInfoItem/" + term, Kind: kind}
	switch term {
	case "uptime", "primaryIpv6Address", "primaryIpAddress", "primaryIpv4Address":
		f.Same = any2
	case "MAC":
		f.Same = sameHardware
	case "loggedOnUser":
		f.Multi = true
	}
	return field(f, func(s *systemInfo, yield func(ioc.Value) bool) error {
		if s.live == nil {
			return errNotCarried
		}
		return get(s.live, yield)
	})
}

func addressesOf(f *fact, yield func(ioc.Value) bool) error {
	for _, s := range f.values {
		if !yield(addressOf(s)) {
			return nil
		}
	}
	return f.why
}
