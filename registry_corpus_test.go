package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"iocscan/scan"
)

// corpusHive copies a hive of the shared corpus to a place, unpacked.
func corpusHive(t *testing.T, name, to string) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "shared", "corpus", "evidence", filepath.FromSlash(name)))
	if err != nil {
		t.Skip("the shared corpus is absent: ", err)
	}
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, body, 0o666); err != nil {
		t.Fatal(err)
	}
}

type sampleValue struct{ Path, Type, Value string }

// sampleIOC asks for a value that the truth lists by its path, type and, where
// that is plain text or a number, its data. The truth escapes as %XX what is
// not plain; names beyond ASCII are not asked for.
func sampleIOC(id string, s sampleValue) (string, bool) {
	var names []string
	for part := range strings.SplitSeq(strings.TrimLeft(s.Path, "/"), "/") { // two before a value of the root key
		name, err := url.PathUnescape(part)
		if err != nil || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			return "", false
		}
		names = append(names, name)
	}
	if last := &names[len(names)-1]; *last == "" {
		*last = "(Default)"
	}
	kind := "REG_" + s.Type
	switch {
	case strings.HasPrefix(s.Type, "0x"):
		kind = s.Type
	case s.Type == "RSRC_LIST":
		kind = "REG_RESOURCE_LIST"
	}
	conditions := [][2]string{{"Path", `HKLM\CORPUS\` + strings.Join(names, `\`)}, {"Type", kind}}
	plain := !strings.Contains(s.Value, "%") && s.Value != "(null)" && strings.TrimSpace(s.Value) != ""
	switch s.Type {
	case "SZ", "EXPAND_SZ":
		if plain {
			conditions = append(conditions, [2]string{"Text", s.Value})
		}
	case "DWORD", "QWORD":
		if n, err := strconv.ParseUint(s.Value, 0, 64); err == nil {
			conditions = append(conditions, [2]string{"Text", strconv.FormatUint(n, 10)})
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="%s" last-modified="2024-03-11T09:00:00"><definition><Indicator id="%[1]s-top" operator="AND">`, id)
	for i, c := range conditions {
		fmt.Fprintf(&b, `<IndicatorItem id="%s-%d" condition="is"><Context document="RegistryItem" search="RegistryItem/%s" type="mir"/><Content type="string">`, id, i, c[0])
		xml.EscapeText(&b, []byte(c[1]))
		b.WriteString(`</Content></IndicatorItem>`)
	}
	b.WriteString(`</Indicator></definition></ioc>`)
	return b.String(), true
}

// TestCorpusValues finds each sample value of every hive on whose counts
// independent tools agree.
func TestCorpusValues(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("..", "shared", "corpus", "truth", "registry.json"))
	if err != nil {
		t.Skip("the shared corpus is absent: ", err)
	}
	var truth map[string]struct {
		Keys, Values *int
		Samples      []sampleValue `json:"sample_values"`
	}
	if err := json.Unmarshal(body, &truth); err != nil {
		t.Fatal(err)
	}
	hives, asked, left := 0, 0, 0
	for name, want := range truth {
		if want.Keys == nil || want.Values == nil || len(want.Samples) == 0 {
			continue
		}
		hives++
		iocs, hive := t.TempDir(), filepath.Join(t.TempDir(), "hive")
		corpusHive(t, name, hive)
		n := 0
		for i, s := range want.Samples {
			if strings.HasSuffix(name, "hivex/special") && s.Path == "/zero/zero" {
				continue // both names have a NUL in them, where the truth ends them
			}
			if body, ok := sampleIOC(fmt.Sprintf("sample-%d", i), s); ok {
				write(t, filepath.Join(iocs, fmt.Sprintf("%03d.ioc", i)), body)
				n++
			} else {
				left++
			}
		}
		if n == 0 {
			continue
		}
		asked += n
		_, stdout, _ := inProcess(t, "scan", "--format", "json", iocs, "--hive", `HKLM\CORPUS=`+hive, "--no-replay")
		r := decoded(t, []byte(stdout))
		checkSound(t, r)
		if d := r.Documents[0]; d.Scanned < uint64(*want.Values) || d.Scanned > uint64(*want.Values+*want.Keys) {
			t.Errorf("%s: %d items of %d values in %d keys", name, d.Scanned, *want.Values, *want.Keys)
		}
		for _, i := range r.IOCs {
			if i.Verdict != "matched" {
				text, _ := os.ReadFile(i.File)
				t.Errorf("%s is %s: %s", name, i.Verdict, text)
			}
		}
	}
	t.Logf("%d hives, %d values asked for, %d left out", hives, asked, left)
	if hives < 40 || asked < 1300 {
		t.Errorf("only %d hives and %d values", hives, asked)
	}
}

