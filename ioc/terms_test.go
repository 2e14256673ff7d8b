package ioc

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func TestVocabularyIsCSV(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(termsCSV)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	terms := Terms()
	if len(rows) != len(terms) || len(terms) < 1300 {
		t.Fatalf("%d rows, %d terms", len(rows), len(terms))
	}
	types := strings.Fields("string int uint64 float double bool date IP md5 sha1 sha256")
	states := strings.Fields("official deprecated no-host-source extension nonstandard")
	seen := map[string]bool{}
	for i, row := range rows {
		term := terms[i]
		got := []string{term.Name, term.Type, term.Platforms, term.Status, term.Alias, term.Description}
		if !slices.Equal(got, row) {
			t.Errorf("row %d: %q read as %q", i, row, got)
		}
		if !slices.Contains(types, term.Type) || !slices.Contains(states, term.Status) || !strings.Contains(term.Name, "/") {
			t.Errorf("odd term %+v", term)
		}
		low := strings.ToLower(term.Name)
		if seen[low] {
			t.Errorf("%s stands twice", term.Name)
		}
		seen[low] = true
		if term.Alias != "" {
			if meant, ok := Lookup(term.Name); !ok || meant.Name != term.Alias || meant.Alias != "" {
				t.Errorf("alias %s leads to %+v", term.Name, meant)
			}
		}
	}
}

func TestLookup(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"FileItem/Md5sum", "FileItem/Md5sum"},
		{"fileitem/MD5SUM", "FileItem/Md5sum"},
		{"FileItem/MD5", "FileItem/Md5sum"},
		{"FileItem/sha1", "FileItem/Sha1sum"},
		{"FileItem/SHA256", "FileItem/Sha256sum"},
		{"FileItem/SHA512", "FileItem/Sha512sum"},
		{"ProcessItem/HandList/Handl/Name", "ProcessItem/HandleList/Handle/Name"},
		{"eventItem/processEvent/processCmdLine", "processEvent/processCmdLine"},
		{"EVENTITEM/PROCESSEVENT/PROCESSCMDLINE", "processEvent/processCmdLine"},
		{"processEvent/processCmdLine", "processEvent/processCmdLine"},
		{"eventItem/details/detail/name", "eventItem/details/detail/name"},
		{"eventItem/FileItem/NoSuch", ""},
		{"eventItem/", ""},
		{"FileItem", ""},
		{"FileItem/NoSuch", ""},
		{"", ""},
		{strings.Repeat("x", 10000), ""},
	} {
		got, ok := Lookup(c.in)
		switch {
		case ok != (c.want != ""):
			t.Errorf("Lookup(%.60q) = %v, %v", c.in, got, ok)
		case ok && got.Name != c.want:
			t.Errorf("Lookup(%.60q) = %s, want %s", c.in, got.Name, c.want)
		}
	}
	for _, term := range []string{"FileItem/Md5sum", "fileitem/md5SUM", "eventItem/processEvent/pid"} {
		if n := testing.AllocsPerRun(100, func() { Lookup(term) }); n != 0 {
			t.Errorf("Lookup(%q) allocates %v times", term, n)
		}
	}
}

func TestSuggest(t *testing.T) {
	if got := Suggest("ProcessItem/processname"); !slices.Contains(got, "ProcessItem/name") {
		t.Errorf("Suggest(ProcessItem/processname) = %q", got)
	}
	for _, c := range []struct{ in, first string }{
		{"FileItem/Md5summ", "FileItem/Md5sum"},
		{"FileItem/FileNmae", "FileItem/FileName"},
		{`FileItem\FileName`, "FileItem/FileName"},
		{"RegistryItem/ValeName", "RegistryItem/ValueName"},
		{"FileItem/Details/FullPath", "FileItem/FullPath"},
		{"FilItem/FileName", "FileItem/FileName"},
		{"eventItem/processEvent/procesCmdLine", "processEvent/processCmdLine"},
		{"PrefetchItem/Reported", "PrefetchItem/ReportedSizeInBytes"},
	} {
		got := Suggest(c.in)
		if len(got) == 0 || got[0] != c.first || len(got) > 3 {
			t.Errorf("Suggest(%q) = %q, want %s first", c.in, got, c.first)
		}
	}
	for _, in := range []string{"", "zzz", "completely/different/thing", strings.Repeat("FileItem/", 1000)} {
		if got := Suggest(in); len(got) != 0 {
			t.Errorf("Suggest(%.40q) = %q", in, got)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		limit, want int
	}{
		{"", "", 2, 0}, {"abc", "abc", 2, 0}, {"abc", "abd", 2, 1}, {"abc", "bc", 2, 1},
		{"kitten", "sitting", 4, 3}, {"kitten", "sitting", 2, 3}, {"a", "abcdef", 2, 3},
	} {
		if got := distance(c.a, c.b, c.limit); got != c.want {
			t.Errorf("distance(%q, %q, %d) = %d, want %d", c.a, c.b, c.limit, got, c.want)
		}
	}
}

func TestDocuments(t *testing.T) {
	docs := Documents()
	if !slices.IsSorted(docs) || !slices.Contains(docs, "FileItem") || !slices.Contains(docs, "processEvent") || len(docs) < 45 {
		t.Errorf("Documents() = %q", docs)
	}
}

func BenchmarkVocabulary(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		readVocabulary()
	}
}

func BenchmarkLookup(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Lookup("FileItem/Md5sum")
	}
}

func BenchmarkSuggest(b *testing.B) {
	for b.Loop() {
		Suggest("FileItem/NoSuchTerm")
	}
}

// An open term stands for any name.
func TestOpenTerms(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"EventLogItem/EventData/CommandLine", "EventLogItem/EventData/CommandLine"},
		{"eventlogitem/eventdata/commandLINE", "EventLogItem/EventData/commandLINE"},
		{"EventLogItem/EventData/*", "EventLogItem/EventData/*"},
		{"EventLogItem/EventData/", ""},
		{"EventLogItem/EventData", ""},
		{"EventLogItem/EventData/a/b", ""},
		{"EventLogItem/UserData/x", ""},
		{"FileItem/x", ""},
	} {
		got, ok := Lookup(c.in)
		switch {
		case ok != (c.want != ""):
			t.Errorf("Lookup(%q) = %v, %v", c.in, got, ok)
		case ok && (got.Name != c.want || got.Type != "string" || got.Status != "extension"):
			t.Errorf("Lookup(%q) = %+v, want %s", c.in, got, c.want)
		}
	}
}
