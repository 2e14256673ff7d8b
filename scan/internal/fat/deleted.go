package fat

import (
	"context"
	"iter"

	"iocscan/scan/internal/fsys"
)

// Deleted walks the whole tree. What a deleted folder still holds is listed
// too, also where its own mark is missing. A damaged part is an error, and the
// walk goes on.
func (s *system) Deleted(ctx context.Context) iter.Seq2[fsys.Deleted, error] {
	return func(yield func(fsys.Deleted, error) bool) {
		type folder struct {
			id fsys.ID
			place
		}
		before := seen{}
		// Files that are deleted can claim any clusters. What looking them up
		// takes is bounded by a few times what an honest volume could have.
		budget := 4*int64(s.limit) + 1<<20
		rest := []folder{{rootID, s.root}}
		for len(rest) > 0 {
			dir := rest[len(rest)-1]
			rest = rest[:len(rest)-1]
			for o, err := range s.list(ctx, dir.place, dir.id&lost, before) {
				if err != nil {
					if !yield(fsys.Deleted{}, err) || ctx.Err() != nil {
						return
					}
					continue
				}
				if o.special != 0 {
					continue
				}
				if !o.deleted && dir.id&lost == 0 {
					if o.Kind == fsys.Dir && !before[o.first] {
						rest = append(rest, folder{o.ID, o.place})
					}
					continue
				}
				o.ID |= lost
				d := fsys.Deleted{Entry: o.Entry, Dir: dir.id}
				var below place
				ok := false
				if o.Kind == fsys.Dir {
					below, ok, err = s.format.remains(o)
					d.Reused = !ok && s.in(o.first)
				} else {
					d.Reused, err = s.reused(o, &budget)
				}
				if !yield(d, nil) || err != nil && !yield(fsys.Deleted{}, err) {
					return
				}
				if ok && err == nil && !before[o.first] {
					rest = append(rest, folder{o.ID, below})
				}
			}
		}
	}
}

// reused reports whether clusters that a deleted file had are allocated now.
func (s *system) reused(o object, budget *int64) (bool, error) {
	need := s.count(o.size)
	if need == 0 || !s.in(o.first) {
		return false, nil
	}
	if !o.contiguous && s.bits == 32 {
		if *budget -= int64(need); *budget < 0 {
			return true, damaged("deleted files claim the same clusters again and again; whether %q is overwritten was not told", o.Name)
		}
	}
	runs, _ := s.runs(s.lostPlace(o.place))
	for _, r := range runs {
		if n, err := s.used.free(r.cluster, r.n); n < r.n {
			return true, err
		}
	}
	return false, nil
}
