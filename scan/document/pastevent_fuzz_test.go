package document

import (
	"testing"

	"iocscan/scan/source"
)

// Whatever a log says of paths, keys, hashes and addresses, no answer panics.
func FuzzPastEvent(f *testing.F) {
	for _, s := range []string{``, `\`, `C:`, `C:\`, `\Device\`, `\Device\Mup\`, `\Device\HarddiskVolume1`, `\??\C:\x:y`, `HKLM\`, `\REGISTRY\USER\S-1-5-21_Classes\x`, `HKCR`,
		`MD5=,=,SHA1`, `DWORD (0x`, `QWORD (0x1-0x1)`, `http://[::1`, `://@:`, `%%14593`, `2019-04-27 15:57:53.368`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		for _, d := range []*pastDocument{&processEvents, &imageEvents, &fileEvents, &keyEvents, &lookupEvents, &connectionEvents, &urlEvents} {
			for _, k := range d.kinds {
				var data []any
				seen := map[string]bool{}
				for _, a := range k.answers {
					for _, n := range a.names {
						if !seen[n] {
							seen[n] = true
							data = append(data, n, s)
						}
					}
				}
				src := source.NewMem(source.Windows).Add(logFolder+"A.evtx", pastLog(pastRecord{k.provider, uint16(k.id), 0, data}))
				for label, values := range runPast(t, src, Events{}, d)[0].items {
					if len(values) == 0 {
						t.Errorf("%s: nothing answered", label)
					}
				}
			}
		}
		newPastPath(s)
		splitURL(s)
		if places, key := source.PlacesOfPath(s); len(places) == 0 && len(key) > len(s) {
			t.Errorf("%q became %q", s, key)
		}
	})
}
