package document

import (
	"strings"
	"testing"

	"iocscan/ioc"
)

func TestHostOf(t *testing.T) {
	for url, want := range map[string]string{
		"http://example.com/a?b=c://d":           "example.com",
		"https://user:pw@example.com:8443/x":     "example.com",
		"https://example.com?q=a@b":              "example.com",
		"http://[2001:db8::1]:80/":               "2001:db8::1",
		"file:///C:/x":                           "",
		"about:blank":                            "",
		"http://":                                "",
		"chrome-extension://abcdef/page.html#at": "abcdef",
	} {
		if got := hostOf(url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}

// Every term that a history answers is in the vocabulary of its document, once.
func TestHistoryTerms(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range visitFields {
		seen[f.Term] = !seen[f.Term]
	}
	for _, term := range []string{"URL", "BrowserName", "Username", "Profile", "LastVisitDate"} {
		if !seen[urlHistory+"/"+term] {
			t.Errorf("%s is not answered, or twice", term)
		}
	}
}

// What data lacks is unknown; what it has and a row has not is absent.
func TestHistoryLacks(t *testing.T) {
	row := &visit{remembered: remembered{data: &browserData{browser: "Chrome", lacks: lacking("Typed")}}, url: "http://a/"}
	for _, f := range visitFields {
		n := 0
		err := f.get(row, func(ioc.Value) bool { n++; return true })
		switch term := strings.TrimPrefix(f.Term, urlHistory+"/"); term {
		case "Typed":
			if err != errNotCarried || n > 0 {
				t.Errorf("%s: %d values, %v", term, n, err)
			}
		case "PageTitle", "VisitType", "LastVisitDate":
			if err != nil || n > 0 {
				t.Errorf("%s: %d values, %v", term, n, err)
			}
		case "BrowserName":
			if n != 2 {
				t.Errorf("%s: %d values", term, n)
			}
		}
	}
}
