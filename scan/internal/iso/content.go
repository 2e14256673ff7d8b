package iso

import (
	"io"
	"sort"
)

// content is that of a file: its parts one after the other.
type content struct {
	v     *volume
	parts []extent
	from  []int64 // where each part begins in the file
	size  int64
}

func newContent(v *volume, parts []extent) *content {
	c := &content{v: v}
	for _, p := range parts {
		if p.size > 0 {
			c.parts, c.from = append(c.parts, p), append(c.from, c.size)
			c.size += p.size
		}
	}
	return c
}

func (c *content) Size() int64 { return c.size }

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
		i := sort.Search(len(c.from), func(i int) bool { return c.from[i] > at }) - 1
		in := at - c.from[i]
		rest = rest[:min(int64(len(rest)), c.parts[i].size-in)]
		n, err := c.v.readAt(rest, c.parts[i].at+in)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, end
}
