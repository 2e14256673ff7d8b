package report

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"iocscan/scan"
)

// convert replays a report into another format.
func convert(text []byte, make func(io.Writer) scan.Sink) ([]byte, error) {
	var b bytes.Buffer
	err := Replay(bytes.NewReader(text), make(&b))
	return b.Bytes(), err
}

// sameText fails where two reports differ.
func sameText(t *testing.T, want, got []byte) {
	t.Helper()
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
}

func roundTrips(t *testing.T, r *scan.Result) {
	t.Helper()
	asJSON, asLines := told(t, r, JSON), told(t, r, JSONL)
	for _, c := range []struct {
		name string
		from []byte
		to   func(io.Writer) scan.Sink
		want []byte
	}{
		{"json to json", asJSON, JSON, asJSON},
		{"jsonl to json", asLines, JSON, asJSON},
		{"jsonl to jsonl", asLines, JSONL, asLines},
		{"json to csv", asJSON, CSV, told(t, r, CSV)},
	} {
		got, err := convert(c.from, c.to)
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, c.from)
		}
		sameText(t, c.want, got)
	}
}

func TestReplay(t *testing.T) { roundTrips(t, canonical()) }

// keep holds a result as it is told.
type keep struct {
	result  *scan.Result
	matches int
	began   bool
}

func (k *keep) Begin(h *scan.Header) error {
	k.began = h.Scan.Finished == nil && h.Scan.Status == ""
	return nil
}
func (k *keep) Match(*scan.Match) error     { k.matches++; return nil }
func (k *keep) Trouble(*scan.Trouble) error { return nil }
func (k *keep) End(r *scan.Result) error    { k.result = r; return nil }

func TestReplayRestoresBytes(t *testing.T) {
	want := canonical()
	for name, text := range map[string][]byte{"json": told(t, want, JSON), "jsonl": told(t, want, JSONL)} {
		var k keep
		if err := Replay(bytes.NewReader(text), &k); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !k.began || k.matches != 4 {
			t.Errorf("%s: header at its beginning %v, matches %d", name, k.began, k.matches)
		}
		want := normal(reflect.ValueOf(*want)).Interface()
		all := cmp.Exporter(func(reflect.Type) bool { return true })
		if diff := cmp.Diff(want, normal(reflect.ValueOf(*k.result)).Interface(), all); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// normal is a copy in which empty lists are nil.
func normal(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(normal(v.Field(i)))
			}
		}
	case reflect.Slice:
		out.SetZero()
		for i := range v.Len() {
			out.Set(reflect.Append(out, normal(v.Index(i))))
		}
	}
	return out
}

// random fills a value with anything the types allow, with a liking for what
// is hard to write.
func random(r *rand.Rand, v reflect.Value) {
	switch {
	case v.Type() == rawType:
		events := []string{"", `{}`, `{"a":[1,2.50,"\u200b"],"b":{"c":null}}`, `"x"`, "{\"raw\":\"\u202e \x7f\"}", "{\"bad\":\"\xff\"}", "no json", "no \xff json\x00", ` { "blank" : [ ] } `,
			strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100)}
		v.SetBytes([]byte(events[r.IntN(len(events))]))
		return
	case v.Type() == fieldsType:
		for _, term := range []string{"FileItem/FullPath", "FileItem/Größe", "odd \"term\"\n"}[:r.IntN(4)] {
			f := reflect.New(v.Type().Elem()).Elem()
			f.Field(0).SetString(term)
			random(r, f.Field(1))
			v.Set(reflect.Append(v, f))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				random(r, v.Field(i))
			}
		}
	case reflect.Slice:
		for range r.IntN(4) {
			e := reflect.New(v.Type().Elem()).Elem()
			random(r, e)
			v.Set(reflect.Append(v, e))
		}
	case reflect.Pointer:
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			random(r, v.Elem())
		}
	case reflect.String:
		pieces := []string{"a", "Z", " ", "\\", "\"", "/", "\x00", "\x1b[0m", "\n", "\r\n", "\t", "\x7f", "\u0085", "\u00e9", "\xe9", "\xed\xa0\x80", "\ufffd",
			"\u2028", "\u202e", "\U0001F480", "\U000E0041", "<&>", "=", "\\u{1b}", "\\u00", "\ufeff"}
		var b strings.Builder
		for range r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		v.SetString(b.String())
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64))
	case reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	case reflect.Float64:
		v.SetFloat(r.NormFloat64() * 1e6)
	default:
		panic(v.Type())
	}
}

