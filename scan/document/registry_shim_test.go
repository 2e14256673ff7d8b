package document

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

func TestShimCache(t *testing.T) {
	const path = `\??\C:\Windows\evil.exe`
	text := regftest.SZ(path)
	text = text[:len(text)-2]
	cache := make([]byte, 128+32, 128+32+len(text))
	binary.LittleEndian.PutUint32(cache, 0xbadc0fee)
	binary.LittleEndian.PutUint32(cache[4:], 1)
	binary.LittleEndian.PutUint16(cache[128:], uint16(len(text)))
	binary.LittleEndian.PutUint32(cache[132:], 128+32)
	cache = append(cache, text...)
	value := regftest.Value{Name: "AppCompatCache", Type: 3, Data: cache}
	manager := func(v regftest.Value) string {
		return hiveOf(regftest.Key{Name: "Select", Values: []regftest.Value{dword("Current", 1)}},
			keyAt(`ControlSet001\Control\Session Manager`, regftest.Key{Name: "AppCompatCache", Values: []regftest.Value{v, {Name: "Other", Type: 3, Data: cache}}}))
	}
	const label = `HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Control\Session Manager\AppCompatCache\`

	s := scanRegistry(t, windowsMachine(map[string]string{"SYSTEM": manager(value)}), regAsk{})
	want := []string{path, `C:\Windows\evil.exe`}
	if got := s.items[label+"AppCompatCache"]["ShimCache/ExecutablePath"]; !slices.Equal(got, want) || len(s.troubles) > 0 {
		t.Errorf("%q, troubles %q", got, s.troubles)
	}
	if got := s.items[label+"Other"]["ShimCache/ExecutablePath"]; got != nil {
		t.Errorf("a value that is no cache: %q", got)
	}

	// The worker of scanRegistry holds the lock that telling a trouble needs.
	value.Data = cache[:140]
	keys, err := scope.NewKeys([]string{"all"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := windowsMachine(map[string]string{"SYSTEM": manager(value)})
	r := source.NewRegistry(m, source.RegistryOptions{})
	defer r.Close()
	w := &teller{doc: registry.Schema(), items: map[string]string{}}
	var troubles atomic.Int32
	req := &Request{Source: m, Registry: r, Keys: keys, Trouble: func(string, error) { troubles.Add(1) }}
	if _, err := registry.Run(context.Background(), req, 1, func() Worker { return w }); err != nil {
		t.Fatal(err)
	}
	if got := w.items[label+"AppCompatCache"]; !strings.Contains(got, "ShimCache/ExecutablePath = !") || troubles.Load() != 1 {
		t.Errorf("a cache cut off, %d troubles:\n%s", troubles.Load(), got)
	}
}
