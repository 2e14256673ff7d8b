package document

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func wide(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		b.WriteByte(0)
	}
	return b.String()
}

func stringsOf(content string, block int) []string {
	var out []string
	s := newStringScan(func(b []byte) bool { out = append(out, string(b)); return true })
	for b := []byte(content); len(b) > 0; {
		n := min(block, len(b))
		s.block(b[:n])
		b = b[n:]
	}
	s.end()
	slices.Sort(out)
	return out
}

func TestStrings(t *testing.T) {
	long := strings.Repeat("x", longestString)
	for _, c := range []struct {
		content string
		want    []string
	}{
		{"", nil},
		{"abc", nil},
		{"abcd", []string{"abcd"}},
		{"\x01ab\tcd\x7fefgh\n", []string{"ab\tcd", "efgh"}},
		{wide("abcd"), []string{"abcd"}},
		{"\xff" + wide("odd alignment"), []string{"odd alignment"}},
		{wide("abc"), nil},
		{"wxyz\x00" + wide("both"), []string{"wxyz", "zboth"}},
		{wide("äbcd"), nil},
		{"pass\xe4word", []string{"pass", "word"}},
		{long + "yz", []string{long, "yz"}},
		{long, []string{long}},
	} {
		for _, block := range []int{1, 3, 7, 1 << 20} {
			if d := cmp.Diff(c.want, stringsOf(c.content, block)); d != "" {
				t.Errorf("%.40q by %d (-want +got)\n%.500s", c.content, block, d)
			}
		}
	}
}

// plainStrings is the rule word by word.
func plainStrings(content string) (out []string) {
	runs := func(next func(i int) (byte, bool), step, from int) {
		var run []byte
		for i := from; ; i += step {
			c, ok := next(i)
			if ok && printable(c) {
				run = append(run, c)
				continue
			}
			if len(run) >= shortestString {
				out = append(out, string(run))
			}
			if run = nil; i >= len(content) {
				return
			}
		}
	}
	runs(func(i int) (byte, bool) {
		if i < len(content) {
			return content[i], true
		}
		return 0, false
	}, 1, 0)
	for from := range 2 {
		runs(func(i int) (byte, bool) {
			if i+1 < len(content) && content[i+1] == 0 {
				return content[i], true
			}
			return 0, false
		}, 2, from)
	}
	slices.Sort(out)
	return out
}

func FuzzStrings(f *testing.F) {
	f.Add("abcd\x00"+wide("efgh")+"\x00ijkl", 3)
	f.Add("\xff"+wide("odd")+wide("more text"), 1)
	f.Fuzz(func(t *testing.T, content string, block int) {
		if block < 1 || len(content) > longestString {
			t.Skip()
		}
		if d := cmp.Diff(plainStrings(content), stringsOf(content, block)); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
	})
}
