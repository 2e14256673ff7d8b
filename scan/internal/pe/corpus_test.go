package pe

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var shared = filepath.Join("..", "..", "..", "..", "shared", "corpus")

// A fact is what pefile and osslsigncode say of one sample.
type fact struct {
	Size            int64
	Machine         string
	Magic           string
	CompileTime     string `json:"compile_time"`
	ImageBase       string `json:"image_base"`
	Subsystem       string
	IsDLL           bool   `json:"is_dll"`
	IsDriver        bool   `json:"is_driver"`
	ChecksumHeader  string `json:"checksum_header"`
	ChecksumCompute string `json:"checksum_computed"`
	Sections        []struct {
		Name            string
		VAddr           string
		VSize, Raw      uint32
		Entropy         float64
		Characteristics string
	}
	Imports      map[string]int
	ImportSample []string          `json:"import_sample"`
	Delayed      map[string]int    `json:"delay_imports"`
	ExportDLL    *string           `json:"export_dll"`
	NExports     int               `json:"n_exports"`
	ExportSample []string          `json:"export_sample"`
	VersionInfo  map[string]string `json:"version_info"`
	Resources    int
	OverlaySize  int64  `json:"overlay_size"`
	Error        string `json:"pefile_error"`
	Signing      *struct {
		N        int      `json:"n_signatures"`
		Has      bool     `json:"has_signature"`
		Current  []string `json:"current_digest"`
		Match    []bool   `json:"digest_match"`
		Subjects []string
	} `json:"osslsigncode"`
}

