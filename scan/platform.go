package scan

import (
	"slices"

	"iocscan/ioc"
	"iocscan/scan/source"
)

// only lists the documents that exist on one system alone. On another system
// they are empty, not unknown: a Linux host has no registry. Documents of which
// other systems have a counterpart (services, tasks, histories) are not here.
var only = []struct {
	document string
	platform source.Platform
}{
	{"DriverItem", source.Windows},
	{"EventLogItem", source.Windows},
	{"HiveItem", source.Windows},
	{"HookItem", source.Windows},
	{"PrefetchItem", source.Windows},
	{"QuarantineEventItem", source.Darwin},
	{"regKeyEvent", source.Windows},
	{"RegistryItem", source.Windows},
	{"SystemRestoreItem", source.Windows},
}

// cannotHave reports whether evidence of a platform has no such document.
func cannotHave(document string, p source.Platform) bool {
	if p == source.Unknown {
		return false
	}
	for _, o := range only {
		if ioc.EqualFold(o.document, document) {
			return o.platform != p
		}
	}
	return false
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(e string) bool { return ioc.EqualFold(e, s) })
}
