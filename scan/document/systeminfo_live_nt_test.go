package document

import (
	"errors"
	"slices"
	"testing"

	"iocscan/ioc"
)

// TestNetworksNow: adapters as they are come first, with the lease that the
// registry has of them; what it has besides stays.
func TestNetworksNow(t *testing.T) {
	noted := func() systemInfo {
		return systemInfo{networks: []network{
			{adapter: sure("{AA}", "Ethernet"), addresses: sure("10.0.0.1"), obtained: moment{ticks: 7}},
			{adapter: sure("{GONE}"), addresses: sure("10.9.9.9")},
		}, networksErr: errNotCarried}
	}
	wired := ntAdapter{guid: "{aa}", network: network{adapter: sure("{aa}", "Wired"), addresses: sure("10.0.0.2", "10.0.0.3"), hardware: sure("02:fc:00:00:00:01")}, first: true}
	radio := ntAdapter{guid: "{BB}", network: network{adapter: sure("{BB}"), addresses: sure("10.0.1.2")}}

	s := noted()
	now := ntLive{adapters: []ntAdapter{radio, wired}}
	s.networksNow(&now)
	var got []string
	for _, n := range s.networks {
		got = append(got, n.adapter.values[0]+" "+n.addresses.values[0])
	}
	if want := []string{"{BB} 10.0.1.2", "{aa} 10.0.0.2", "{GONE} 10.9.9.9"}; !slices.Equal(got, want) || s.networksErr != nil {
		t.Errorf("%q, %v", got, s.networksErr)
	}
	if s.networks[0].obtained.why == nil || s.networks[1].obtained.ticks != 7 {
		t.Error("the leases are not those of the registry")
	}
	if !slices.Equal(now.first4.values, []string{"10.0.0.2"}) || !slices.Equal(now.hardware.values, []string{"02:fc:00:00:00:01"}) || now.first4.why != nil {
		t.Errorf("the first interface has %q and %q", now.first4.values, now.hardware.values)
	}

	s = noted()
	refused := errors.New("refused")
	now = ntLive{adaptersErr: refused}
	s.networksNow(&now)
	if len(s.networks) != 2 || !errors.Is(s.networksErr, refused) || now.first4.why != refused || now.hardware.why != refused {
		t.Errorf("adapters that are not told: %d, %v", len(s.networks), s.networksErr)
	}
}

// TestFactNow: what holds now makes known what was not, and what was noted of
// the same name stays once.
func TestFactNow(t *testing.T) {
	f := fact{values: []string{"BOX"}, why: errNotCarried}
	f.now(fact{why: errors.New("refused")})
	if f.why == nil {
		t.Error("a fact that is not told makes known")
	}
	f.now(sure("box", "box.example.test"))
	if !slices.Equal(f.values, []string{"BOX", "box.example.test"}) || f.why != nil {
		t.Errorf("%q, %v", f.values, f.why)
	}
	var some []string
	field := liveFields[slices.IndexFunc(liveFields, func(f Field[systemInfo]) bool { return f.Term == "SystemInfoItem/totalphysical" })]
	s := &systemInfo{live: &liveSystem{total: amountIs(5, nil)}}
	if err := field.get(s, func(v ioc.Value) bool { some = append(some, v.String()); return true }); err != nil || !slices.Equal(some, []string{"5"}) {
		t.Errorf("%q, %v", some, err)
	}
}