func facts(t testing.TB) map[string]fact {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared, "truth", "pe.json"))
	if err != nil {
		t.Skip("the shared corpus is absent: ", err)
	}
	var all map[string]fact
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func openSample(t testing.TB, name string) (*File, error) {
	t.Helper()
	file, err := os.Open(filepath.Join(shared, "evidence", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return Open(file, info.Size())
}

func TestCorpus(t *testing.T) {
	for name, want := range facts(t) {
		t.Run(name, func(t *testing.T) {
			f, err := openSample(t, name)
			if want.Error != "" {
				if err == nil {
					t.Error("no PE for pefile: ", want.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for what, d := range different(t, f, want) {
				if why := exceptions[name][what]; why == "" {
					t.Errorf("%s (-truth +here)\n%s", what, d)
				}
			}
			d := different(t, f, want)
			for what := range exceptions[name] {
				if d[what] == "" {
					t.Errorf("%s is no exception any more", what)
				}
			}
		})
	}
}

const (
	relocated = "pefile writes into the relocations before the sums are taken: its hash of the section is not that of the " +
		"bytes in the file, and the checksum here is the one that the linker wrote"
	twice   = "osslsigncode refuses a table of two certificates; both are read here"
	nowhere = "the name lies behind the last section; pefile takes that for an empty name"
)

// exceptions are the facts that are rightly different, and why.
var exceptions = map[string]map[string]string{
	"pe/Velocidex-go-pe/acpiex.sys": {"checksum": relocated, "sections": relocated},
	"pe/saferwall-pe/acpi.sys":      {"checksum": relocated, "sections": relocated},
	"pe/saferwall-pe/WdBoot.sys":    {"checksum": relocated, "sections": relocated},
	"pe/trailofbits-uthenticode/32/pegoat-authenticode_duplicated.exe": {
		"number of signatures": twice, "digests": twice, "digest match": twice},
	"pe/Velocidex-go-pe/dmdskres.dll":      {"export dll error": nowhere},
	"pe/Velocidex-velociraptor/wkscli.dll": {"export dll error": nowhere},
}

// different are the facts on which we differ.
func different(t *testing.T, f *File, want fact) map[string]string {
	out := map[string]string{}
	is := func(what string, want, got any) {
		if d := cmp.Diff(want, got); d != "" {
			out[what] = d
		}
	}
	bad := func(what string, err error) {
		if err != nil {
			out[what+" error"] = err.Error()
		}
	}
	bad("header", f.HeaderErr)
	bad("sections", f.SectionErr)
	is("wide", want.Magic == "PE32+", f.Wide)
	is("time", want.CompileTime, time.Unix(int64(f.Time), 0).UTC().Format(time.RFC3339))
	is("base", want.ImageBase, hex(f.Base))
	is("subsystem", want.Subsystem, "IMAGE_SUBSYSTEM_"+f.SubsystemWord())
	kind, err := f.Type()
	bad("type", err)
	wantKind := Executable
	if want.IsDLL {
		wantKind = DLL
	} else if want.IsDriver {
		wantKind = Driver
	}
	is("type", wantKind, kind)
	is("stored checksum", want.ChecksumHeader, hex(uint64(f.StoredChecksum)))
	sum, err := f.Checksum()
	bad("checksum", err)
	is("checksum", want.ChecksumCompute, hex(uint64(sum)))
	overlay, err := f.Overlay()
	bad("overlay", err)
	is("overlay", want.OverlaySize, overlay)

	var names, wantNames []string
	for i := range f.Sections {
		s := &f.Sections[i]
		h, err := f.Entropy(s)
		bad("entropy "+s.Name(), err)
		names = append(names, fmt.Sprint(s.Name(), hex(uint64(s.Address)), s.VirtualSize, s.RawSize, hex(uint64(s.Characteristics)), math.Round(h*1000)/1000))
	}
	for _, s := range want.Sections {
		wantNames = append(wantNames, fmt.Sprint(s.Name, s.VAddr, s.VSize, s.Raw, s.Characteristics, s.Entropy))
	}
	is("sections", wantNames, names)

	modules, err := f.Imports()
	bad("imports", err)
	var now, late map[string]int
	var functions []string
	for _, m := range modules {
		to := &now
		if m.Delayed {
			to = &late
		}
		if *to == nil {
			*to = map[string]int{}
		}
		(*to)[m.Name] += len(m.Functions)
		for _, fn := range m.Functions {
			functions = append(functions, fn.String())
		}
	}
	is("imports", want.Imports, now)
	is("delayed imports", want.Delayed, late)
	for _, fn := range want.ImportSample {
		if !strings.Contains("\n"+strings.Join(functions, "\n")+"\n", "\n"+fn+"\n") {
			out["import sample"] += fn + " "
		}
	}

	e, err := f.Exports()
	bad("exports", err)
	if is("has exports", want.ExportDLL != nil, e != nil); e != nil && want.ExportDLL != nil {
		is("export dll", *want.ExportDLL, e.DLLName)
		bad("export dll", e.DLLNameErr)
		is("exports", want.NExports, len(e.Names)+e.Unnamed)
		for _, name := range want.ExportSample {
			if !strings.Contains("\n"+strings.Join(e.Names, "\n")+"\n", "\n"+name+"\n") {
				out["export sample"] += name + " "
			}
		}
	}

	versions, err := f.Versions()
	bad("versions", err)
	got := map[string]string{}
	for _, v := range versions {
		for _, s := range v.Strings {
			got[s.Name] = s.Value
		}
	}
	is("version info", want.VersionInfo, got)
	leaves, err := f.Resources()
	bad("resources", err)
	is("resources", want.Resources, len(leaves))

	signing(f, want, is, bad)
	return out
}

func signing(f *File, want fact, is func(string, any, any), bad func(string, error)) {
	has, err := f.Signed()
	bad("signed", err)
	is("signed", want.Signing.Has, has)
	list, err := f.Signatures()
	bad("signatures", err)
	is("number of signatures", want.Signing.N, len(list))
	var digests []string
	var match []bool
	for i := range list {
		s := &list[i]
		digests = append(digests, strings.ToUpper(fmt.Sprintf("%x", s.Digest)))
		same, err := f.DigestMatches(s)
		bad("digest", err)
		match = append(match, same)
		found := len(want.Signing.Subjects) == 0
		for _, subject := range want.Signing.Subjects {
			found = found || slashed(s.Subject) == subject
		}
		if !found {
			is("subject", want.Signing.Subjects, slashed(s.Subject))
		}
	}
	is("digests", append([]string(nil), want.Signing.Current...), digests)
	is("digest match", append([]bool(nil), want.Signing.Match...), match)
}

func hex(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }

// slashed is the name as OpenSSL writes it.
func slashed(n Name) string {
	s := ""
	for _, p := range n {
		s += "/" + p.Type + "=" + p.Value
	}
	return s
}