// TestCorpusMachine scans a Windows root laid out from hives of the corpus with
// the published IOC files.
func TestCorpusMachine(t *testing.T) {
	root := t.TempDir()
	const config, users = "Windows/System32/config/", "Users/"
	for to, from := range map[string]string{
		config + "SYSTEM":        "mkorman90-regipy/SYSTEM_2.gz",
		config + "SOFTWARE":      "mkorman90-regipy/ntuser_software_partial.gz", // in place of one: keys of any kind
		config + "SAM":           "mkorman90-regipy/SAM",
		config + "SECURITY":      "mkorman90-regipy/SECURITY",
		users + "bo/NTUSER.DAT":  "mkorman90-regipy/NTUSER.DAT",
		users + "eve/ntuser.dat": "puffyCid-artemis/registry/win10/NTUSER_Bad.DAT",
		users + "bo/AppData/Local/Microsoft/Windows/UsrClass.dat":      "mkorman90-regipy/UsrClass.dat.gz",
		users + "bo/AppData/Local/Microsoft/Windows/UsrClass.dat.LOG1": "mkorman90-regipy/UsrClass.dat.LOG1",
		users + "bo/AppData/Local/Microsoft/Windows/UsrClass.dat.LOG2": "mkorman90-regipy/UsrClass.dat.LOG2",
		"Windows/AppCompat/Programs/Amcache.hve":                       "mkorman90-regipy/amcache.hve.gz",
		"Boot/BCD":                                                     "mkorman90-regipy/BCD",
	} {
		corpusHive(t, "registry/"+from, filepath.Join(root, filepath.FromSlash(to)))
	}
	ask := func(id, term, content string) string {
		return strings.Replace(simpleIOC(id, "RegistryItem/"+term, "contains", content), `document="FileItem"`, `document="RegistryItem"`, 1)
	}
	iocs := iocFolder(t,
		ask("control-set", "Path", `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\`),
		ask("user", "KeyPath", `HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\`),
		ask("classes", "Path", `HKEY_CLASSES_ROOT\Local Settings`))
	r := scanned(t, 1, append(realIOCs(t), iocs, "--root", root, "--documents", "RegistryItem", "--max-objects", "5")...)
	checkSound(t, r)
	for _, i := range r.IOCs {
		if strings.HasPrefix(i.File, iocs) && i.Verdict != "matched" {
			t.Errorf("%s is %s", i.ID, i.Verdict)
		}
	}
	n := slices.IndexFunc(r.Documents, func(d scan.Document) bool { return d.Name == "RegistryItem" })
	if n < 0 {
		t.Fatalf("%+v", r.Documents)
	}
	d := r.Documents[n]
	if d.Status != "partial" || len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "replayed in memory") {
		t.Errorf("document %+v", d)
	}
	cycle := false
	for _, x := range r.Troubles {
		cycle = cycle || strings.Contains(x.Error, "a cycle") && strings.HasPrefix(x.Object, `C:\Users\eve\`)
	}
	if !cycle {
		t.Errorf("the cycle of a hive is not told: %v", r.Troubles)
	}
	t.Logf("%+v; %+v", d, r.Summary)
}
