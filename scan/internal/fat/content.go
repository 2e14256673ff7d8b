package fat

import (
	"io"
	"sort"
)

// content is that of a file.
type content struct {
	v       *volume
	runs    []run
	size    int64
	valid   int64 // zeros follow
	covered int64 // by the runs
	short   error // why they end before size
}

func (v *volume) content(p place, valid int64) *content {
	c := &content{v: v, size: p.size, valid: min(valid, p.size)}
	c.runs, c.short = v.runs(p)
	if last := len(c.runs) - 1; last >= 0 {
		c.covered = (int64(c.runs[last].at) + int64(c.runs[last].n)) * v.cluster
	}
	return c
}

func (c *content) Size() int64 { return c.size }

// ReadAt reads clusters that lie behind each other at once. Behind the place
// where the clusters end early, each read is an error.
func (c *content) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, damaged("read at %d", off)
	}
	if off >= c.size {
		return 0, io.EOF
	}
	var end error
	if int64(len(p)) > c.size-off {
		p, end = p[:c.size-off], io.EOF
	}
	done := 0
	for done < len(p) {
		at, rest := off+int64(done), p[done:]
		if at >= c.valid {
			clear(rest)
			return len(p), end
		}
		if at >= c.covered {
			return done, c.short
		}
		i := sort.Search(len(c.runs), func(i int) bool {
			return int64(c.runs[i].at)*c.v.cluster > at
		}) - 1
		r := c.runs[i]
		from := at - int64(r.at)*c.v.cluster
		left := min(int64(r.n)*c.v.cluster-from, c.valid-at)
		rest = rest[:min(int64(len(rest)), left)]
		n, err := c.v.readAt(rest, c.v.offset(r.cluster)+from)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, end
}
