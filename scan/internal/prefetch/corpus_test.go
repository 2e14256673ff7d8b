package prefetch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
)

const corpusRoot = "../../../../shared/corpus"

type truth struct {
	Error      string
	Version    uint32 `json:"format_version"`
	Executable string
	Hash       string
	Runs       uint32   `json:"run_count"`
	LastRuns   []string `json:"last_run_times"`
	Count      int      `json:"n_filenames"`
	First      []string `json:"first_filenames"`
	Last       string   `json:"last_filename"`
	Volumes    []struct{ Device, Serial, Created string }
}

// unread are sound files that the other tool does not read.
var unread = map[string]string{
	"prefetch/log2timeline-plaso/winprefetch/AM_DELTA_PATCH_1.443.990.0.EX-7037CF86.pf": "version 31 is younger than the tool",
}

func TestCorpus(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(corpusRoot, "truth/prefetch.json"))
	if os.IsNotExist(err) {
		t.Skip("the shared corpus is not here")
	}
	var all map[string]truth
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	for file, want := range all {
		data, err := os.ReadFile(filepath.Join(corpusRoot, "evidence", file))
		if err != nil {
			t.Fatal(err)
		}
		info, err := Parse(data)
		if want.Error != "" || err != nil {
			if (err != nil) != (want.Error != "") && unread[file] == "" {
				t.Errorf("%s: %v; the other tool says %q", file, err, want.Error)
			}
			continue
		}
		got := truth{
			Version: info.Version, Executable: info.Executable, Hash: fmt.Sprintf("%08X", info.Hash), Runs: info.Runs,
			Count: len(info.Files), First: info.Files[:min(5, len(info.Files))],
		}
		if len(info.Files) > 0 {
			got.Last = info.Files[len(info.Files)-1]
		}
		for _, at := range info.LastRuns {
			got.LastRuns = append(got.LastRuns, stamp(at))
		}
		for _, v := range info.Volumes {
			got.Volumes = append(got.Volumes, struct{ Device, Serial, Created string }{v.Device, fmt.Sprintf("%08X", v.Serial), stamp(v.Created)})
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-truth +got)\n%s", file, d)
		}
	}
}

func stamp(ticks int64) string { return ioc.TicksTime(ticks).Format("2006-01-02T15:04:05.0000000Z") }
