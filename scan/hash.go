package scan

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// hashImage puts the hash of the disk into the header and compares those that
// the image has stored. It comes before all else, so that every report has the
// hash from its beginning. The error says why there is none, or that the image
// is not what was acquired; an interruption is told by the scan itself.
func (r *run) hashImage(ctx context.Context) error {
	d := r.cfg.Image
	if d == nil {
		return nil
	}
	have, err := d.Hash(ctx, r.progress.Read)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("the disk cannot be hashed: %w", err)
	}
	r.header.Scan.Source.SHA256 = &have.SHA256
	var agree []string
	for _, h := range []struct{ name, stored, found string }{{"MD5", d.MD5, have.MD5}, {"SHA-1", d.SHA1, have.SHA1}} {
		switch {
		case h.stored == "":
		case !strings.EqualFold(h.stored, h.found):
			return fmt.Errorf("the %s of the disk is %s, and stored in the image is %s: it is not what was acquired", h.name, h.found, h.stored)
		default:
			agree = append(agree, h.name)
		}
	}
	if len(agree) > 0 {
		notes := &r.header.Scan.Source.Notes
		*notes = append(slices.Clone(*notes), "the disk has the "+strings.Join(agree, " and the ")+" that the image has stored")
	}
	return nil
}
