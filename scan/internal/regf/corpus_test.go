package regf

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
)

const corpusRoot = "../../../../shared/corpus"

// corpusFile reads a file of the shared corpus, unpacked.
func corpusFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusRoot, "evidence", name))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here: ", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

type truth struct {
	Keys, Values *int
	Tools        json.RawMessage
	First        string                               `json:"first_key_write"`
	Last         string                               `json:"last_key_write"`
	Types        map[string]int                       `json:"value_types"`
	Samples      []struct{ Path, Type, Value string } `json:"sample_values"`
	Header       struct {
		Dirty    *bool
		Checksum *bool `json:"checksum_ok"`
		Name     *string
	}
}

func readTruth(t testing.TB) map[string]truth {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(corpusRoot, "truth/registry.json"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	var all map[string]truth
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// broken are the files of the corpus on which the tools disagree: what is
// found in them, and part of a trouble that must be told. A negative count
// stands for a file that is refused, with the trouble as its error.
var broken = map[string]struct {
	keys, values int
	trouble      string
}{
	"EricZimmerman-Registry/SAMBadHBinHeader":             {68, 73, "no valid bin header"},
	"EricZimmerman-Registry/SANOTHER":                     {68, 73, "checksum"},
	"gitpan-Parse-Win32Registry/fake_ntuser_dat.rf":       {4, 0, "beyond the size"},
	"gitpan-Parse-Win32Registry/fake_software.rf":         {3, 0, "beyond the size"},
	"gitpan-Parse-Win32Registry/invalid_regf_checksum.rf": {0, 0, "lost: all keys"},
	"gitpan-Parse-Win32Registry/invalid_regf_header.rf":   {-1, 0, "not a registry hive"},
	"gitpan-Parse-Win32Registry/win95_value_tests.rf":     {-1, 0, "CREG"},
	"gitpan-Parse-Win32Registry/winnt_entry_tests.rf":     {12, 5, "no multiples of 8"},
	"gitpan-Parse-Win32Registry/winnt_key_tests.rf":       {19, 0, "no multiples of 8"},
	"gitpan-Parse-Win32Registry/winnt_value_tests.rf":     {2, 57, "in place of an offset"},
	"log2timeline-dfwinreg/SYSTEM.DAT.gz":                 {-1, 0, "CREG"},
	"log2timeline-dfwinreg/USER.DAT":                      {-1, 0, "CREG"},
	"log2timeline-plaso/regf/corrupt_sub_key_list.hiv":    {100, 99, "subkeys: 99 read of 100"},
	"mkorman90-regipy/corrupted_system_hive.gz":           {1687, 5625, "no valid bin header"},
	"msuhanov-yarp/BadBaseBlockHive/BadBaseBlockHive":     {5003, 0, "checksum"},
	"msuhanov-yarp/BadListHive":                           {6, 0, "seen before"},
	"msuhanov-yarp/BadSubkeyHive":                         {6, 0, "seen before"},
	"msuhanov-yarp/EffectiveSizeHive":                     {5003, 0, "beyond the size"},
	"msuhanov-yarp/GarbageHive":                           {1, 0, "checksum"},
	"msuhanov-yarp/System_Delta":                          {586, 820, ""}, // hivex alone does not know version 1.6
	"msuhanov-yarp/TruncatedDirtyHive":                    {2, 0, "479232 bytes early"},
	"msuhanov-yarp/TruncatedHive":                         {2, 0, "479232 bytes early"},
	"msuhanov-yarp/TruncatedPairHive":                     {4, 0, ""}, // libregf alone fails on a lone surrogate
	"puffyCid-artemis/registry/win10/NTUSER_Bad.DAT":      {665, 1079, "seen before: a cycle"},
}

func TestCorpus(t *testing.T) {
	agreed, samples := 0, 0
	for name, want := range readTruth(t) {
		b := corpusFile(t, name)
		short := strings.TrimPrefix(name, "registry/")
		h, err := Open(bytes.NewReader(b), int64(len(b)))
		if errors.Is(err, ErrLog) && isLogName(short) {
			continue
		}
		expect, isBroken := broken[short]
		if expect.keys < 0 {
			if err == nil || !strings.Contains(err.Error(), expect.trouble) {
				t.Errorf("%s: %v", short, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", short, err)
			continue
		}
		var troubles []string
		for _, e := range h.Troubles() {
			if want.Header.Dirty != nil && *want.Header.Dirty && strings.Contains(e.Error(), "hive is dirty") {
				continue
			}
			troubles = append(troubles, e.Error())
		}
		got := readAll(h)
		troubles = append(troubles, got.troubles...)
		if isBroken {
			if got.keys != expect.keys || got.count != expect.values {
				t.Errorf("%s: %d keys, %d values, want %d, %d", short, got.keys, got.count, expect.keys, expect.values)
			}
			if all := strings.Join(troubles, "\n"); !strings.Contains(all, expect.trouble) || (all == "") != (expect.trouble == "") {
				t.Errorf("%s: troubles %q, want %q", short, troubles, expect.trouble)
			}
			continue
		}
		if want.Keys == nil || want.Values == nil {
			t.Errorf("%s: the tools disagree and the test does not know it; here %d keys, %d values, %q", short, got.keys, got.count, troubles)
			continue
		}
		agreed++
		if got.keys != *want.Keys || got.count != *want.Values {
			t.Errorf("%s: %d keys, %d values, want %d, %d", short, got.keys, got.count, *want.Keys, *want.Values)
		}
		if len(troubles) > 0 {
			t.Errorf("%s: troubles in a sound hive: %q", short, troubles)
		}
		if first, last := seconds(got.first), seconds(got.last); first != want.First || last != want.Last {
			t.Errorf("%s: keys written %s to %s, want %s to %s", short, first, last, want.First, want.Last)
		}
		if w := want.Header; h.Header().Dirty() != *w.Dirty || h.Header().ChecksumOK != *w.Checksum || h.Header().Name != *w.Name {
			t.Errorf("%s: header %+v", short, h.Header())
		}
		for typ, n := range want.Types {
			if got.types[typ] != n {
				t.Errorf("%s: %d values of type %s, want %d", short, got.types[typ], typ, n)
			}
		}
		for _, s := range want.Samples {
			samples++
			if !got.has(s.Path, s.Type, s.Value) {
				t.Errorf("%s: sample %q %s %q not found; there: %q", short, s.Path, s.Type, s.Value, got.values[s.Path])
			}
		}
	}
	if agreed < 56 || samples < 1400 {
		t.Errorf("only %d hives and %d samples compared", agreed, samples)
	}
	t.Logf("%d agreed hives, %d sample values", agreed, samples)
}

// isLogName: the tools take logs for hives without keys.
func isLogName(name string) bool {
	name = strings.ToUpper(strings.TrimSuffix(name, ".gz"))
	return strings.HasSuffix(name, ".LOG1") || strings.HasSuffix(name, ".LOG2") || strings.HasSuffix(name, "OLDLOGWITHREMNANTDATA")
}

func seconds(ticks int64) string { return ioc.TicksTime(ticks).Format("2006-01-02 15:04:05") }

// content is a hive in the words of reglookup.
type content struct {
	keys, count int
	first, last int64
	types       map[string]int
	values      map[string][]string // by path: "TYPE VALUE"
	troubles    []string
}

func (c content) has(path, typ, value string) bool {
	return slices.Contains(c.values[path], typ+" "+value)
}

func readAll(h *Hive) content {
	c := content{first: math.MaxInt64, types: make(map[string]int), values: make(map[string][]string)}
	var names [maxDepth]string
	for n, err := range h.Walk() {
		if err != nil {
			c.troubles = append(c.troubles, err.Error())
			continue
		}
		c.keys++
		c.first, c.last = min(c.first, n.Written()), max(c.last, n.Written())
		path := "/"
		if n.Depth > 0 {
			path = names[n.Depth-1] + reglookupName(n.rawName(), n.latin1()) + "/"
		}
		names[n.Depth] = path
		for v, err := range n.Values() {
			if err != nil {
				c.troubles = append(c.troubles, err.Error())
				continue
			}
			c.count++
			data, err := v.Data()
			if err != nil {
				c.troubles = append(c.troubles, err.Error())
			}
			typ := reglookupType(v.Type())
			c.types[typ]++
			at := path + strings.Repeat("/", max(0, 1-n.Depth)) + reglookupName(v.rawName(), v.latin1())
			for _, form := range reglookupData(v.Type(), data) {
				c.values[at] = append(c.values[at], typ+" "+form)
			}
		}
	}
	return c
}

// reglookupName: reglookup cuts names at a NUL, unless it shows them byte by
// byte.
func reglookupName(raw []byte, latin1 bool) string {
	name := ascii(raw, latin1)
	if latin1 || len(name) < len(raw) {
		name, _, _ = bytes.Cut(name, []byte{0})
	}
	return quoted(name, "%,\"/")
}

// ascii is a text as reglookup converts it: to ASCII, or where that fails the
// bytes as they are.
func ascii(raw []byte, latin1 bool) []byte {
	if latin1 || len(raw)%2 == 1 {
		return raw
	}
	var b []byte
	for i := 0; i < len(raw); i += 2 {
		if raw[i+1] != 0 || raw[i] >= 0x80 {
			return raw
		}
		b = append(b, raw[i])
	}
	return b
}

func quoted(b []byte, special string) string {
	var s strings.Builder
	for _, c := range b {
		if c < 0x20 || c > 0x7e || strings.IndexByte(special, c) >= 0 {
			fmt.Fprintf(&s, "%%%02X", c)
		} else {
			s.WriteByte(c)
		}
	}
	return s.String()
}

func reglookupType(t Type) string {
	switch t {
	case ResourceList:
		return "RSRC_LIST"
	case FullResource:
		return "RSRC_DESC"
	case Requirements:
		return "RSRC_REQ_LIST"
	case DWORDBE:
		return "DWORD_BE"
	}
	return strings.TrimPrefix(t.String(), "REG_")
}

// reglookupData is the forms in which reglookup may show data: it falls back
// to the bytes as they are where it cannot interpret them.
func reglookupData(t Type, data []byte) []string {
	forms := []string{quoted(data, "%,\"")}
	n, isNumber := Number(t, data)
	switch {
	case len(data) == 0:
		forms = append(forms, "(null)")
	case isNumber && t == QWORD:
		forms = []string{fmt.Sprintf("0x%016X", n)}
	case isNumber:
		forms = []string{fmt.Sprintf("0x%08X", n)}
	case t == SZ, t == ExpandSZ, t == Link:
		forms = append(forms, quoted(ascii(trimNUL(data), false), "%,\""))
	case t == MultiSZ:
		var list []string
		for s := range Strings(data) {
			list = append(list, quoted(ascii(s, false), "%,\"|"))
		}
		forms = append(forms, strings.Join(list, "|"))
	}
	return forms
}

func corpusLogs(t testing.TB, names ...string) (logs []Log) {
	for _, name := range names {
		b := corpusFile(t, "registry/"+name)
		logs = append(logs, Log{name, bytes.NewReader(b), int64(len(b))})
	}
	return logs
}

// What Windows itself made of a dirty hive and its logs.
func TestCorpusReplayAsWindows(t *testing.T) {
	for dirty, recovered := range map[string]string{
		"msuhanov-yarp/NewDirtyHive1/NewDirtyHive": "msuhanov-yarp/NewDirtyHive1/RecoveredHive_Windows10",
		"msuhanov-yarp/OldDirtyHive/OldDirtyHive":  "msuhanov-yarp/OldDirtyHive/RecoveredHive_Windows7",
	} {
		h := open(t, corpusFile(t, "registry/"+dirty), corpusLogs(t, dirty+".LOG1", dirty+".LOG2")...)
		got, troubles := dump(h)
		want, _ := dump(open(t, corpusFile(t, "registry/"+recovered)))
		if strings.Contains(dirty, "Old") {
			// Windows 7 wrote to the root key when it loaded the hive.
			got, want = got[1:], want[1:]
		}
		if d := cmp.Diff(want, got); d != "" || len(troubles) > 0 {
			t.Errorf("%s: %s\n%q", dirty, d, troubles)
		}
		if !h.Replay().Applied() {
			t.Errorf("%s: nothing applied", dirty)
		}
	}
}

func TestCorpusReplay(t *testing.T) {
	const regipy, yarp = "mkorman90-regipy/", "msuhanov-yarp/"
	for _, c := range []struct {
		hive          string
		logs          []string
		pages         int
		keys, values  int // new ones, by path
		gone          int // keys
		find, trouble string
	}{
		// An independent test counts 527 keys: new and gone ones together.
		{regipy + "transactions_NTUSER.DAT.gz", []string{regipy + "transactions_ntuser.dat.log1.gz"}, 132, 521, 595, 6, "Software", ""},
		{regipy + "transactions_NTUSER.DAT.gz", []string{regipy + "transactions_ntuser.dat.log1.gz", regipy + "transactions_ntuser.dat.log2"}, 132, 521, 595, 6, "Software", ""},
		// The same test has other counts here (93 and 132) because it applies
		// LOG2 before LOG1, which leaves the hive damaged.
		{regipy + "UsrClass.dat.gz", []string{regipy + "UsrClass.dat.LOG1", regipy + "UsrClass.dat.LOG2"}, 158, 33, 162, 0, "Local Settings", "entries 255 to 286 are in no transaction log"},
		{regipy + "UsrClass.dat.gz", []string{regipy + "UsrClass.dat.LOG2", regipy + "UsrClass.dat.LOG1"}, 158, 33, 162, 0, "Local Settings", "entries 255 to 286 are in no transaction log"},
		{yarp + "BadBaseBlockHive/BadBaseBlockHive", []string{yarp + "BadBaseBlockHive/BadBaseBlockHive.LOG1", yarp + "BadBaseBlockHive/BadBaseBlockHive.LOG2"}, 64, 1, 1, 1, "key_with_many_subkeys", ""},
		{yarp + "OldDirtyHive/OldDirtyHive", []string{yarp + "OldLogWithRemnantData"}, 64, 1, 1, 1, "key_with_many_subkeys", ""},
		{yarp + "BadLogHive1/BadLogHive", []string{yarp + "BadLogHive1/BadLogHive.LOG1", yarp + "BadLogHive1/BadLogHive.LOG2"}, 0, 0, 0, 0, "key_with_many_subkeys", "not applied to its end: its base block is damaged"},
		{yarp + "BadLogHive3/BadLogHive", []string{yarp + "BadLogHive3/BadLogHive.LOG1", yarp + "BadLogHive3/BadLogHive.LOG2"}, 0, 0, 0, 0, "", "not applied to its end: its base block is damaged"},
	} {
		b := corpusFile(t, "registry/"+c.hive)
		before := paths(open(t, b))
		h := open(t, b, corpusLogs(t, c.logs...)...)
		after := paths(h)
		var keys, values, gone int
		for p := range after {
			switch {
			case before[p]:
			case strings.Contains(p, "\n"):
				values++
			default:
				keys++
			}
		}
		for p := range before {
			if !after[p] && !strings.Contains(p, "\n") {
				gone++
			}
		}
		if n := h.Replay().Pages; n != c.pages || keys != c.keys || values != c.values || gone != c.gone {
			t.Errorf("%s: %d pages, %d new keys, %d new values, %d keys gone; want %d, %d, %d, %d", c.hive, n, keys, values, gone, c.pages, c.keys, c.values, c.gone)
		}
		if _, err := h.Find(c.find); err != nil {
			t.Errorf("%s: %v", c.hive, err)
		}
		_, troubles := dump(h)
		if all := strings.Join(troubles, "\n"); !strings.Contains(all, c.trouble) || c.trouble == "" && all != "" {
			t.Errorf("%s: troubles %q, want %q", c.hive, troubles, c.trouble)
		}
	}
}

// paths is the set of keys, and of values after a line feed.
func paths(h *Hive) map[string]bool {
	all := make(map[string]bool)
	for n, err := range h.Walk() {
		if err != nil {
			continue
		}
		all[n.Path()] = true
		for v, err := range n.Values() {
			if err == nil {
				all[n.Path()+"\n"+v.Name()] = true
			}
		}
	}
	return all
}
