package document

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/netip"
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// names is DnsEntryItem: the names that the system's resolver remembers, and
// those that its hosts file settles for good.
var names = Table[dnsEntry]{
	name:    "DnsEntryItem",
	summary: "remembered answers of the name system, and the hosts file",
	needs:   []source.Capability{source.Files},
	label:   func(e *dnsEntry) string { return e.label() },
	fields:  dnsFields,
	on: map[source.Platform]lister[dnsEntry]{
		source.Linux:   listNames,
		source.Darwin:  listNames,
		source.Windows: listNames,
	},
}

// A dnsEntry is one record of one name.
type dnsEntry struct {
	host   string // as asked for
	name   string // of the record
	kind   string // A, AAAA, CNAME …
	data   string // a name in the record's data; empty: none
	addr   netip.Addr
	ttl    uint64 // seconds left
	timed  bool   // ttl is told
	flags  string // empty: not told
	length uint64 // of the data; 0: not told
	from   string // where it is from: the cache, or the path of a hosts file
}

func (e *dnsEntry) label() string {
	value := e.data
	if e.addr.IsValid() {
		value = e.addr.String()
	}
	return fmt.Sprintf("%s %s %s (%s)", e.name, e.kind, value, e.from)
}

// dnsFields are the terms of DnsEntryItem. Not among them, and so reported as
// not supported, is the data of the kinds of records that caches do not show.
var dnsFields = []Field[dnsEntry]{
	field(match.Field{Term: "DnsEntryItem/Host", Kind: ioc.Text, Identity: true}, textOf(func(e *dnsEntry) string { return e.host })),
	field(match.Field{Term: "DnsEntryItem/RecordName", Kind: ioc.Text, Identity: true}, textOf(func(e *dnsEntry) string { return e.name })),
	field(match.Field{Term: "DnsEntryItem/RecordType", Kind: ioc.Text, Same: sameRecordType, Identity: true}, recordType),
	field(match.Field{Term: "DnsEntryItem/RecordData/Type", Kind: ioc.Text, Same: sameRecordType}, recordType),
	field(match.Field{Term: "DnsEntryItem/RecordData/Host", Kind: ioc.Text, Identity: true}, textOf(func(e *dnsEntry) string { return e.data })),
	field(match.Field{Term: "DnsEntryItem/RecordData/IPv4Address", Kind: ioc.Address, Identity: true}, address(func(e *dnsEntry) netip.Addr { return only4(e.addr) })),
	field(match.Field{Term: "DnsEntryItem/RecordData/IPv6Address", Kind: ioc.Address, Identity: true}, address(func(e *dnsEntry) netip.Addr { return only6(e.addr) })),
	field(match.Field{Term: "DnsEntryItem/TimeToLive", Kind: ioc.Text}, func(e *dnsEntry, yield func(ioc.Value) bool) error {
		if !e.timed {
			return e.notTold()
		}
		yield(ioc.TextValue(fmt.Sprint(e.ttl)))
		return nil
	}),
	field(match.Field{Term: "DnsEntryItem/Flags", Kind: ioc.Text}, func(e *dnsEntry, yield func(ioc.Value) bool) error {
		if e.flags == "" {
			return e.notTold()
		}
		yield(ioc.TextValue(e.flags))
		return nil
	}),
	field(match.Field{Term: "DnsEntryItem/DataLength", Kind: ioc.Int}, func(e *dnsEntry, yield func(ioc.Value) bool) error {
		if e.length == 0 {
			return e.notTold()
		}
		yield(ioc.IntValue(e.length))
		return nil
	}),
}

const fromCache = "resolver cache"

// notTold: a line of a hosts file has no life and no flags, an entry of a cache
// has them even where they are not shown.
func (e *dnsEntry) notTold() error {
	if e.from == fromCache {
		return errNotCarried
	}
	return nil
}

