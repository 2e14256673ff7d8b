package match

import (
	"testing"

	"iocscan/ioc"
)

// A value with forms passes what one of its forms passes, through the index as
// by itself.
func TestForms(t *testing.T) {
	const key, value = `HKEY_LOCAL_MACHINE\SOFTWARE\Vendor`, `HKEY_LOCAL_MACHINE\SOFTWARE\Vendor\Name`
	v := ioc.PathValue(value)
	v.Forms = &ioc.Forms{Starts: []int{0, 18, 19, 28}, Ends: []int{len(value), len(key)}}
	odd := ioc.PathValue(value[:28] + "\u212A" + value[28:]) // a letter whose folded form is shorter
	odd.Forms = &ioc.Forms{Starts: []int{0, 18, 19, 28}, Ends: []int{len(odd.Str), len(key) + 3}}
	for _, c := range []struct {
		test    ioc.Test
		content string
		want    bool
	}{
		{ioc.Is, value, true},
		{ioc.Is, "hkey_local_machine/software/vendor", true},
		{ioc.Is, `SOFTWARE\Vendor`, true},
		{ioc.Is, `\SOFTWARE\Vendor\Name`, true},
		{ioc.Is, `Vendor\`, true},
		{ioc.Is, `SOFTWARE`, false},
		{ioc.Is, `Name`, false},
		{ioc.Contains, `WARE\Vend`, true},
		{ioc.Contains, `Vendor\Other`, false},
		{ioc.StartsWith, `software\v`, true},
		{ioc.StartsWith, `Vendor`, true},
		{ioc.StartsWith, `endor`, false},
		{ioc.EndsWith, `vendor`, true},
		{ioc.EndsWith, `name`, true},
		{ioc.EndsWith, `SOFTWARE`, false},
		{ioc.Matches, `^software.vendor$`, true},
		{ioc.Matches, `^vendor$`, true},
		{ioc.Matches, `^endor`, false},
	} {
		p, err := ioc.NewPattern(ioc.Path, c.test, c.content, false)
		if err != nil {
			t.Fatal(err)
		}
		d := &docProgram{schema: &Document{Fields: []Field{{Kind: ioc.Path}}}, preds: []predicate{{pattern: p}}, asked: []bool{true}}
		x := newFieldIndex(d, []predID{0}, false)
		for _, v := range []ioc.Value{v, odd} {
			want := p.Match(v)
			if v.Str == value && want != ioc.TruthOf(c.want) {
				t.Errorf("%s %q: %v, want %t", c.test, c.content, want, c.want)
			}
			got := ioc.False
			x.find(v, &probe{}, func(_ predID, truth ioc.Truth) { got = max(got, truth) })
			if got != want {
				t.Errorf("%s %q of %q: the index says %v, the pattern %v", c.test, c.content, v.Str, got, want)
			}
		}
	}
}
