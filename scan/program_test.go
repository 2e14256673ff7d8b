package scan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/internal/pe/petest"
	"iocscan/scan/source"
)

type noSink struct{}

func (noSink) Begin(*scan.Header) error    { return nil }
func (noSink) Match(*scan.Match) error     { return nil }
func (noSink) Trouble(*scan.Trouble) error { return nil }
func (noSink) End(*scan.Result) error      { return nil }

// verdicts scans with one IOC for each text, which is an AND of conditions:
// term, condition and content on a line, with blanks between.
func verdicts(t *testing.T, src source.Source, texts map[string]string) map[string]scan.IOC {
	t.Helper()
	var c ioc.Collection
	for name, text := range texts {
		var items strings.Builder
		for line := range strings.Lines(strings.TrimSpace(text)) {
			part := strings.SplitN(strings.TrimSpace(line), " ", 3)
			fmt.Fprintf(&items, `<IndicatorItem id="%s" condition="%s"><Context document="FileItem" search="FileItem/%s" type="mir"/><Content type="string">%s</Content></IndicatorItem>`,
				part[0], part[1], part[0], part[2])
		}
		f := ioc.Parse(name, []byte(`<ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="`+name+`" last-modified="2020-01-01T00:00:00"><definition><Indicator operator="OR" id="o"><Indicator operator="AND" id="a">`+
			items.String()+`</Indicator></Indicator></definition></ioc>`))
		for _, p := range f.Problems {
			if p.Severity == ioc.Notice { // a term by its shorter name
				continue
			}
			t.Errorf("%s: %+v", name, p)
		}
		c.Files = append(c.Files, f)
	}
	plan, err := scan.NewPlan(context.Background(), scan.Config{Collection: &c, Source: src})
	if err != nil {
		t.Fatal(err)
	}
	r, err := plan.Run(context.Background(), noSink{}, &document.Progress{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]scan.IOC{}
	for _, i := range r.IOCs {
		out[i.File] = i
	}
	return out
}

func TestProgramsFromEndToEnd(t *testing.T) {
	dll := petest.Image{
		Time: 1268786445, Characteristics: 0x2102,
		Sections: []petest.Section{{Name: "UPX1", Data: []byte(strings.Repeat("\x00\x01\x02\x03\x04\x05\x06\x07", 64)), Characteristics: 0xe0000040}},
		Imports:  []petest.Module{{Name: "WS2_32.dll", Functions: []string{"WSAIoctl"}}},
		Exports:  &petest.Exports{DLL: "svc.dll", Names: []string{"ServiceMain"}},
		Versions: []petest.Version{{Language: 0x409, Strings: []string{"CompanyName", "Microsoft Corporation"}}},
	}
	signed, forged := dll, dll
	signed.Signature = &petest.Signature{Subject: []string{"O", "Evil Inc", "CN", "Evil"}, Issuer: []string{"CN", "CA"}}
	forged.Signature = &petest.Signature{Subject: []string{"CN", "Evil"}, Issuer: []string{"CN", "CA"}, Wrong: true}
	whole := dll.Bytes()
	m := source.NewMem(source.Windows).
		Add(`C:\svc.dll`, string(whole)).
		Add(`C:\signed.dll`, string(signed.Bytes())).
		Add(`C:\forged.dll`, string(forged.Bytes())).
		Add(`C:\cut.dll`, string(whole[:0x500])).
		Add(`C:\note.txt`, "no program")
	got := verdicts(t, m, map[string]string{
		"backdoor": `
			FileName is svc.dll
			PEInfo/Type is Dll
			PEInfo/Exports/ExportedFunctions/string is ServiceMain
			PEInfo/PETimeStamp is 2010-03-17T00:00:00Z TO 2010-03-17T12:00:00Z
			PEInfo/VersionInfoItem/CompanyName is Microsoft Corporation
			PEInfo/DetectedAnomalies/string contains checksum_is_zero
			PeakCodeEntropy is 3.0`,
		"section": `
			FileName is svc.dll
			PEInfo/Sections/Section/Name is UPX1
			PEInfo/Sections/Section/SizeInBytes is 0x200
			PEInfo/Sections/Section/Entropy/CurveData/float is 3.0`,
		"not imported":  "FileName is svc.dll\nPEInfo/ImportedModules/Module/ImportedFunctions/string is WinExec",
		"no program":    "FileName is note.txt\nPEInfo/Type is DLL",
		"unsigned":      "FileName is svc.dll\nPEInfo/DigitalSignature/SignatureExists is true",
		"signer":        "FileName is signed.dll\nPEInfo/DigitalSignature/CertificateSubject contains Evil Inc",
		"trusted":       "FileName is signed.dll\nPEInfo/DigitalSignature/SignatureVerified is true",
		"changed":       "FileName is forged.dll\nPEInfo/DigitalSignature/SignatureVerified is false",
		"cut, time":     "FileName is cut.dll\nPEInfo/PETimeStamp is 2010-03-17T00:40:45Z",
		"cut, imports":  "FileName is cut.dll\nPEInfo/ImportedModules/Module/Name is WS2_32.dll",
		"not supported": "FileName is svc.dll\nPEInfo/EpJumpCodes/Opcodes contains e9",
	})
	for name, want := range map[string]string{
		"backdoor": "matched", "section": "matched", "not imported": "clear", "no program": "clear", "unsigned": "clear",
		"signer": "matched", "trusted": "undetermined", "changed": "matched", "cut, time": "matched",
		"cut, imports": "undetermined", "not supported": "undetermined",
	} {
		if i := got[name]; i.Verdict != want {
			t.Errorf("%s: %s, want %s; unchecked %+v", name, i.Verdict, want, i.Unchecked)
		}
	}
	for name, want := range map[string]string{"trusted": "trusted is not checked", "cut, imports": "the file ends"} {
		if u := got[name].Unchecked; len(u) != 1 || !strings.Contains(u[0].Reason, want) {
			t.Errorf("%s: unchecked %+v", name, u)
		}
	}
	if m := got["section"].Matches; len(m) != 1 || !strings.Contains(strings.Join(m[0].Notes, " "), "one FileItem/PEInfo/Sections/Section met all") {
		t.Errorf("section: %+v", m)
	}
}

// PuTTY as it was published, and changed after it was signed.
func TestPuTTY(t *testing.T) {
	m := source.NewMem(source.Windows)
	for _, name := range []string{"putty.exe", "putty_modified.exe"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "shared", "corpus", "evidence", "pe", "saferwall-pe", name))
		if err != nil {
			t.Skip("the shared corpus is absent: ", err)
		}
		m.Add(`C:\`+name, string(b))
	}
	const signed = "PEInfo/DigitalSignature/CertificateSubject is Simon Tatham\n"
	got := verdicts(t, m, map[string]string{
		"sound":   signed + "FileName is putty.exe\nPEInfo/DigitalSignature/SignatureVerified is false",
		"changed": signed + "FileName is putty_modified.exe\nPEInfo/DigitalSignature/SignatureVerified is false\nPEInfo/DetectedAnomalies/string is checksum_mismatch",
	})
	if got["sound"].Verdict != "undetermined" || got["changed"].Verdict != "matched" {
		t.Errorf("sound: %s, changed: %s", got["sound"].Verdict, got["changed"].Verdict)
	}
}