func TestReplayRandom(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		var result scan.Result
		random(r, reflect.ValueOf(&result).Elem())
		result.Schema = scan.SchemaName
		// What a scan promises: the order of troubles.
		result.Troubles = sortTroubles(result.Troubles)
		roundTrips(t, &result)
	}
}

func TestReplayInterrupted(t *testing.T) {
	whole := told(t, canonical(), JSONL)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	upTo := func(n int) []byte { return bytes.Join(lines[:n], nil) }
	for _, c := range []struct {
		name         string
		text         []byte
		iocs, exit   int
		matches      int
		firstVerdict string
	}{
		{"header only", upTo(1), 0, 3, 0, ""},
		{"torn first match", append(upTo(1), lines[1][:40]...), 0, 3, 0, ""},
		{"one match", upTo(2), 1, 1, 1, "matched"},
		{"torn in the second", append(upTo(3), lines[3][:len(lines[3])-2]...), 1, 1, 1, "matched"},
		{"whole second without its line feed", append(upTo(3), lines[3][:len(lines[3])-1]...), 2, 1, 2, "matched"},
		{"torn to a block of zeros", append(upTo(2), make([]byte, 512)...), 1, 1, 1, "matched"},
		{"all matches", upTo(9), 3, 1, 4, "matched"},
		{"within the IOC lines", upTo(12), 5, 1, 4, "matched"},
		{"without the summary", upTo(len(lines) - 2), 8, 1, 4, "matched"},
		{"torn summary", whole[:len(whole)-20], 8, 1, 4, "matched"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k keep
			if err := Replay(bytes.NewReader(c.text), &k); err != nil {
				t.Fatal(err)
			}
			r := k.result
			listed := 0
			for i := range r.IOCs {
				listed += len(r.IOCs[i].Matches)
			}
			if r.Scan.Status != "interrupted" || r.Scan.Finished != nil || len(r.IOCs) != c.iocs || r.Summary.IOCs != c.iocs ||
				r.Summary.ExitStatus != c.exit || listed != c.matches || k.matches != c.matches {
				t.Errorf("status %s, %d IOCs, %d matches (%d told), summary %+v", r.Scan.Status, len(r.IOCs), listed, k.matches, r.Summary)
			}
			if c.firstVerdict != "" && r.IOCs[0].Verdict != c.firstVerdict {
				t.Errorf("verdict %s", r.IOCs[0].Verdict)
			}
			// What came out of it is a report like any other.
			roundTrips(t, r)
		})
	}
}

// A finding that the stream has in another form, or that it was never told, is
// in it at the end.
func TestStreamCatchesUp(t *testing.T) {
	r := canonical()
	var b bytes.Buffer
	s := JSONL(&b)
	head := beginning(r.Header)
	head.Scan.Scope.LeftOut = nil // became known during the scan
	early := scan.Match{IOC: scan.IOCRef{File: r.IOCs[0].File, ID: r.IOCs[0].ID, Name: r.IOCs[0].Name}, Match: r.IOCs[0].Matches[0]}
	early.Notes = nil
	if err := errors.Join(s.Begin(&head), s.Match(&early), s.End(r)); err != nil {
		t.Fatal(err)
	}
	got, err := convert(b.Bytes(), JSON)
	if err != nil {
		t.Fatal(err)
	}
	sameText(t, told(t, r, JSON), got)
}