// recordTypes are the words of RFC 1035 and its successors for the numbers
// that caches hold.
var recordTypes = map[string]string{
	"1": "A", "2": "NS", "5": "CNAME", "6": "SOA", "12": "PTR", "15": "MX", "16": "TXT", "28": "AAAA", "33": "SRV", "65": "HTTPS",
}

func recordType(e *dnsEntry, yield func(ioc.Value) bool) error {
	if !yield(ioc.TextValue(e.kind)) {
		return nil
	}
	for number, word := range recordTypes {
		if word == e.kind && !yield(ioc.TextValue(number)) {
			return nil
		}
	}
	return nil
}

func sameRecordType(a, b string) bool {
	word := func(s string) string {
		s = strings.ToUpper(strings.TrimSpace(s))
		if w, ok := recordTypes[s]; ok {
			return w
		}
		return s
	}
	return word(a) == word(b)
}

// hostsFiles are where the hosts file of each system lies.
var hostsFiles = map[source.Platform][]string{
	source.Linux:   {"/etc/hosts"},
	source.Darwin:  {"/etc/hosts"},
	source.Windows: {`C:\Windows\System32\drivers\etc\hosts`, `C:\Windows\System32\drivers\etc\hosts.ics`},
}

// listNames lists the hosts file of the evidence and, of a running system, what
// its resolver remembers. Without that the list is not complete.
func listNames(ctx context.Context, req *Request, list *Listing) iter.Seq2[dnsEntry, error] {
	return func(yield func(dnsEntry, error) bool) {
		done := false
		add := func(e dnsEntry, err error) bool {
			if err == nil {
				list.Objects++
			}
			done = !yield(e, err)
			return !done
		}
		list.Full = true
		platform := req.Source.Platform()
		for _, path := range hostsFiles[platform] {
			for e, err := range readHosts(req.Source, path) {
				if !add(e, err) {
					return
				}
			}
		}
		if req.Source.Kind() != "host" {
			list.stop("the resolver's memory ends with the running system")
			return
		}
		switch platform {
		case source.Windows:
			listWindowsNames(ctx)(add)
		case source.Linux:
			listResolved(ctx, req.Source.Volumes()[0].FS)(add)
		default:
			list.stop(errResolverShut.Error())
		}
	}
}

// recordWord is the word for a type of record, its number where it has none
// here.
func recordWord(kind int) string {
	number := strconv.Itoa(kind)
	if word, ok := recordTypes[number]; ok {
		return word
	}
	return number
}

// mostHosts bounds the lines of a hosts file; lists that block advertising run
// into the hundred thousands.
const mostHosts = 1 << 22

// readHosts yields the names of a hosts file as hosts(5) has them: an address,
// and names for it.
func readHosts(src source.Source, path string) iter.Seq2[dnsEntry, error] {
	return func(yield func(dnsEntry, error) bool) {
		v, at, err := source.Locate(src, path)
		var f source.File
		if err == nil {
			f, err = v.FS.Open(at)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(dnsEntry{}, fmt.Errorf("hosts file: %w", err))
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 64<<10)
		for n := 0; lines.Scan(); n++ {
			if n >= mostHosts {
				yield(dnsEntry{}, fmt.Errorf("hosts file %s: more than %d lines", path, mostHosts))
				return
			}
			text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
			fields := strings.Fields(text)
			if len(fields) < 2 {
				continue
			}
			addr, err := netip.ParseAddr(fields[0])
			if err != nil {
				continue // the system takes no notice of such a line either
			}
			kind := "A"
			if addr.Unmap().Is6() {
				kind = "AAAA"
			}
			for _, name := range fields[1:] {
				if !yield(dnsEntry{host: name, name: name, kind: kind, addr: addr, from: source.Display(v, at)}, nil) {
					return
				}
			}
		}
		if err := lines.Err(); err != nil {
			yield(dnsEntry{}, fmt.Errorf("hosts file %s: %w", path, err))
		}
	}
}
