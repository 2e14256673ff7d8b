package scan

import (
	"fmt"
	"slices"

	"iocscan/ioc"
	"iocscan/scan/document"
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

// closedVolume is one that cannot be read, nil where there is none. What is on
// it, such as a Windows beside a Linux, is not known.
func closedVolume(s source.Source) *source.Volume {
	for _, v := range s.Volumes() {
		if v.Unread != nil {
			return &v
		}
	}
	return nil
}

// listedOn reports whether this version can list a document from the evidence
// of a platform.
func listedOn(d document.Document, p source.Platform) bool {
	on := document.Platforms(d)
	return on == nil || slices.Contains(on, p)
}

func notListed(p source.Platform) string {
	if p == source.Unknown {
		return "it is not known what system the evidence is from (--platform)"
	}
	return fmt.Sprintf("not supported on %s evidence by this version", p)
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(e string) bool { return ioc.EqualFold(e, s) })
}
