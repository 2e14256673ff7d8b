package ntfs

import (
	"errors"
	"fmt"
)

// A run is count clusters of a stream from vcn on, in the volume at cluster lcn,
// or nowhere where that is sparse.
type run struct{ vcn, lcn, count int64 }

const (
	sparse = -1
	// maxRuns bounds what a stream's runs take: 48 MB. An attribute list of
	// 256 KB, the longest there is, cannot name many more.
	maxRuns = 2 << 20
	// maxStream bounds a stream in clusters, holes included: a byte offset then
	// fits 63 bits at any size of clusters.
	maxStream = 1 << 41
)

var errRuns = errors.New("damaged run list")

// decodeRuns appends the runs of one attribute. Each is a byte whose low half is
// the length of the count and whose high half that of the offset, the count, and
// the offset from the run before, which is signed. No offset: sparse. A zero
// byte ends the list.
func decodeRuns(runs []run, pairs []byte, vcn, clusters int64) ([]run, int64, error) {
	lcn := int64(0)
	for len(pairs) > 0 && pairs[0] != 0 {
		c, o := int(pairs[0]&15), int(pairs[0]>>4)
		if c == 0 || c > 8 || o > 8 || len(pairs) < 1+c+o {
			return runs, vcn, fmt.Errorf("%w: header %#x before %d bytes", errRuns, pairs[0], len(pairs)-1)
		}
		count := signed(pairs[1 : 1+c])
		if count <= 0 || count > maxStream || vcn+count > maxStream {
			return runs, vcn, fmt.Errorf("%w: %d clusters", errRuns, count)
		}
		next := run{vcn, sparse, count}
		if o > 0 {
			delta := signed(pairs[1+c : 1+c+o])
			if delta < -clusters || delta > clusters {
				return runs, vcn, fmt.Errorf("%w: %d clusters away", errRuns, delta)
			}
			lcn += delta
			if lcn < 0 || count > clusters || lcn > clusters-count {
				return runs, vcn, fmt.Errorf("%w: %d clusters at %d of %d", errRuns, count, lcn, clusters)
			}
			next.lcn = lcn
		}
		vcn += count
		pairs = pairs[1+c+o:]
		if n := len(runs); n > 0 && follows(runs[n-1], next) {
			runs[n-1].count += count
			continue
		}
		if len(runs) == maxRuns {
			return runs, vcn, fmt.Errorf("%w: more than %d runs", errRuns, maxRuns)
		}
		runs = append(runs, next)
	}
	return runs, vcn, nil
}

func follows(a, b run) bool {
	if a.lcn == sparse || b.lcn == sparse {
		return a.lcn == b.lcn
	}
	return a.lcn+a.count == b.lcn
}

// signed is a little-endian number of up to 8 bytes.
func signed(b []byte) int64 {
	var n int64
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | int64(b[i])
	}
	if shift := 64 - 8*len(b); b[len(b)-1]&0x80 != 0 {
		return n << shift >> shift
	}
	return n
}
