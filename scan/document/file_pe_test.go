package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/pe"
	"iocscan/scan/internal/pe/petest"
	"iocscan/scan/source"
)

// tinyProgram has something of everything that PEInfo tells.
func tinyProgram() petest.Image {
	return petest.Image{
		Time: 1268786445, Subsystem: 2, Base: 0x10000000, Characteristics: 0x2102,
		Sections: []petest.Section{
			{Name: ".text", Data: []byte(strings.Repeat("\x00\x01\x02\x03", 128)), Characteristics: 0x60000020},
			{Name: "UPX1", Data: []byte(strings.Repeat("\x00\x01\x02\x03\x04\x05\x06\x07", 64)), Characteristics: 0xc0000040},
		},
		Imports:   []petest.Module{{Name: "WS2_32.dll", Functions: []string{"#115", "WSAIoctl"}}},
		Delayed:   []petest.Module{{Name: "late.dll", Functions: []string{"Later"}}},
		Exports:   &petest.Exports{DLL: "svc.dll", Time: 1268786400, Names: []string{"ServiceMain", "Install"}, Unnamed: 1},
		Resources: []petest.Resource{{Type: "10", Name: "DIOKAK", Language: 0x804, Data: []byte("payload")}},
		Versions: []petest.Version{{Language: 0x409, Strings: []string{
			"CompanyName", "Microsoft Corporation", "OriginalFilename", "svchost.exe", "FileVersion", "1.0.0.1"}}},
		Overlay: []byte("abc"),
	}
}

