package ioc

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

// value writes a value as short as the tables below want it.
func value(t testing.TB, kind Kind, s string) Value {
	t.Helper()
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("value %q: %v", s, err)
		}
	}
	switch kind {
	case Int, Duration:
		n, err := strconv.ParseUint(s, 0, 64)
		fail(err)
		return Value{Kind: kind, Key: n}
	case Float:
		f, err := strconv.ParseFloat(s, 64)
		fail(err)
		return FloatValue(f)
	case Time:
		at, err := time.Parse(time.RFC3339Nano, s)
		fail(err)
		return TimeValue(at)
	case Digest:
		if s == "" {
			return DigestValue("")
		}
		p, err := NewPattern(Digest, Is, s, false)
		fail(err)
		return DigestValue(p.Text())
	case Address:
		if a, err := netip.ParseAddr(s); err == nil {
			return AddressValue(a)
		}
	case Bool:
		return BoolValue(s == "true")
	}
	return Value{Kind: kind, Str: s}
}

// TestMatch goes through section 5 of the semantics. A row lists values that
// the pattern passes, that it does not, and that leave it unknown.
func TestMatch(t *testing.T) {
	const mixed = "with case"
	const md5 = "d41d8cd98f00b204e9800998ecf8427e"
	type vs []string
	for _, c := range []struct {
		kind             Kind
		test             Test
		content          string
		with             string // mixed: preserve-case
		yes, no, unknown vs
	}{
		// strings: without case, with Unicode simple folding
		{Text, Is, "Svc.EXE", "", vs{"svc.exe", "SVC.EXE"}, vs{"svc.exe ", "xsvc.exe", ""}, nil},
		{Text, Is, "Svc.EXE", mixed, vs{"Svc.EXE"}, vs{"svc.exe", "SVC.EXE"}, nil},
		{Text, Contains, "ÄRGER", "", vs{"xärgerx", "ÄRGER"}, vs{"arger"}, nil},
		{Text, Contains, "ÄRGER", mixed, vs{"xÄRGERx"}, vs{"Ärger", "ärger"}, nil},
		{Text, Is, "σίσυφος", "", vs{"ΣΊΣΥΦΟΣ", "ςίςυφοσ"}, nil, nil},
		{Text, Is, "kiss", "", vs{"\u212Aiss", "KI\u017Fs"}, vs{"kiß"}, nil},
		{Text, Is, "\u212Ai\u017Fs", "", vs{"kiss", "KISS"}, nil, nil},
		{Text, Is, "\u212A", mixed, vs{"\u212A"}, vs{"k", "K"}, nil},
		{Text, Is, "straße", "", vs{"STRAẞE"}, vs{"STRASSE"}, nil}, // simple, not full folding
		{Text, Is, "İ", "", vs{"İ"}, vs{"i", "I"}, nil},
		// bytes that are no UTF-8 stay what they are
		{Text, Is, "a", "", nil, vs{"a\xff", "\xff"}, nil},
		{Text, Contains, "\uFFFD", "", vs{"x\uFFFD"}, vs{"x\xff"}, nil},
		{Text, Contains, "b", "", vs{"\xffB\xfe"}, nil, nil},

		// blanks: kept, but for is, which is tried both ways
		{Text, Contains, " /s ", "", vs{"cmd /s x"}, vs{"cmd /s", "/s"}, nil},
		{Text, StartsWith, " a", "", vs{" ab"}, vs{"ab"}, nil},
		{Text, EndsWith, " scrobj.dll", "", vs{"regsvr32 scrobj.dll"}, vs{"scrobj.dll"}, nil},
		{Text, Matches, "a ", "", vs{"xa x"}, vs{"xax"}, nil},
		{Text, Is, " a ", "", vs{" a ", "A"}, vs{" a", "a "}, nil},
		{Text, Is, "a\n\t b", "", vs{"A\n\t B"}, vs{"a b"}, nil},
		{Int, Is, " 5\n", "", vs{"5"}, vs{"6"}, nil},
		{Int, Contains, " 12 ", "", vs{"3124", "12"}, vs{"21"}, nil},
		{Int, Matches, " ^12$\n", "", vs{"12"}, vs{"123"}, nil},
		{Bool, Is, " true ", "", vs{"true"}, vs{"false"}, nil},

		// starts-with, ends-with
		{Text, StartsWith, "AB", "", vs{"abc", "ab"}, vs{"cab", "a", ""}, nil},
		{Text, EndsWith, "BC", mixed, vs{"aBC"}, vs{"abc", "BCa"}, nil},

		// matches: unanchored, dot matches newline, the habits of other dialects
		{Text, Matches, "a.c", "", vs{"xA\nCx", "abc"}, vs{"ac"}, nil},
		{Text, Matches, "a.c", mixed, vs{"abc"}, vs{"ABC"}, nil},
		{Text, Matches, `^\d+\s\w*?x$`, "", vs{"12 aX"}, vs{"a 12 ax"}, nil},
		{Text, Matches, `\-\/\_\"\,\:`, "", vs{`a-/_",:`}, vs{"a"}, nil},
		{Text, Matches, `(?!foo)b.r(?<=bar)`, "", vs{"foobar"}, vs{"foobor"}, nil},
		{Text, Matches, `(a)\1`, "", vs{"xaa"}, vs{"aba"}, nil},
		{Text, Matches, `(?=x)[[:alpha:]]+$`, "", vs{"1xyz"}, vs{"1xyz\n", "x1"}, nil},
		{Text, Matches, `(?P<n>a)(?=b)`, "", vs{"ab"}, vs{"ac"}, nil},
		{Text, Matches, `(?i)A(?-i)B`, mixed, vs{"aB", "AB"}, vs{"ab"}, nil},
		{Text, Matches, "k", "", vs{"\u212A"}, nil, nil},
		{Text, Matches, `\x41\xe9`, "", vs{"Aé"}, vs{"A\xe9"}, nil},
		{Text, Matches, ".", "", vs{"a", "\n", ""}, nil, nil}, // the value is present
		{Text, Matches, " . ", "", vs{"a", ""}, nil, nil},
		{Path, Matches, "/etc/.*", "", vs{"/etc/passwd"}, vs{`\etc\passwd`}, nil},
		{Path, Matches, `c:\\temp`, "", vs{`C:\TEMP\x`}, vs{"C:/TEMP"}, nil},

		// paths: both separators, a separator at the end of a folder
		{Path, Is, `C:\Windows/x.EXE`, "", vs{`c:\windows\X.exe`, "C:/WINDOWS/x.exe"}, vs{`c:\windows\x`}, nil},
		{Path, Is, `C:\Windows/x.EXE`, mixed, vs{`C:/Windows\x.EXE`}, vs{`c:\windows\x.exe`}, nil},
		{Path, Is, `C:\Temp\`, "", vs{`C:\Temp`, `C:\Temp\`}, vs{`C:\Tempx`}, nil},
		{Path, Is, `C:\`, "", vs{`c:/`}, vs{"C:"}, nil},
		{Path, Is, "/", "", vs{`\`, "/"}, vs{""}, nil},
		{Path, Contains, `\Temp`, "", vs{"/temp/x", `c:\TEMP`}, vs{"temp"}, nil},
		{Path, EndsWith, "/b.dll", "", vs{`a\B.dll`}, vs{"ab.dll"}, nil},
		{Text, Contains, `\a`, "", nil, vs{"/a"}, nil}, // only paths have separators

		// variables
		{Path, Is, `%TEMP%\a.exe`, "", vs{`C:\Users\Bob\AppData\Local\Temp\A.exe`, `d:\windows\temp\a.exe`, `\temp\a.exe`, `%temp%/a.exe`},
			vs{`C:\Users\Bob\a.exe`, `C:\Temp\b\a.exe`, `C:\Temp\a.exe.txt`, `C:\x\Temp\a.exe`}, nil},
		{Path, Is, `%TEMP%\`, "", vs{`C:\Windows\Temp`}, vs{`C:\Windows\Temp\x`}, nil},
		{Path, StartsWith, `%SystemRoot%\System32\`, "", vs{`C:\WINDOWS\system32\x`, `\winnt\SYSTEM32\x`}, vs{`C:\a\windows\system32\x`, `c:\windows\syswow64\x`}, nil},
		{Path, Contains, `%appdata%/x`, "", vs{`C:\Users\Bob\AppData\Roaming\xy`, `C:\Documents and Settings\Bob\Application Data\X`}, vs{`C:\Users\a\b\AppData\Roaming\xy`}, nil},
		{Path, EndsWith, `%windir%\a`, "", vs{`c:\windows\a`}, vs{`c:\windows\ab`}, nil},
		{Path, Is, `%WINDIR%\Fonts\a`, mixed, vs{`c:\WINDOWS\Fonts/a`, `C:\Windows\Fonts\a`}, vs{`c:\windows\fonts\a`}, nil},
		{Path, Is, `%SystemDrive%\a.txt`, "", vs{`Q:\a.txt`}, vs{`\b.txt`, `c:\x\a.txt`}, nil},
		{Path, Is, `%NoSuch%\a`, "", vs{`%nosuch%\a`}, vs{`c:\a`}, nil},
		{Text, Contains, `%TEMP%\a`, "", vs{`x%temp%\A`}, vs{`c:\temp\a`}, nil},
		{Path, EndsWith, "100%", "", vs{"a100%"}, vs{"a100"}, nil},

		// integers: decimal or hexadecimal, 64 bits
		{Int, Is, "0x7B", "", vs{"123"}, vs{"0x7b7b"}, nil},
		{Int, Is, "+5", "", vs{"5"}, nil, nil},
		{Int, Is, "007", "", vs{"7"}, nil, nil},
		{Int, Is, "5.0", "", vs{"5"}, vs{"50"}, nil},
		{Int, Is, "18446744073709551615", "", vs{"0xffffffffffffffff"}, vs{"0"}, nil},
		{Int, Is, "18446744073709551616", "", nil, vs{"0", "0xffffffffffffffff"}, nil},
		{Int, Is, "-1", "", nil, vs{"0", "1", "0xffffffffffffffff"}, nil},
		{Int, Is, "-0", "", vs{"0"}, vs{"1"}, nil},
		{Int, GreaterThan, "5", "", vs{"6"}, vs{"5", "4"}, nil},
		{Int, LessThan, "5", "", vs{"4", "0"}, vs{"5", "6"}, nil},
		{Int, LessThan, "0", "", nil, vs{"0", "1"}, nil},
		{Int, GreaterThan, "18446744073709551615", "", nil, vs{"0", "0xffffffffffffffff"}, nil},
		{Int, GreaterThan, "-1", "", vs{"0", "5"}, nil, nil},
		{Int, LessThan, "-1", "", nil, vs{"0", "5"}, nil},
		{Int, LessThan, "99999999999999999999", "", vs{"0", "0xffffffffffffffff"}, nil, nil},
		{Int, GreaterThan, "99999999999999999999", "", nil, vs{"0", "0xffffffffffffffff"}, nil},
		{Int, Contains, "23", "", vs{"12345"}, vs{"45", "0x23"}, nil},
		{Int, Contains, "0x7b", "", nil, vs{"123"}, nil},
		{Int, StartsWith, "12", "", vs{"123"}, vs{"312"}, nil},
		{Int, Matches, "^1.3$", "", vs{"123"}, vs{"1234"}, nil},

		// ranges
		{Int, Is, "5 TO 7", "", vs{"5", "6", "7"}, vs{"4", "8"}, nil},
		{Int, Is, "[5 TO 7]", "", vs{"5", "7"}, vs{"4", "8"}, nil},
		{Int, Is, "[ 0x5  TO  0x7 ]", "", vs{"5", "7"}, vs{"4", "8"}, nil},
		{Int, Is, "7 TO 5", "", vs{"5", "6", "7"}, vs{"4", "8"}, nil},
		{Int, Is, "-5 TO 2", "", vs{"0", "2"}, vs{"3"}, nil},
		{Int, Is, "2 TO -5", "", vs{"0", "2"}, vs{"3"}, nil},
		{Int, Is, "3 TO 99999999999999999999", "", vs{"3", "0xffffffffffffffff"}, vs{"2"}, nil},
		{Int, Is, "-5 TO 99999999999999999999", "", vs{"0", "0xffffffffffffffff"}, nil, nil},
		{Int, Is, "-9 TO -5", "", nil, vs{"0", "5"}, nil},
		{Text, Is, "a TO b", "", vs{"A to B"}, vs{"a", "b"}, nil},
		{Float, Is, "1.5 TO 2.5", "", vs{"1.5", "2", "2.5"}, vs{"1.4", "2.6"}, nil},

		// floats: rounded to the digits given
		{Float, Is, "4.42391646588", "", vs{"4.4239164658812", "4.4239164658789"}, vs{"4.42391646589", "4.4239164659"}, nil},
		{Float, Is, "0.0", "", vs{"0", "0.04", "-0.01"}, vs{"0.06"}, nil},
		{Float, Is, "7", "", vs{"7", "7.4", "6.5"}, vs{"7.5", "6.4"}, nil},
		{Float, Is, "7.923126106310001", "", vs{"7.923126106310001"}, vs{"7.92312610632"}, nil},
		{Float, Is, "0.30000000000000004", "", vs{"0.30000000000000004"}, vs{"0.3001"}, nil},
		{Float, Is, "1e3", "", vs{"1000"}, vs{"1000.4"}, nil},
		{Float, GreaterThan, "7", "", vs{"7.4", "8"}, vs{"7", "6.9"}, nil}, // but strict as numbers
		{Float, GreaterThan, "6.5", "", vs{"6.50001"}, vs{"6.5"}, nil},
		{Float, LessThan, "7", "", vs{"6.6", "-8"}, vs{"7", "7.1"}, nil},
		{Float, LessThan, "0", "", vs{"-0.1"}, vs{"0"}, nil},
		{Float, Is, "-1.5", "", vs{"-1.5", "-1.52"}, vs{"1.5"}, nil},

		// dates: at the precision given
		{Time, Is, "2012-05-06", "", vs{"2012-05-06T00:00:00Z", "2012-05-06T23:59:59.9999999Z"}, vs{"2012-05-05T23:59:59.9Z", "2012-05-07T00:00:00Z"}, nil},
		{Time, Is, "2012-05-06T07:08:09Z", "", vs{"2012-05-06T07:08:09Z", "2012-05-06T07:08:09.9999999Z"}, vs{"2012-05-06T07:08:10Z", "2012-05-06T07:08:08.9Z"}, nil},
		{Time, Is, "2012-05-06T07:08:09", "", vs{"2012-05-06T07:08:09.5Z"}, vs{"2012-05-06T05:08:09Z"}, nil},
		{Time, Is, "2012-05-06 07:08:09", "", vs{"2012-05-06T07:08:09Z"}, nil, nil},
		{Time, Is, "2012-05-06T07:08:09+02:00", "", vs{"2012-05-06T05:08:09Z"}, vs{"2012-05-06T07:08:09Z"}, nil},
		{Time, Is, "2012-05-06T07:08:09-0130", "", vs{"2012-05-06T08:38:09Z"}, nil, nil},
		{Time, Is, "2012-05-06T07:08:09+02", "", vs{"2012-05-06T05:08:09Z"}, nil, nil},
		{Time, Is, "2012-05-06T07:08", "", vs{"2012-05-06T07:08:59.9Z"}, vs{"2012-05-06T07:09:00Z"}, nil},
		{Time, Is, "2012-05-06T07:08:09.12Z", "", vs{"2012-05-06T07:08:09.129Z"}, vs{"2012-05-06T07:08:09.13Z", "2012-05-06T07:08:09Z"}, nil},
		{Time, Is, "2012-05-06T07:08:09,5Z", "", vs{"2012-05-06T07:08:09.59Z"}, vs{"2012-05-06T07:08:09.6Z"}, nil},
		{Time, Is, "2012-05-06T07:08:09.123456789Z", "", vs{"2012-05-06T07:08:09.1234567Z"}, vs{"2012-05-06T07:08:09.1234568Z"}, nil},
		{Time, Is, "20120506070809.000000+120", "", vs{"2012-05-06T05:08:09Z"}, vs{"2012-05-06T07:08:09Z"}, nil},
		{Time, Is, "20120506070809.000000-060", "", vs{"2012-05-06T08:08:09Z"}, nil, nil},
		{Time, Is, "2012-05-06 TO 2012-05-08", "", vs{"2012-05-06T00:00:00Z", "2012-05-08T23:59:59Z"}, vs{"2012-05-05T23:59:59Z", "2012-05-09T00:00:00Z"}, nil},
		{Time, Is, "[2012-05-08 TO 2012-05-06]", "", vs{"2012-05-06T00:00:00Z", "2012-05-08T23:59:59Z"}, vs{"2012-05-09T00:00:00Z"}, nil},
		{Time, GreaterThan, "2012-05-06", "", vs{"2012-05-07T00:00:00Z"}, vs{"2012-05-06T23:59:59.9Z"}, nil},
		{Time, LessThan, "2012-05-06", "", vs{"2012-05-05T23:59:59.9Z"}, vs{"2012-05-06T00:00:00Z"}, nil},
		{Time, GreaterThan, "2012-05-06T07:08:09Z", "", vs{"2012-05-06T07:08:10Z"}, vs{"2012-05-06T07:08:09.9Z"}, nil},
		{Time, Is, "1600-01-01", "", vs{"1600-01-01T12:00:00Z"}, vs{"1601-01-01T00:00:00Z"}, nil},
		{Time, LessThan, "1980-01-01", "", vs{"1601-01-01T00:00:00Z", "0001-01-01T00:00:00Z"}, nil, nil},
		{Time, Contains, "2012-05", "", vs{"2012-05-06T07:08:09Z"}, vs{"2012-06-05T07:08:09Z"}, nil},

		// durations
		{Duration, Is, "90", "", vs{"90"}, vs{"91"}, nil},
		{Duration, Is, "PT1M30S", "", vs{"90"}, vs{"91"}, nil},
		{Duration, Is, "P1DT2H", "", vs{"93600"}, nil, nil},
		{Duration, Is, "P2W", "", vs{"1209600"}, nil, nil},
		{Duration, GreaterThan, "PT1H", "", vs{"3601"}, vs{"3600"}, nil},
		{Duration, Is, "PT1M TO PT2M", "", vs{"60", "120"}, vs{"59", "121"}, nil},

		// booleans
		{Bool, Is, "TRUE", "", vs{"true"}, vs{"false"}, nil},
		{Bool, Is, "yes", "", vs{"true"}, vs{"false"}, nil},
		{Bool, Is, "0", "", vs{"false"}, vs{"true"}, nil},
		{Bool, Contains, "RU", mixed, vs{"true"}, vs{"false"}, nil},

		// addresses: parsed for is, text for the rest
		{Address, Is, "10.0.0.1", "", vs{"10.0.0.1", "::ffff:10.0.0.1"}, vs{"10.0.0.10", "localhost", ""}, nil},
		{Address, Is, "::FFFF:10.0.0.1", "", vs{"10.0.0.1"}, nil, nil},
		{Address, Is, "FE80:0:0::1", "", vs{"fe80::1", "fe80::1%eth0"}, vs{"fe80::2"}, nil},
		{Address, Is, " 10.0.0.1 ", "", vs{"10.0.0.1"}, nil, nil},
		{Address, Contains, "72.55.", "", vs{"72.55.1.2", "1.72.55.2"}, vs{"72.5.5.1"}, nil},
		{Address, Contains, "FE80", mixed, vs{"fe80::1"}, vs{"10.0.0.1"}, nil},
		{Address, Is, "0.0.0.0", "", vs{"0.0.0.0"}, vs{""}, nil},

		// hashes
		{Digest, Is, " " + strings.ToUpper(md5) + "\n", "", vs{md5}, vs{md5[:30] + "00", ""}, nil},
		{Digest, Is, strings.ToUpper(md5), mixed, vs{md5}, nil, nil},
		{Digest, Contains, "D41D8CD9", mixed, vs{md5}, vs{"00"}, nil},
		{Digest, StartsWith, "D41D", "", vs{md5}, vs{"00d41d"}, nil},

		// numbers in text only where numbers are asked for
		{Text, Is, "123", "", vs{"123"}, vs{"0x7b", "123.0", "0123"}, nil},
		{Text, GreaterThan, "9", "", vs{"10", " 9.5 ", "1e3"}, vs{"9", "9.0", "-10", "-0"}, vs{"abc", "", "0x10", "inf", "NaN", "10 a", "1_0"}},
		{Text, LessThan, " 2.50 ", "", vs{"2.49", "-3"}, vs{"2.5", "2.51"}, vs{"x"}},
		{Text, LessThan, "0", "", vs{"-1"}, vs{"-0", "0"}, nil},
	} {
		p, err := NewPattern(c.kind, c.test, c.content, c.with == mixed)
		if err != nil {
			t.Errorf("kind %d %s %q: %v", c.kind, c.test, c.content, err)
			continue
		}
		for want, values := range map[Truth][]string{True: c.yes, False: c.no, Unknown: c.unknown} {
			for _, s := range values {
				if got := p.Match(value(t, c.kind, s)); got != want {
					t.Errorf("kind %d %s %q %s: %q is %s, want %s", c.kind, c.test, c.content, c.with, s, got, want)
				}
			}
		}
	}
}

// TestUnreadableContent lists what no value can be read from: such a condition
// is unknown, never false.
func TestUnreadableContent(t *testing.T) {
	for _, c := range []struct {
		kind     Kind
		test     Test
		contents []string
	}{
		{Text, Is, []string{"", " ", "\n\t", "\u00a0"}},
		{Text, Contains, []string{"", " "}},
		{Text, Matches, []string{"", "(", "a)", "[", `\h`, "a++", "*", "(?<"}},
		{Text, NoTest, []string{"a"}},
		{Text, GreaterThan, []string{"a", "0x10", "inf", "nan", "1 TO 2", "-", "."}},
		{Text, Test(99), []string{"a"}},
		{Int, Is, []string{"a", "0x", "0xg", "1.5", "1,024", "5 MB", "5 TO", "TO 5", "* TO 5", "5 to 7", "[5 TO 7", "{5 TO 7}", "0x-5", "1_000", "inf", "--5"}},
		{Int, GreaterThan, []string{"5 TO 7", "a"}},
		{Float, Is, []string{"nan", "inf", "-Inf", "1e999", "1,5", "a"}},
		{Time, Is, []string{"06.05.2012", "2012", "2012-13-01", "2012-02-30", "yesterday", "12:00", "2012-05-06T25:00:00Z",
			"20120506070809.000000", "20120506070809.000000x120", "20121306070809.000000+120", "2012-05-06 TO x"}},
		{Duration, Is, []string{"P", "PT", "P1DT", "P1Y", "P1M", "PT1D", "-PT1S", "PNAND", "PINFD", "PT1e400S", "PTS", "1h", "P1", "P0X1P2D"}},
		{Digest, Is, []string{"xyz", "d41", "hello world", "d41d8cd98f00b204e9800998ecf8427g"}},
		{Digest, GreaterThan, []string{"d41d"}},
		{Address, Is, []string{"evil.com", "10.0.0.0/8", "10.0.0", "10.0.0.1:80", "010.0.0.1", "1.2.3.4 TO 1.2.3.9"}},
		{Address, LessThan, []string{"10.0.0.1"}},
		{Bool, Is, []string{"maybe", "2", "t"}},
		{Bool, GreaterThan, []string{"true"}},
	} {
		for _, s := range c.contents {
			if p, err := NewPattern(c.kind, c.test, s, false); err == nil {
				t.Errorf("kind %d %s %q: read as %+v", c.kind, c.test, s, p)
			} else if msg := err.Error(); len(msg) > 400 || strings.ContainsAny(msg, "\n\r") {
				t.Errorf("kind %d %s %q: message %q", c.kind, c.test, s, msg)
			}
		}
	}
}

func TestPatternNotices(t *testing.T) {
	for _, c := range []struct {
		kind    Kind
		content string
		notice  string // a part; empty: none
	}{
		{Int, "5 TO 7", ""},
		{Int, "7 TO 5", "reverse"},
		{Int, "2 TO -5", "reverse"},
		{Time, "2012-05-08 TO 2012-05-06", "reverse"},
		{Path, `%TEMP%\a`, ""},
		{Path, `%FOO%\a`, "%FOO%"},
		{Path, "50%", ""},
		{Text, `%FOO%\a`, ""},
	} {
		p, err := NewPattern(c.kind, Is, c.content, false)
		if err != nil || (p.Notice() == "") != (c.notice == "") || !strings.Contains(p.Notice(), c.notice) {
			t.Errorf("%q: %v, %v", c.content, p, err)
		}
	}
}

// TestOverlaps: contents exclude each other exactly if no value passes both.
func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		a, b string
		want bool
	}{
		{Text, "a", "A", true},
		{Text, "a", " a ", true},
		{Text, "a", "b", false},
		{Text, "k", "\u212A", true},
		{Path, `c:\x`, "C:/X", true},
		{Path, `c:\x\`, "C:/X", true},
		{Path, `c:\x`, `c:\y`, false},
		{Path, `%TEMP%\a`, `%windir%\temp\a`, true},
		{Path, `%TEMP%\a`, `%TEMP%\b`, false},
		{Path, `%TEMP%\a`, `C:\windows\temp\a`, true},
		{Path, `%TEMP%\a`, `C:\windows\temp\b`, false},
		{Path, `C:\windows\temp\b`, `%TEMP%\a`, false},
		{Path, `%TEMP%`, `%TEMP%\b`, true}, // cannot be told: not split
		{Int, "5", "0x5", true},
		{Int, "5", "6", false},
		{Int, "1 TO 5", "5 TO 9", true},
		{Int, "1 TO 5", "6 TO 9", false},
		{Time, "2012-05-06", "2012-05-06T07:08:09Z", true},
		{Time, "2012-05-06", "2012-05-07", false},
		{Float, "1.5", "1.52", true},
		{Bool, "true", "1", true},
		{Bool, "true", "no", false},
		{Address, "10.0.0.1", "::ffff:10.0.0.1", true},
		{Address, "10.0.0.1", "10.0.0.2", false},
		{Digest, "00ff", "00FF", true},
		{Digest, "00ff", "00fe", false},
	} {
		a, err1 := NewPattern(c.kind, Is, c.a, false)
		b, err2 := NewPattern(c.kind, Is, c.b, false)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if a.Overlaps(b) != c.want || b.Overlaps(a) != c.want {
			t.Errorf("%q and %q: %v, %v, want %v", c.a, c.b, a.Overlaps(b), b.Overlaps(a), c.want)
		}
	}
	a, _ := NewPattern(Text, Is, "a", true)
	b, _ := NewPattern(Text, Is, "A", true)
	c, _ := NewPattern(Text, Is, "A", false)
	if a.Overlaps(b) || !a.Overlaps(c) || !c.Overlaps(b) {
		t.Error("preserve-case: a and A exclude each other only where both keep their case")
	}
}

// TestRegexGivesUp: a pattern that backtracks for ever costs a bounded time,
// on one value and on any number of them, and stays unknown.
func TestRegexGivesUp(t *testing.T) {
	t.Parallel()
	r, err := NewRegex(`^(?=a)(a+)+$`, false)
	if err != nil || r.Linear() != nil {
		t.Fatalf("%v %v", r, err)
	}
	bad := strings.Repeat("a", 40) + "!"
	for i := range 10_000 { // more than an hour if each took its time
		if got := r.Match(bad); got != Unknown {
			t.Fatalf("match %d: %s", i, got)
		}
	}
}

func TestRegexBytes(t *testing.T) {
	for _, c := range []struct {
		pattern string
		bytes   bool
		yes, no string
	}{
		{`\x4d\x5a\x90`, true, "..MZ\x90", "MZ\xc2"},
		{`\xe9t\xe9`, true, "\xc9t\xe9", "été"},
		{`(?=\xff)\xff\x00`, true, "\xff\x00", "\x00\xff"},
		{`\\x41`, false, `a\x41`, "A"},
		{`a\d`, false, "a1", "a"},
	} {
		r, err := NewRegex(c.pattern, false)
		if err != nil {
			t.Fatal(err)
		}
		if r.NamesBytes() != c.bytes {
			t.Errorf("%q: names bytes %v", c.pattern, r.NamesBytes())
		}
		if r.MatchLatin1([]byte(c.yes)) != True || r.MatchLatin1([]byte(c.no)) != False {
			t.Errorf("%q: %q %s, %q %s", c.pattern, c.yes, r.MatchLatin1([]byte(c.yes)), c.no, r.MatchLatin1([]byte(c.no)))
		}
	}
}

func TestKeysAreOrdered(t *testing.T) {
	floats := []float64{math.Inf(-1), -1e300, -1.5, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1.5, 1e300, math.Inf(1)}
	for i, f := range floats {
		if got := keyFloat(floatKey(f)); got != f {
			t.Errorf("%v comes back as %v", f, got)
		}
		if i > 0 && floatKey(floats[i-1]) >= floatKey(f) {
			t.Errorf("%v is not below %v", floats[i-1], f)
		}
	}
	times := []string{"0001-01-01T00:00:00Z", "1600-12-31T23:59:59.9999999Z", "1601-01-01T00:00:00Z", "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"}
	for i, s := range times {
		v := value(t, Time, s)
		if v.String() != s {
			t.Errorf("%s comes back as %s", s, v)
		}
		if i > 0 && value(t, Time, times[i-1]).Key >= v.Key {
			t.Errorf("%s is not below %s", times[i-1], s)
		}
	}
}

func TestTruth(t *testing.T) {
	if !(False < Unknown && Unknown < True) {
		t.Error("AND is the smaller and OR the larger of two")
	}
	for truth, not := range map[Truth]Truth{False: True, Unknown: Unknown, True: False} {
		if truth.Not() != not {
			t.Errorf("not %s is %s", truth, truth.Not())
		}
	}
	if TruthOf(true) != True || TruthOf(false) != False || fmt.Sprint(False, Unknown, True) != "false unknown true" {
		t.Error("TruthOf or String")
	}
}
