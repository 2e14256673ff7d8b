package document

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iocscan/scan/internal/prefetch"
	"iocscan/scan/internal/prefetch/prefetchtest"
	"iocscan/scan/source"
)

const prefetchFolder = `C:\Windows\Prefetch\`

// noted is a start of mimikatz from a stick.
func noted() prefetch.Info {
	return prefetch.Info{
		Version: 30, Executable: "MIMIKATZ.EXE", Hash: 0x0BADF00D, Size: 4711, Runs: 9,
		LastRuns: []int64{ticks("2024-05-08T10:00:00Z"), ticks("2024-05-07T10:00:00Z"), ticks("2024-05-06T10:00:00Z"), ticks("2024-05-05T10:00:00Z"),
			ticks("2024-05-04T10:00:00Z"), ticks("2024-05-03T10:00:00Z"), ticks("2024-05-02T10:00:00Z"), ticks("2024-05-01T10:00:00Z")},
		Files: []string{`\VOLUME{01d6-4290933e}\WINDOWS\SYSTEM32\NTDLL.DLL`, `\DEVICE\HARDDISKVOLUME7\TOOLS\MIMIKATZ.EXE`},
		Volumes: []prefetch.Volume{
			{Device: `\VOLUME{01d6-4290933e}`, Created: ticks("2020-09-04T06:13:53Z"), Serial: 0x4290933E},
			{Device: `\DEVICE\HARDDISKVOLUME7`, Created: ticks("2024-04-01T00:00:00Z"), Serial: 7},
		},
	}
}

func prefetchMachine() *source.Mem {
	return source.NewMem(source.Windows).
		Add(prefetchFolder+"MIMIKATZ.EXE-0BADF00D.pf", string(prefetchtest.Pack(prefetchtest.Build(noted()), false)), source.Info{Created: ticks("2024-05-01T10:00:10Z")}).
		Add(prefetchFolder+"layout.ini", "[OptimalLayoutFile]").
		AddDir(prefetchFolder + "ReadyBoot")
}

func TestPrefetch(t *testing.T) {
	got := find(t, &prefetches, prefetchMachine())
	label := prefetchFolder + "MIMIKATZ.EXE-0BADF00D.pf"
	if !slices.Equal(got.labels(), []string{label}) || !got.Complete || !got.Full || got.Objects != 1 || len(got.troubles)+len(got.gaps) > 0 {
		t.Fatalf("%+v", got)
	}
	values := got.values[label]
	for term, want := range map[string]string{
		"FullPath":                           label + `|\Windows\Prefetch\MIMIKATZ.EXE-0BADF00D.pf`,
		"Created":                            "2024-05-01T10:00:10Z",
		"ApplicationFileName":                "MIMIKATZ.EXE",
		"ApplicationFullPath":                `\DEVICE\HARDDISKVOLUME7\TOOLS\MIMIKATZ.EXE|\TOOLS\MIMIKATZ.EXE`,
		"PrefetchHash":                       "0BADF00D|0x0BADF00D",
		"ReportedSizeInBytes":                "4711",
		"TimesExecuted":                      "9",
		"VolumeList/VolumeItem/SerialNumber": "4290933E|4290-933E|00000007|0000-0007",
		"VolumeList/VolumeItem/CreationTime": "2020-09-04T06:13:53Z|2024-04-01T00:00:00Z",
		"VolumeList/VolumeItem/DevicePath":   `\VOLUME{01d6-4290933e}|\DEVICE\HARDDISKVOLUME7`,
		"AccessedFileList/AccessedFile":      `\VOLUME{01d6-4290933e}\WINDOWS\SYSTEM32\NTDLL.DLL|\WINDOWS\SYSTEM32\NTDLL.DLL|C:\WINDOWS\SYSTEM32\NTDLL.DLL|` + `\DEVICE\HARDDISKVOLUME7\TOOLS\MIMIKATZ.EXE|\TOOLS\MIMIKATZ.EXE`,
	} {
		if s := strings.Join(values[term], "|"); s != want {
			t.Errorf("%s: got %s, want %s", term, s, want)
		}
	}
	if len(values["LastRun"]) != 8 || len(values) != len(prefetchFields) || len(got.errs[label]) > 0 {
		t.Errorf("%d times, %d of %d terms, errors %v", len(values["LastRun"]), len(values), len(prefetchFields), got.errs[label])
	}
}

func TestPrefetchVerdicts(t *testing.T) {
	checkVerdicts(t, &prefetches, prefetchMachine(), []verdictCase{
		{"ApplicationFileName is mimikatz.exe\nLastRun is 2024-05-01T10:00:00\nTimesExecuted greater-than 8", "matched"},
		{"ApplicationFileName is mimikatz.exe\nLastRun is 2024-05-01T10:00:01", "clear"},
		{"ApplicationFileName is psexec.exe", "clear"},
		{"AccessedFileList/AccessedFile is C:\\Windows\\System32\\ntdll.dll", "matched"},
		{"AccessedFileList/AccessedFile contains \\tools\\mimi", "matched"},
		{"AccessedFileList/AccessedFile is C:\\tools\\mimikatz.exe", "clear"},
		// The stick may have been any drive but C.
		{"AccessedFileList/AccessedFile is E:\\tools\\mimikatz.exe", "undetermined"},
		{"ApplicationFullPath starts-with E:\\tools", "undetermined"},
		{"ApplicationFullPath is E:\\other\\mimikatz.exe", "clear"},
		{"PrefetchHash is 0x0badf00d\nPrefetchHash is 0BADF00D", "matched"},
		{"VolumeList/VolumeItem/SerialNumber is 4290-933E\nVolumeList/VolumeItem/CreationTime less-than 2021-01-01T00:00:00", "matched"},
		{"VolumeList/VolumeItem/SerialNumber is 42909330", "clear"},
		{"ApplicationFileName is!true psexec.exe", "matched"},
	})
	checkVerdicts(t, &prefetches, source.NewMem(source.Windows).AddDir(`C:\Windows`), []verdictCase{{"ApplicationFileName is mimikatz.exe", "clear"}})
	checkVerdicts(t, &prefetches, source.NewMem(source.Windows).AddDir(`C:\Data`), []verdictCase{{"ApplicationFileName is mimikatz.exe", "undetermined"}})
	m := prefetchMachine().Add(prefetchFolder+"BAD.EXE-00000001.pf", "MAM\x04 or so")
	checkVerdicts(t, &prefetches, m, []verdictCase{
		{"ApplicationFileName is psexec.exe", "undetermined"},
		{"ApplicationFileName is psexec.exe\nFullPath contains \\psexec", "clear"},
		{"ApplicationFileName is mimikatz.exe", "matched"},
	})
}

func TestPrefetchDamaged(t *testing.T) {
	label := prefetchFolder + "BAD.PF"
	for name, node := range map[string]source.MemNode{
		"no prefetch file": {Content: "MZ"},
		"too large":        {Content: strings.Repeat("x", prefetch.MaxFile+1)},
		"unreadable":       {OpenErr: errors.New("locked")},
		"a folder by link": {Info: source.Info{Type: source.Link}, Target: `C:\Windows`},
	} {
		t.Run(name, func(t *testing.T) {
			got := find(t, &prefetches, source.NewMem(source.Windows).Put(label, node))
			if len(got.troubles) != 1 || !got.Complete || got.Objects != 1 {
				t.Fatalf("%+v", got)
			}
			for _, f := range prefetchFields {
				term := strings.TrimPrefix(f.Term, "PrefetchItem/")
				known := term == "FullPath" || term == "SizeInBytes"
				if (got.errs[label][term] == "") != known || (len(got.values[label][term]) > 0) != known {
					t.Errorf("%s: %v, %s", term, got.values[label][term], got.errs[label][term])
				}
			}
		})
	}
}

func TestPrefetchFolders(t *testing.T) {
	for name, c := range map[string]struct {
		src            *source.Mem
		complete, full bool
		gaps           int
	}{
		"server":         {source.NewMem(source.Windows).AddDir(`C:\Windows\System32`), true, true, 0},
		"no Windows":     {source.NewMem(source.Windows, "D:").AddDir(`D:\Data`), false, false, 0},
		"unreadable":     {source.NewMem(source.Windows).Put(prefetchFolder, source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: errors.New("access denied")}), true, false, 1},
		"network":        {source.NewMem(source.Windows).AddDir(`C:\Windows`).AddLink(`C:\Windows\Prefetch`, `\\server\share`), true, false, 1},
		"another volume": {source.NewMem(source.Windows, "C:", "D:").AddDir(`C:\Data`).AddDir(`D:\Windows\Prefetch`), true, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := find(t, &prefetches, c.src)
			if got.Complete != c.complete || got.Full != c.full || len(got.gaps) != c.gaps || len(got.troubles) != c.gaps || got.Unlisted != uint64(c.gaps) || got.Objects != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestLongNames(t *testing.T) {
	long := "MICROSOFTEDGE_X64_106.0.1370.42.EXE"
	for _, c := range []struct {
		files []string
		want  string
		err   string
	}{
		{[]string{`\VOLUME{1}\A\` + long}, long[:29] + "|" + long, ""},
		{nil, long[:29], errCutName.Error()},
	} {
		info := prefetch.Info{Version: 30, Executable: long[:29], Files: c.files}
		got := find(t, &prefetches, source.NewMem(source.Windows).Add(prefetchFolder+"A.pf", string(prefetchtest.Build(info))))
		label := prefetchFolder + "A.pf"
		if s := strings.Join(got.values[label]["ApplicationFileName"], "|"); s != c.want || got.errs[label]["ApplicationFileName"] != c.err {
			t.Errorf("got %s, %s", s, got.errs[label]["ApplicationFileName"])
		}
	}
}

// Every file of the corpus but the two that are none says which program it is
// of, and mostly where that lies.
func TestPrefetchCorpus(t *testing.T) {
	paths, _ := filepath.Glob("../../../shared/corpus/evidence/prefetch/*/*/*.pf")
	if len(paths) == 0 {
		t.Skip("the shared corpus is not here")
	}
	m := source.NewMem(source.Windows)
	for n, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		m.Add(fmt.Sprintf("%s%03d-%s", prefetchFolder, n, filepath.Base(p)), string(b))
	}
	got := find(t, &prefetches, m)
	known, placed := 0, 0
	for label, values := range got.values {
		name := values["ApplicationFileName"]
		if len(name) == 0 {
			continue
		}
		known++
		if len(values["ApplicationFullPath"]) > 0 {
			placed++
		}
		if !strings.Contains(label, values["PrefetchHash"][0]) {
			t.Errorf("%s has hash %s", label, values["PrefetchHash"][0])
		}
	}
	if known != len(paths)-2 || len(got.troubles) != 2 || placed < known*9/10 {
		t.Errorf("%d files, %d known, %d placed; %v", len(paths), known, placed, got.troubles)
	}
}