func TestPrograms(t *testing.T) {
	plain := tinyProgram().Bytes()
	signed := tinyProgram()
	signed.Signature = &petest.Signature{Subject: []string{"O", "Evil Inc", "CN", "Evil Signer"}, Issuer: []string{"CN", "Evil CA"}}
	forged := signed
	forged.Signature = &petest.Signature{Subject: []string{"CN", "A"}, Issuer: []string{"CN", "B"}, Wrong: true}
	bare := petest.Image{}.Bytes()
	m := source.NewMem(source.Windows).Add(`C:\plain.dll`, string(plain)).Add(`C:\signed.dll`, string(signed.Bytes())).
		Add(`C:\forged.dll`, string(forged.Bytes())).Add(`C:\bare.exe`, string(bare)).
		Add(`C:\text.txt`, strings.Repeat("MZ is not enough ", 10)).Add(`C:\empty`, "").AddDir(`C:\folder`)
	var terms []string
	for _, f := range fileProgramFields() {
		terms = append(terms, short(f.Term))
	}
	r := scan(t, m, ask{terms: terms})
	if len(r.troubles) > 0 {
		t.Error(r.troubles)
	}
	for _, name := range []string{`C:\text.txt`, `C:\empty`, `C:\folder`} {
		if it := r.items[name]; len(it.values) > 0 || len(it.errs) > 0 {
			t.Errorf("%s has %v, %v", name, it.values, it.errs)
		}
	}
	sum, err := openBytes(plain).Checksum()
	if err != nil {
		t.Fatal(err)
	}
	type values = map[string][]string
	want := values{
		"Type":                                             {"DLL"},
		"Subsystem":                                        {"WINDOWS_GUI", "IMAGE_SUBSYSTEM_WINDOWS_GUI"},
		"BaseAddress":                                      {"268435456"},
		"PETimeStamp":                                      {"2010-03-17T00:40:45Z"},
		"PEChecksum/PEFileRaw":                             {"0"},
		"PEChecksum/PEFileAPI":                             {"0"},
		"PEChecksum/PEComputedAPI":                         {fmt.Sprint(sum)},
		"ExtraneousBytes":                                  {"3"},
		"DetectedAnomalies/string":                         {"checksum_is_zero", "contains_eof_data"},
		"Sections/NumberOfSections":                        {"5"},
		"Exports/DllName":                                  {"svc.dll"},
		"Exports/ExportsTimeStamp":                         {"2010-03-17T00:40:00Z"},
		"Exports/NumberOfFunctions":                        {"3"},
		"Exports/NumberOfNames":                            {"2"},
		"Sections/ActualNumberOfSections":                  {"5"},
		"Sections/Section/Name":                            {".text", "UPX1", ".idata", ".edata", ".rsrc"},
		"Sections/Section/Type":                            {"Code", "Data", "Data", "Data", "Data"},
		"Exports/ExportedFunctions/string":                 {"ServiceMain", "Install"},
		"ImportedModules/Module/Name":                      {"WS2_32.dll", "late.dll"},
		"ImportedModules/Module/NumberOfFunctions":         {"2", "1"},
		"ImportedModules/Module/ImportedFunctions/string":  {"#115", "ord115", "WSAIoctl", "Later"},
		"VersionInfoList/VersionInfoItem/CompanyName":      {"Microsoft Corporation"},
		"VersionInfoList/VersionInfoItem/OriginalFilename": {"svchost.exe"},
		"VersionInfoList/VersionInfoItem/FileVersion":      {"1.0.0.1"},
		"VersionInfoList/VersionInfoItem/Language":         {"English (United States)"},
		"VersionInfoList/VersionInfoItem/Comments":         nil,
		"ResourceInfoList/ResourceInfoItem/Type":           {"RT_RCDATA", "RT_VERSION"},
		"ResourceInfoList/ResourceInfoItem/Name":           {"DIOKAK", "1"},
		"ResourceInfoList/ResourceInfoItem/Language":       {"Chinese (Simplified, PRC)", "English (United States)"},
		"DigitalSignature/SignatureExists":                 {"false"},
		"DigitalSignature/CertificateSubject":              nil,
	}
	it := r.items[`C:\plain.dll`]
	for term, v := range want {
		if d := cmp.Diff(v, it.values["PEInfo/"+term]); d != "" || it.errs["PEInfo/"+term] != nil {
			t.Errorf("%s: %v (-want +got)\n%s", term, it.errs["PEInfo/"+term], d)
		}
	}
	for term, v := range map[string][]string{
		"PeakCodeEntropy": {"2"},
		"PEInfo/Sections/Section/Entropy/CurveData/float": it.values["PEInfo/Sections/Section/Entropy/AverageValue"],
		"PEInfo/ResourceInfoList/ResourceInfoItem/Data":   it.values["PEInfo/ResourceInfoList/ResourceInfoItem/Data"],
	} {
		if !slices.Equal(it.values[term], v) {
			t.Errorf("%s: %v, want %v", term, it.values[term], v)
		}
	}
	if e := it.values["PEInfo/Sections/Section/Entropy/AverageValue"]; len(e) != 5 || e[0] != "2" || e[1] != "3" || !slices.Contains(e, it.values["PeakEntropy"][0]) {
		t.Errorf("entropies %v, highest %v", e, it.values["PeakEntropy"])
	}
	if d := it.values["PEInfo/ResourceInfoList/ResourceInfoItem/Data"]; len(d) != 2 || d[0] != "payload" {
		t.Errorf("resource data %q", d)
	}
	if w := it.values["PEInfo/Sections/Section/DetectedCharacteristics"]; !slices.Contains(w, "Execute") || !slices.Contains(w, "Read Execute Code") {
		t.Errorf("section words %q", w)
	}
	for name, c := range map[string]struct {
		exists, verified []string
		subject          []string
	}{
		`C:\plain.dll`:  {[]string{"false"}, nil, nil},
		`C:\signed.dll`: {[]string{"true"}, nil, []string{"CN=Evil Signer, O=Evil Inc", "Evil Signer"}},
		`C:\forged.dll`: {[]string{"true"}, []string{"false"}, []string{"CN=A"}},
	} {
		it := r.items[name]
		if got := it.values["PEInfo/DigitalSignature/SignatureExists"]; !slices.Equal(got, c.exists) {
			t.Errorf("%s: signature exists: %v", name, got)
		}
		verified := "PEInfo/DigitalSignature/SignatureVerified"
		if got := it.values[verified]; !slices.Equal(got, c.verified) || (c.verified == nil) != errors.Is(it.errs[verified], errTrust) {
			t.Errorf("%s: signature verified: %v, %v", name, got, it.errs[verified])
		}
		if got := it.values["PEInfo/DigitalSignature/CertificateSubject"]; !slices.Equal(got, c.subject) {
			t.Errorf("%s: subject: %q", name, got)
		}
	}
	// What a program has not got is absent.
	for _, term := range []string{"PeakEntropy", "PEInfo/Exports/DllName", "PEInfo/ImportedModules/Module/Name", "PEInfo/Sections/Section/Name"} {
		if it := r.items[`C:\bare.exe`]; it.values[term] != nil || it.errs[term] != nil {
			t.Errorf("%s of a bare program: %v, %v", term, it.values[term], it.errs[term])
		}
	}
}

func openBytes(b []byte) *pe.File {
	f, err := pe.Open(strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		panic(err)
	}
	return f
}

// Values of one section, module or resource carry one number.
func TestProgramElements(t *testing.T) {
	m := source.NewMem(source.Windows).Add(`C:\p.dll`, string(tinyProgram().Bytes()))
	it := itemOf(t, m, "/p.dll", Request{})
	at := func(term, value string) int32 {
		t.Helper()
		found := int32(-1)
		if err := it.Each(fieldOf(t, "PEInfo/"+term), func(v ioc.Value) bool {
			if v.String() == value {
				found = v.Elem
			}
			return true
		}); err != nil || found < 0 {
			t.Errorf("%s %q: %v", term, value, err)
		}
		return found
	}
	if a, b := at("Sections/Section/Name", "UPX1"), at("Sections/Section/Entropy/AverageValue", "3"); a != b || a != 1 {
		t.Error("sections", a, b)
	}
	if a, b := at("ImportedModules/Module/Name", "late.dll"), at("ImportedModules/Module/ImportedFunctions/string", "Later"); a != b {
		t.Error("modules", a, b)
	}
	if a, b := at("ResourceInfoList/ResourceInfoItem/Name", "DIOKAK"), at("ResourceInfoList/ResourceInfoItem/Language", "Chinese (Simplified, PRC)"); a != b {
		t.Error("resources", a, b)
	}
	for _, f := range fileProgramFields() {
		repeated := strings.Contains(f.Term, "/Section/") || strings.Contains(f.Term, "/Module/") || strings.Contains(f.Term, "Item/") && strings.Contains(f.Term, "List/")
		if f.Cost != match.Parse || repeated != (f.Element != "") || f.Element != "" && (!f.Multi || !strings.HasPrefix(f.Term, f.Element+"/")) {
			t.Errorf("%+v", f.Field)
		}
	}
}

