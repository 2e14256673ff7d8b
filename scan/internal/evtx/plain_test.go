package evtx

import (
	"testing"
)

// What is written straight from our fields is byte for byte what the library
// and the comparison with it come to, in every record of the shared corpus.
func TestCorpusPlain(t *testing.T) {
	var records, plain, lossy, behind, wrong int
	for _, name := range corpusLogs(t) {
		w, slow := new(Whole), new(Whole)
		readLog(t, openCorpus(t, name), func(_ int, rec *Record) {
			records++
			got, ok := w.plain.event(rec)
			want, err := slow.compared(rec)
			if !ok && w.plain.lossy {
				lossy++
				if len(want.Lost) == 0 && want.Reason != errNoRecord.Error() {
					t.Errorf("%s: record %d: the library loses nothing", name, rec.Number)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !ok {
				return
			}
			plain++
			if want.Reason == errNoRecord.Error() { // behind damage: our own tree, whose shape differs
				behind++
			} else if string(got) != string(want.JSON) {
				if wrong++; wrong < 20 {
					t.Errorf("%s: record %d: %s\n%s\nwant\n%s", name, rec.Number, want.Reason, got, want.JSON)
				}
			}
		})
	}
	if wrong > 0 || records != 15168 || plain < 14900 || lossy < 140 || behind > 250 {
		t.Errorf("%d records, %d without the library, %d of them behind damage, %d lossy, %d wrong", records, plain, behind, lossy, wrong)
	}
}
