package ntfs

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sort"
	"sync"

	"iocscan/scan/internal/fsys"
)

// content is that of an attribute. Reads of what is neither resident nor
// compressed go straight to the volume.
type content struct {
	v           *volume
	size        int64
	initialised int64 // what lies beyond is zeros
	flags       uint16
	resident    []byte
	runs        []run

	unit   int64 // bytes of a compression unit; 0: not compressed
	mu     sync.Mutex
	kept   []byte // the unit that was unpacked last
	keptAt int64
}

// join opens the content of the attributes that are its parts.
func (v *volume) join(parts []*attribute) (*content, error) {
	if a := parts[0]; a.resident {
		return &content{v: v, size: int64(len(a.value)), flags: a.flags, resident: bytes.Clone(a.value)}, nil
	}
	slices.SortStableFunc(parts, func(a, b *attribute) int {
		switch x, y := a.vcn(), b.vcn(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	a := parts[0]
	c := &content{v: v, flags: a.flags}
	var vcn int64
	for _, part := range parts {
		if part.resident || part.first() != uint64(vcn) {
			return nil, fmt.Errorf("%w: a part from cluster %d on follows cluster %d", errRuns, part.vcn(), vcn)
		}
		var err error
		if c.runs, vcn, err = decodeRuns(c.runs, part.pairs(), vcn, v.clusters); err != nil {
			return nil, err
		}
	}
	if a.size() > maxVolume || int64(a.size()) > vcn*v.cluster {
		return nil, fmt.Errorf("%w: %d clusters for %d bytes", errRuns, vcn, a.size())
	}
	c.size = int64(a.size())
	c.initialised = int64(min(a.initialised(), a.size()))
	switch method := a.flags & flagCompressed; {
	case method > 1:
		return nil, fmt.Errorf("compression method %d: %w", method, fsys.ErrUnsupported)
	case method == 1:
		// A unit is 16 clusters of at most 4 KB.
		if a.unit() > 8 || v.cluster<<a.unit() > maxUnit {
			return nil, fmt.Errorf("compression units of 2^%d clusters: %w", a.unit(), fsys.ErrUnsupported)
		}
		c.unit, c.keptAt = v.cluster<<a.unit(), -1
	}
	return c, nil
}

// vcn is where a part begins; a resident one is the whole.
func (a *attribute) vcn() uint64 {
	if a.resident {
		return 0
	}
	return a.first()
}

func (c *content) Size() int64 { return c.size }

func (c *content) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fmt.Errorf("read at %d", at)
	}
	if at >= c.size {
		return 0, io.EOF
	}
	var end error
	if rest := c.size - at; int64(len(p)) > rest {
		p, end = p[:rest], io.EOF
	}
	if c.resident != nil {
		return copy(p, c.resident[at:]), end
	}
	valid := p[:max(0, min(int64(len(p)), c.initialised-at))]
	clear(p[len(valid):])
	read := c.readPlain
	if c.unit != 0 {
		read = c.readUnits
	}
	if n, err := read(valid, at); err != nil {
		return n, err
	}
	return len(p), end
}

// find is the first run that ends beyond a cluster.
func (c *content) find(vcn int64) int {
	return sort.Search(len(c.runs), func(i int) bool { return c.runs[i].vcn+c.runs[i].count > vcn })
}

// readPlain reads what the clusters hold, zeros where there are none.
func (c *content) readPlain(p []byte, at int64) (int, error) {
	done := 0
	for i := c.find(at / c.v.cluster); done < len(p); i++ {
		r := c.runs[i] // join has seen to it that the runs reach to the end
		into := at + int64(done) - r.vcn*c.v.cluster
		part := p[done:]
		part = part[:min(int64(len(part)), r.count*c.v.cluster-into)]
		if r.lcn == sparse {
			clear(part)
		} else if err := readFull(c.v.r, part, r.lcn*c.v.cluster+into); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

// readAll is a content of no more than limit bytes.
func readAll(c *content, limit int64) ([]byte, error) {
	if c.size > limit {
		return nil, fmt.Errorf("%d bytes, more than %d", c.size, limit)
	}
	b := make([]byte, c.size)
	if c.size == 0 {
		return b, nil
	}
	return b, readFull(c, b, 0)
}
