package fat

import (
	"fmt"
	"io"

	"iocscan/scan/internal/fsys"
)

// A chain gives the clusters of an object one after the other.
type chain struct {
	t          *table
	at         uint32
	contiguous bool // without the table
	started    bool
	p          *page
	n          uint32 // of p
	given      uint32
	mark, tell uint32 // Brent's way to find a loop: the cluster given at step tell
}

// next is the next cluster, io.EOF behind the last.
func (c *chain) next() (uint32, error) {
	limit := c.t.v.limit
	to := c.at
	switch {
	case !c.started:
		c.started = true
	case c.contiguous:
		to++
	default:
		if n := c.at / perPage; c.p == nil || c.n != n {
			p, err := c.t.page(n)
			if err != nil {
				return 0, err
			}
			c.p, c.n = p, n
		}
		to = c.p[c.at%perPage]
		if to == chainEnd {
			return 0, io.EOF
		}
	}
	if to < 2 || to >= limit {
		if c.given == 0 {
			return 0, damaged("the content begins in cluster %d, which does not exist", to)
		}
		return 0, damaged("cluster %d is followed by %d, which does not exist", c.at, to)
	}
	if to == c.mark || c.given >= limit {
		return 0, damaged("clusters run in a circle at %d", to)
	}
	c.given++
	if c.given == max(1, 2*c.tell) {
		c.mark, c.tell = to, c.given
	}
	c.at = to
	return to, nil
}

// A run is clusters one behind the other.
type run struct {
	at      uint32 // the first one's number in the content
	cluster uint32
	n       uint32
}

// mostRuns bounds what one content takes in memory, 48 MiB: no file that was
// ever written is in so many pieces.
const mostRuns = 4 << 20

// runs finds the clusters of so many bytes. Where they end early, what there is
// comes with the error.
func (v *volume) runs(p place) ([]run, error) {
	need := v.count(p.size)
	if need == 0 {
		return nil, nil
	}
	if p.contiguous {
		if !v.in(p.first) {
			return nil, damaged("the content begins in cluster %d, which does not exist", p.first)
		}
		n := min(need, v.limit-p.first)
		var err error
		if n < need {
			err = damaged("the content goes past the last cluster")
		}
		return []run{{0, p.first, n}}, err
	}
	var list []run
	c := chain{t: v.table, at: p.first}
	for i := range need {
		cluster, err := c.next()
		if err == io.EOF {
			err = damaged("the content has %d clusters of %d", i, need)
		}
		if err != nil {
			return list, err
		}
		if last := len(list) - 1; last >= 0 && list[last].cluster+list[last].n == cluster {
			list[last].n++
			continue
		}
		if len(list) == mostRuns {
			return list, fmt.Errorf("content in more than %d pieces: %w", mostRuns, fsys.ErrUnsupported)
		}
		list = append(list, run{i, cluster, 1})
	}
	return list, nil
}
