package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// machineHives are the hives of the laid-out root that are a machine's; every
// other hive of the corpus, the damaged ones above all, is some user's.
var machineHives = map[string]string{
	"config/SYSTEM":                     "mkorman90-regipy/SYSTEM_WIN_10_1709.gz",
	"config/SOFTWARE":                   "gitpan-Parse-Win32Registry/fake_software.rf",
	"config/SAM":                        "mkorman90-regipy/SAM",
	"config/SECURITY":                   "mkorman90-regipy/SECURITY",
	"../AppCompat/Programs/Amcache.hve": "mkorman90-regipy/amcache.hve.gz",
}

// TestCorpusRoot scans a Windows root made of all event logs, hives, prefetch
// files, tasks and programs of the corpus, most of them odd and some damaged,
// for all its IOC files: nothing in the program breaks, and each has a verdict.
func TestCorpusRoot(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some 100 MB")
	}
	evidence, iocs := filepath.Join("..", "shared", "corpus", "evidence"), filepath.Join("..", "shared", "corpus", "iocs")
	if _, err := os.Stat(evidence); err != nil {
		t.Skip("the shared corpus is absent: ", err)
	}
	root := filepath.Join(t.TempDir(), "root")
	layRoot(t, evidence, root)
	status, stdout, stderr := inProcess(t, "scan", "--format", "json", "--channels", "all", "--max-objects", "10", "--no-progress", "--root", root, iocs)
	if status != 1 && status != 3 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	checkSchema(t, stdout)
	r := decoded(t, []byte(stdout))
	checkSound(t, r)
	verdicts := []string{"matched", "clear", "undetermined", "rejected", "excluded"}
	countermeasures := 0
	for _, i := range r.IOCs {
		if !slices.Contains(verdicts, i.Verdict) {
			t.Errorf("%s: verdict %q", i.File, i.Verdict)
		}
		if strings.Contains(filepath.ToSlash(i.File), "/red_team_tool_countermeasures/") {
			countermeasures++
			if i.Verdict == "rejected" {
				t.Errorf("%s is rejected: %+v", i.File, i.Problems)
			}
		}
	}
	if countermeasures < 88 || r.Summary.IOCs != len(r.IOCs) {
		t.Errorf("%d countermeasures, %d of %d IOC files", countermeasures, len(r.IOCs), r.Summary.IOCs)
	}
	const fault = "fault of the"
	for _, x := range r.Troubles {
		if strings.Contains(x.Error, fault) {
			t.Errorf("trouble %+v", x)
		}
	}
	scanned := map[string]uint64{}
	for _, d := range r.Documents {
		scanned[d.Name] = uint64(d.Scanned)
		if strings.Contains(d.Reason, fault) || strings.Contains(strings.Join(d.Notes, " "), fault) {
			t.Errorf("document %+v", d)
		}
	}
	for _, name := range []string{"FileItem", "RegistryItem", "EventLogItem", "PrefetchItem", "TaskItem"} {
		if _, asked := scanned[name]; asked && scanned[name] == 0 {
			t.Errorf("%s: nothing was looked at", name)
		}
	}
	t.Logf("%+v, %v", r.Summary, scanned)
}

func checkSchema(t *testing.T, text string) {
	t.Helper()
	f, err := os.Open(filepath.Join("report", "schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	const at = "https://iocscan.invalid/schema.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(at, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(at)
	if err != nil {
		t.Fatal(err)
	}
	report, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err == nil {
		err = schema.Validate(report)
	}
	if err != nil {
		t.Errorf("the report is not as its schema says: %v", err)
	}
}

// layRoot puts the corpus where Windows has such files.
func layRoot(t *testing.T, evidence, root string) {
	t.Helper()
	const system = "Windows/System32/"
	n := 0
	for _, kind := range []struct {
		folder, ending string // of the corpus; an empty ending is any
		to             func(name string) string
	}{
		{"evtx", ".evtx", func(name string) string { return system + "winevt/Logs/" + name }},
		{"prefetch", ".pf", func(name string) string { return "Windows/Prefetch/" + name }},
		{"misc/tasks-extracted", "", func(name string) string { return system + "Tasks/" + name }},
		{"pe", "", func(name string) string { return system + name }},
		{"registry", "", func(name string) string { return fmt.Sprintf("Users/user%d/NTUSER.DAT", n) }},
	} {
		err := filepath.WalkDir(filepath.Join(evidence, filepath.FromSlash(kind.folder)), func(file string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || kind.ending != "" && !strings.EqualFold(filepath.Ext(file), kind.ending) {
				return err
			}
			n++
			layFile(t, file, filepath.Join(root, filepath.FromSlash(kind.to(fmt.Sprintf("%d-%s", n, filepath.Base(file))))))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range machineHives {
		layFile(t, filepath.Join(evidence, "registry", filepath.FromSlash(file)), filepath.Join(root, filepath.FromSlash(system+name)))
	}
}

// layFile copies a file, or what is compressed in it.
func layFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var content io.Reader = in
	if filepath.Ext(from) == ".gz" {
		if content, err = gzip.NewReader(in); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, content)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}
