package match

import (
	"fmt"
	"strings"

	"iocscan/ioc"
)

// A digest is one kind of hash: its length in hexadecimal and how terms of it
// end, the usual name first.
type digest struct {
	length  int
	endings []string
}

var digests = []digest{
	{32, []string{"Md5sum", "Md54ksum", "md5"}},
	{40, []string{"Sha1sum", "sha1"}},
	{64, []string{"Sha256sum", "sha256"}},
	{128, []string{"Sha512sum", "sha512"}},
}

// rightDigest is the field to compare a hash with: where its length belongs to
// another digest than the term names, that one. A hash that no digest has, or
// none that can be had here, is an error: compared with the named term it
// could only fail, and that would be taken for an answer.
func (b *builder) rightDigest(src *ioc.Condition, place termPlace) (field int, err error) {
	term := b.prog.docs[place.doc].schema.Fields[place.field].Term
	hash := strings.TrimSpace(src.Content)
	base, own := "", 0
	for _, d := range digests {
		for _, end := range d.endings {
			if cut := len(term) - len(end); own == 0 && cut >= 0 && ioc.EqualFold(term[cut:], end) {
				base, own = term[:cut], d.length
			}
		}
	}
	if own == 0 || own == len(hash) {
		return place.field, nil
	}
	for _, d := range digests {
		if d.length != len(hash) {
			continue
		}
		right := base + d.endings[0]
		other, ok := b.terms[ioc.Fold(right)]
		if !ok {
			return 0, fmt.Errorf("%q has the length of another hash than %s, and no source answers %s", hash, term, right)
		}
		b.problem(ioc.Problem{Severity: ioc.Warning, Pos: src.Pos, Rule: "hash-length",
			Text: fmt.Sprintf("%q has the length of %s, not of %s; it is compared with %s", hash, d.endings[0], term[len(base):], d.endings[0]),
			Hint: "use " + right})
		return other.field, nil
	}
	return 0, fmt.Errorf("%.160q has the length of no hash", hash)
}
