package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	dnsapi       = windows.NewLazySystemDLL("dnsapi.dll")
	procDNSCache = dnsapi.NewProc("DnsGetCacheDataTable")
)

// cacheName is DNS_CACHE_ENTRY, which Microsoft does not describe; it has been
// the same since Windows 2000.
type cacheName struct {
	next *cacheName
	name *uint16
	kind uint16
	_    uint16 // length of the data
	_    uint32 // flags
}

// mostCached bounds the entries of the cache that are read.
const mostCached = 1 << 20

// dnsCacheOnly keeps the question for a name's records on this machine:
// DNS_QUERY_NO_WIRE_QUERY and DNS_QUERY_NO_HOSTS_FILE.
const dnsCacheOnly = 0x10 | 0x40

func listWindowsNames(ctx context.Context) iter.Seq2[dnsEntry, error] {
	return func(yield func(dnsEntry, error) bool) {
		if err := procDNSCache.Find(); err != nil {
			yield(dnsEntry{}, fmt.Errorf("resolver cache: %w", err))
			return
		}
		var first *cacheName
		if ok, _, err := procDNSCache.Call(uintptr(unsafe.Pointer(&first))); ok == 0 {
			if errors.Is(err, windows.ERROR_SUCCESS) {
				return // an empty cache
			}
			yield(dnsEntry{}, fmt.Errorf("resolver cache: %w", err))
			return
		}
		seen := 0
		for c := first; c != nil; c = c.next {
			if seen++; seen > mostCached || ctx.Err() != nil {
				yield(dnsEntry{}, fmt.Errorf("resolver cache: stopped after %d names", seen-1))
				return
			}
			for _, e := range cachedRecords(windows.UTF16PtrToString(c.name), c.kind) {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// cachedRecords are those of a name in the cache: none but the name itself where
// the answer was that there is none.
func cachedRecords(name string, kind uint16) []dnsEntry {
	bare := dnsEntry{host: name, name: name, kind: recordWord(int(kind)), from: fromCache}
	var records *windows.DNSRecord
	if windows.DnsQuery(name, kind, dnsCacheOnly, nil, &records, nil) != nil || records == nil {
		return []dnsEntry{bare}
	}
	defer windows.DnsRecordListFree(records, 1)
	var list []dnsEntry
	for r := records; r != nil && len(list) < 1000; r = r.Next {
		e := bare
		e.name, e.kind = windows.UTF16PtrToString(r.Name), recordWord(int(r.Type))
		e.ttl, e.timed, e.length = uint64(r.Ttl), true, uint64(r.Length)
		e.flags = fmt.Sprintf("0x%x", r.Dw)
		switch r.Type {
		case windows.DNS_TYPE_A:
			e.addr = netip.AddrFrom4([4]byte(r.Data[:4]))
		case windows.DNS_TYPE_AAAA:
			e.addr = netip.AddrFrom16([16]byte(r.Data[:16]))
		case windows.DNS_TYPE_CNAME, windows.DNS_TYPE_PTR, windows.DNS_TYPE_NS:
			e.data = windows.UTF16PtrToString((*windows.DNSPTRData)(unsafe.Pointer(&r.Data[0])).Host)
		case windows.DNS_TYPE_MX:
			e.data = windows.UTF16PtrToString((*windows.DNSMXData)(unsafe.Pointer(&r.Data[0])).NameExchange)
		case windows.DNS_TYPE_SRV:
			e.data = windows.UTF16PtrToString((*windows.DNSSRVData)(unsafe.Pointer(&r.Data[0])).Target)
		}
		list = append(list, e)
	}
	return list
}