func TestReplayRefuses(t *testing.T) {
	asJSON, asLines := string(told(t, canonical(), JSON)), string(told(t, canonical(), JSONL))
	swap := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in the report", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "empty"},
		{"blanks", " \n\n", "empty"},
		{"another file", "<html>", "line 1: neither"},
		{"a list", "[]", "line 1: neither"},
		{"UTF-16", "\xff\xfe{\x00", "UTF-16"},
		{"another object", "{}", `key "schema" is missing`},
		{"another schema", swap(asJSON, "report/1", "report/2"), "report/2"},
		{"another schema in a stream", swap(asLines, "report/1", "report/2"), "line 1:"},
		{"cut JSON", asJSON[:len(asJSON)/2], "unexpected EOF"},
		{"JSON and more", asJSON + "{}", "follows the end"},
		{"key missing", swap(asJSON, "    \"host\": \"ws-042\",\n", ""), `line 95: scan: key "host" is missing`},
		{"key unknown", swap(asJSON, `"host"`, `"hots"`), `line 13: scan: unknown key "hots"`},
		{"key twice", swap(asJSON, `"user"`, `"host"`), `key "host" is there twice`},
		{"wrong kind", swap(asJSON, `"elevated": true`, `"elevated": "yes"`), `line 15: scan: elevated: a string where true or false should be`},
		{"null list", swap(asJSON, `"keywords": []`, `"keywords": null`), `null where "[" should be`},
		{"too large", swap(asJSON, `"match_count": 12345`, `"match_count": 18446744073709551616`), "18446744073709551616 is not a number of the kind"},
		{"fraction", swap(asJSON, `"jobs": 2`, `"jobs": 2.5`), "jobs: 2.5 is not a number"},
		{"bytes that are not those shown", swap(asJSON, "L21udC9jYWbp", "L21udC9jYWbpeA=="), "does not say the same"},
		{"bytes that are text", swap(asJSON, `"path_base64": "L21udC9jYWbp"`, `"path_base64": "L21udA=="`), "is valid UTF-8"},
		{"bytes that are no base64", swap(asJSON, "L21udC9jYWbp", "***"), "illegal base64"},
		{"no header", asLines[strings.Index(asLines, "\n")+1:], "before the header"},
		{"torn header", asLines[:100], "line 1:"},
		{"broken line", swap(asLines, `{"type":"trouble"`, `{"type":"trouble`), "line 3:"},
		{"unknown type", swap(asLines, `{"type":"trouble"`, `{"type":"rumour"`), `line 3: unknown type "rumour"`},
		{"after the summary", asLines + asLines, "follows the summary"},
		{"two scans", swap(asLines, "{\"type\":\"match\"", strings.Replace(asLines[:strings.Index(asLines, "\n")], "03:04:05", "03:04:06", 1)+"\n{\"type\":\"match\""), "line 2: the header of another scan"},
		{"a match of another IOC", swap(asLines, `"match_lines":[4]`, `"match_lines":[3]`), "line 9: ioc: match line 3"},
		{"a match that is not there", swap(asLines, `"match_lines":[4]`, `"match_lines":[5]`), "match line 5"},
		{"endless line", `{"type":"` + strings.Repeat("x", maxLine), "longer than 64 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Replay(strings.NewReader(c.text), &keep{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

type failing struct{ keep }

var errSink = errors.New("sink")

func (failing) Match(*scan.Match) error { return errSink }

func TestReplayGivesTheErrorOfTheSink(t *testing.T) {
	for _, text := range [][]byte{told(t, canonical(), JSON), told(t, canonical(), JSONL)} {
		if err := Replay(bytes.NewReader(text), &failing{}); err != errSink {
			t.Errorf("error %v", err)
		}
	}
}

// A field without a key would be lost without a word.
func TestEveryFieldHasAKey(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Slice, reflect.Pointer:
			if typ != fieldsType {
				walk(typ.Elem())
			}
		case reflect.Struct:
			if seen[typ] {
				return
			}
			seen[typ] = true
			for i := range typ.NumField() {
				f := typ.Field(i)
				if f.IsExported() && !f.Anonymous && f.Tag.Get("json") == "" {
					t.Errorf("%s.%s has no key", typ, f.Name)
				}
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[scan.Result]())
	walk(reflect.TypeFor[scan.Match]())
}

// FuzzReplay: whatever is read must not panic, and what is accepted must be
// written in a form that is read as the same.
func FuzzReplay(f *testing.F) {
	for _, name := range []string{"run.json", "run.jsonl"} {
		text, err := os.ReadFile(filepath.Join(goldens, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/3])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		once, err := convert(text, JSON)
		if err != nil {
			return
		}
		twice, err := convert(once, JSON)
		if err != nil {
			t.Fatalf("%v\n%s", err, once)
		}
		if !bytes.Equal(once, twice) {
			sameText(t, once, twice)
		}
		var k keep
		if err := Replay(bytes.NewReader(text), &k); err != nil {
			t.Fatal(err)
		}
		for _, make := range []func(io.Writer) scan.Sink{JSONL, CSV, func(w io.Writer) scan.Sink { return Human(w, HumanOptions{Verbose: true, Width: 60}) }} {
			if _, err := convert(text, make); err != nil {
				t.Fatal(err)
			}
		}
	})
}
