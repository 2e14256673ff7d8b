package procfs

import (
	"errors"
	"iter"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// all are the values of a table and the number of lines that have none.
func all[T any](seq iter.Seq2[T, error]) (list []T, bad int) {
	for v, err := range seq {
		if errors.Is(err, ErrForm) {
			bad++
		} else if err == nil {
			list = append(list, v)
		}
	}
	return list, bad
}

var sameAddrs = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

func TestSockets(t *testing.T) {
	const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 54321 1 0000000000000000 100 0 0 10 0
   1: 0F02000A:D431 08080808:01BB 01 00000000:00000000 02:000A9F2C 00000000     0        0 65 2 0000000000000000 20 4 30 10 -1
   2: broken
   3: 0100007F 00000000:0000 0A 0:0 0:0 0 0 0 1
`
	got, bad := all(Sockets(strings.NewReader(tcp)))
	want := []Socket{
		{netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("0.0.0.0:0"), 10, 1000, 54321},
		{netip.MustParseAddrPort("10.0.2.15:54321"), netip.MustParseAddrPort("8.8.8.8:443"), 1, 0, 65},
	}
	if d := cmp.Diff(want, got, sameAddrs); d != "" || bad != 2 {
		t.Errorf("%d bad lines, want 2; %s", bad, d)
	}

	const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: B80D0120000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 18 1 0 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 19 1 0 100 0 0 10 0
`
	got, bad = all(Sockets(strings.NewReader(tcp6)))
	want = []Socket{
		{netip.MustParseAddrPort("[2001:db8::1]:22"), netip.MustParseAddrPort("[::]:0"), 10, 0, 18},
		{netip.MustParseAddrPort("[::ffff:127.0.0.1]:80"), netip.MustParseAddrPort("[::ffff:127.0.0.2]:50000"), 1, 0, 19},
	}
	if d := cmp.Diff(want, got, sameAddrs); d != "" || bad != 0 {
		t.Errorf("%d bad lines; %s", bad, d)
	}
}

func TestNeighbours(t *testing.T) {
	const arp = `IP address       HW type     Flags       HW address            Mask     Device
10.0.2.2         0x1         0x2         52:55:0a:00:02:02     *        eth0
10.0.2.9         0x1         0x0         00:00:00:00:00:00     *        eth0
10.0.2.3         0x1         0x6         52:55:0a:00:02:03     *        eth0
nonsense
`
	got, bad := all(Neighbours(strings.NewReader(arp)))
	want := []Neighbour{
		{netip.MustParseAddr("10.0.2.2"), "52:55:0a:00:02:02", "eth0", 1, 2},
		{netip.MustParseAddr("10.0.2.9"), "00:00:00:00:00:00", "eth0", 1, 0},
		{netip.MustParseAddr("10.0.2.3"), "52:55:0a:00:02:03", "eth0", 1, 6},
	}
	if d := cmp.Diff(want, got, sameAddrs); d != "" || bad != 1 {
		t.Errorf("%d bad lines, want 1; %s", bad, d)
	}
}

func TestRoutes(t *testing.T) {
	const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0202000A	0003	0	0	100	00000000	1400	0	0
eth0	0002000A	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth0	0002000A	00000000	0001	0	0	0	FF00FFFF	0	0	0
`
	got, bad := all(Routes(strings.NewReader(table)))
	want := []Route{
		{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr("10.0.2.2"), "eth0", 3, 100, 1400},
		{netip.MustParsePrefix("10.0.2.0/24"), netip.MustParseAddr("0.0.0.0"), "eth0", 1, 0, 0},
	}
	if d := cmp.Diff(want, got, sameAddrs); d != "" || bad != 1 {
		t.Errorf("%d bad lines, want that of a mask with holes; %s", bad, d)
	}

	const six = `fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000000000000000000000001 00000400 00000005 00000000 00000003     eth0
zz 00
`
	got, bad = all(Routes6(strings.NewReader(six)))
	want = []Route{
		{netip.MustParsePrefix("fe80::/64"), netip.MustParseAddr("::"), "eth0", 1, 256, 0},
		{netip.MustParsePrefix("::/0"), netip.MustParseAddr("2001:db8::1"), "eth0", 3, 1024, 0},
	}
	if d := cmp.Diff(want, got, sameAddrs); d != "" || bad != 1 {
		t.Errorf("%d bad lines, want 1; %s", bad, d)
	}
}

func FuzzNet(f *testing.F) {
	f.Add("  sl\n   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 1000 0 54321 1\n")
	f.Add("x\neth0 00000000 0202000A 0003 0 0 100 00000000 1400 0 0\n")
	f.Add("fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 1 0 1 eth0\n")
	f.Fuzz(func(t *testing.T, s string) {
		n := strings.Count(s, "\n") + 1
		sockets, _ := all(Sockets(strings.NewReader(s)))
		routes, _ := all(Routes(strings.NewReader(s)))
		routes6, _ := all(Routes6(strings.NewReader(s)))
		arp, _ := all(Neighbours(strings.NewReader(s)))
		if max(len(sockets), len(routes), len(routes6), len(arp)) > n {
			t.Error("more entries than lines")
		}
	})
}
