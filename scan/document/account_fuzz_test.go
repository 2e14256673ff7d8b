package document

import (
	"context"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

// An asker asks everything of every item.
type asker struct {
	fields, items int
}

func (a *asker) Close() error { return nil }

func (a *asker) Item(it match.Item) error {
	a.items++
	it.Label()
	for n := range a.fields {
		it.Each(n, func(v ioc.Value) bool { _ = v.String(); return true })
	}
	return nil
}

// askAll lists a document and asks everything of it; a fault of the scanner fails.
func askAll(t *testing.T, d Document, src source.Source) int {
	a := &asker{fields: len(d.Schema().Fields)}
	req := &Request{Source: src, Registry: source.NewRegistry(src, source.RegistryOptions{}), Trouble: func(object string, err error) {
		if strings.Contains(err.Error(), "fault of the scanner") {
			t.Errorf("%s: %v", object, err)
		}
	}}
	if _, err := d.Run(context.Background(), req, 1, func() Worker { return a }); err != nil {
		t.Fatal(err)
	}
	return a.items
}

// Records of SAM that are damaged, or made by an enemy.
func FuzzSAM(f *testing.F) {
	k := samKeys().users(testUser{rid: 1001, name: "boris", fullName: "Boris B.", wrong: 9}).alias("Builtin", 544, "Administrators", "x", machineSID+"-1001")
	f.Add(k[`SAM\Domains\Account`][0].Data, k[`SAM\Domains\Account`][1].Data, k[`SAM\Domains\Account\Users\000003E9`][0].Data,
		k[`SAM\Domains\Account\Users\000003E9`][1].Data, k[`SAM\Domains\Builtin\Aliases\00000220`][0].Data)
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, policy, domain, facts, texts, members []byte) {
		k := samKeys()
		k[`SAM\Domains\Account`] = []regftest.Value{bytesValue("F", policy), bytesValue("V", domain)}
		k[`SAM\Domains\Account\Users\000003E9`] = []regftest.Value{bytesValue("F", facts), bytesValue("V", texts)}
		k[`SAM\Domains\Account\Groups\00000201`] = []regftest.Value{bytesValue("C", members)}
		k[`SAM\Domains\Account\Aliases\000003EA`] = []regftest.Value{bytesValue("C", members)}
		m := hives(map[string]keys{"SAM": k})
		if n := askAll(t, &users, m); n != 1 {
			t.Errorf("%d users", n)
		}
		if n := askAll(t, &groups, m); n != 2 {
			t.Errorf("%d groups", n)
		}
	})
}

// Devices of the mount manager and notes on media.
func FuzzVolumes(f *testing.F) {
	f.Add(utf16Text(`\??\`+stick), `\DosDevices\E:`, "_??_"+stick+"LABEL_1")
	f.Add([]byte("DMIO:ID:0123456789abcdef"), `\??\Volume{1}`, "_??_}")
	f.Add([]byte("0123456789ab"), `#{`, "_??_x}_")
	f.Fuzz(func(t *testing.T, id []byte, name, note string) {
		if note == "" || strings.ContainsAny(note, "\\\x00") || len(note) > 200 || len(name) > 200 {
			return
		}
		system, software := systemKeys(), softwareKeys()
		system[`MountedDevices`] = []regftest.Value{bytesValue(name, id), bytesValue(`\DosDevices\C:`, id)}
		software[`Microsoft\Windows NT\CurrentVersion\EMDMgmt\`+note] = nil
		software[`Microsoft\Windows Portable Devices\Devices\`+note] = []regftest.Value{{Name: "FriendlyName", Type: 1, Data: id}}
		if n := askAll(t, &volumes, hives(map[string]keys{"SYSTEM": system, "SOFTWARE": software})); n < 1 || n > 3 {
			t.Errorf("%d volumes", n)
		}
	})
}
