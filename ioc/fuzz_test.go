package ioc

import (
	"strings"
	"testing"
)

// FuzzPattern: any content and any value is answered without a panic, and the
// answer keeps the rules that need no second opinion.
func FuzzPattern(f *testing.F) {
	for i, s := range []string{"a", " Svc.exe ", `%TEMP%\a`, "[1 TO 5]", "5 TO -5", "0x7b", "-0", "4.42391646588", "2012-05-06", "20120506070809.000000+120",
		"2012-05-06T07:08:09,5Z", "PT1M30S", "yes", "10.0.0.1", "fe80::1%eth0", "d41d8cd98f00b204e9800998ecf8427e", "(?=a)b", `\x41\xff`, ".", "K", "a\xff"} {
		for kind := range uint8(9) {
			f.Add(kind, uint8(i)%9, i%2 == 0, s, strings.ToUpper(s), uint64(i))
		}
	}
	f.Fuzz(func(t *testing.T, kind, test uint8, preserveCase bool, content, text string, key uint64) {
		k, op := Kind(kind%9), Test(test)
		p, err := NewPattern(k, op, content, preserveCase)
		if err != nil {
			return
		}
		if p.Regex() != nil && p.Regex().Linear() == nil {
			return // backtracking would only measure its time limit
		}
		v := Value{Kind: k, Str: text, Key: key}
		got := p.Match(v)
		if got == Unknown && !p.Numeral() {
			t.Fatalf("%+v on %+v is unknown", p, v)
		}
		switch {
		case (k == Text || k == Path) && (op == Is || op == Contains || op == StartsWith || op == EndsWith):
			if p.Match(Value{Kind: k, Str: content}) != True {
				t.Errorf("%q does not match itself", content)
			}
			if !preserveCase && p.Match(Value{Kind: k, Str: Fold(text)}) != got {
				t.Errorf("%q on %q depends on case", content, text)
			}
		case p.Ordered() && p.Lo <= p.Hi:
			if p.Match(Value{Kind: k, Key: p.Lo}) != True || p.Match(Value{Kind: k, Key: p.Hi}) != True {
				t.Errorf("%q: bounds are not included", content)
			}
			if op == GreaterThan && p.Hi != ^uint64(0) || op == LessThan && p.Lo != 0 {
				t.Errorf("%s %q is %d to %d", op, content, p.Lo, p.Hi)
			}
		}
		if op == Is && !p.Overlaps(p) && (!p.Ordered() || p.Lo <= p.Hi) {
			t.Errorf("%q contradicts itself", content)
		}
	})
}

// FuzzFold: texts are equal without case exactly if their folded forms are.
func FuzzFold(f *testing.F) {
	f.Add("K\u212Ak", "kKk")
	f.Add("Straſſe\xff", "STRASSE\xff")
	f.Add("ΣΊΣΥΦΟΣ", "σίσυφος")
	f.Add("İı", "ii")
	f.Add("\xff", "\uFFFD")
	f.Fuzz(func(t *testing.T, a, b string) {
		fa := Fold(a)
		if Fold(fa) != fa {
			t.Errorf("folding %q twice gives %q", a, Fold(fa))
		}
		if !EqualFold(a, fa) || EqualFold(a, b) != (fa == Fold(b)) {
			t.Errorf("%q and %q: EqualFold %v, folded %q %q", a, b, EqualFold(a, b), fa, Fold(b))
		}
		if got := Fold(a + "|" + b); got != fa+"|"+Fold(b) {
			t.Errorf("%q|%q folds to %q", a, b, got)
		}
		if got, want := string(AppendFoldPath(nil, a)), strings.ReplaceAll(fa, "/", `\`); got != want {
			t.Errorf("path %q folds to %q, want %q", a, got, want)
		}
	})
}