// A file is opened once for all these fields, and closed with the item; one
// that is no program costs its first bytes.
func TestProgramsAreOpenedOnce(t *testing.T) {
	w := watch(source.NewMem(source.Windows).Add(`C:\p.dll`, string(tinyProgram().Bytes())).Add(`C:\t`, noise(1<<20)))
	for path, most := range map[string]uint64{"/p.dll": 1 << 20, "/t": 64} {
		p := &Progress{}
		it := itemOf(t, w, path, Request{Progress: p}).(*fileItem)
		for _, term := range []string{"PEInfo/Type", "PEInfo/Exports/DllName", "PeakEntropy", "PEInfo/Type"} {
			if err := it.Each(fieldOf(t, term), func(ioc.Value) bool { return true }); err != nil {
				t.Error(path, term, err)
			}
		}
		if w.opens[path] != 1 || p.Bytes() > most || p.Bytes() == 0 {
			t.Errorf("%s: %d opens, %d bytes read", path, w.opens[path], p.Bytes())
		}
		if it.close(); it.pe.file != nil || it.pe.asked {
			t.Errorf("%s is still open", path)
		}
	}
}

// Limits keep from reading whole files, not from reading their tables.
func TestLargeProgram(t *testing.T) {
	b := tinyProgram()
	b.Checksum = 7
	m := source.NewMem(source.Windows).Add(`C:\p.dll`, string(b.Bytes()))
	told := 0
	it := itemOf(t, m, "/p.dll", Request{MaxFileSize: 100, Trouble: func(_ string, err error) {
		if told++; !errors.Is(err, errTooLarge) {
			t.Error(err)
		}
	}})
	for term, want := range map[string]error{
		"PEInfo/PETimeStamp": nil, "PEInfo/Sections/Section/Name": nil, "PEInfo/ImportedModules/Module/Name": nil,
		"PeakEntropy": errTooLarge, "PEInfo/PEChecksum/PEComputedAPI": errTooLarge, "PEInfo/DetectedAnomalies/string": errTooLarge,
		"PEInfo/Sections/Section/Entropy/AverageValue": errTooLarge,
	} {
		if err := it.Each(fieldOf(t, term), func(ioc.Value) bool { return true }); !errors.Is(err, want) {
			t.Errorf("%s: %v", term, err)
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// Damage leaves unknown what it destroys, says so, and leaves the rest.
func TestDamagedProgram(t *testing.T) {
	whole := tinyProgram().Bytes()
	r := scan(t, source.NewMem(source.Windows).Add(`C:\cut.dll`, string(whole[:0x500])),
		ask{terms: []string{"PEInfo/PETimeStamp", "PEInfo/Sections/Section/Name", "PEInfo/Exports/DllName", "PEInfo/ImportedModules/Module/Name", "PEInfo/DetectedAnomalies/string"}})
	it := r.items[`C:\cut.dll`]
	if got := it.values["PEInfo/PETimeStamp"]; !slices.Equal(got, []string{"2010-03-17T00:40:45Z"}) {
		t.Error(got)
	}
	if got := it.values["PEInfo/DetectedAnomalies/string"]; !slices.Contains(got, pe.OversizedSection) || !slices.Contains(got, pe.CorruptedImports) {
		t.Error(got)
	}
	for _, term := range []string{"PEInfo/Exports/DllName", "PEInfo/ImportedModules/Module/Name"} {
		if !errors.Is(it.errs[term], pe.ErrDamaged) {
			t.Error(term, it.errs[term])
		}
	}
	if len(r.troubles[`C:\cut.dll`]) != 2 {
		t.Errorf("%q", r.troubles)
	}
}

// An ended scan is no trouble of a file.
func TestProgramsEndWithTheScan(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	m := source.NewMem(source.Windows).Add(`C:\p.dll`, string(tinyProgram().Bytes()))
	it := itemOf(t, m, "/p.dll", Request{Trouble: func(_ string, err error) { t.Error(err) }}).(*fileItem)
	it.content.ctx = ctx
	cancel()
	if err := it.Each(fieldOf(t, "PEInfo/Type"), func(ioc.Value) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
