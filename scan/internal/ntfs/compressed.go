package ntfs

// readUnits reads a compressed stream. A unit without holes is stored as it is,
// one that is nothing but a hole is zeros, and in one with both the clusters that
// are there hold it compressed.
func (c *content) readUnits(p []byte, at int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := 0
	for done < len(p) {
		from := (at + int64(done)) &^ (c.unit - 1)
		part := p[done:]
		part = part[:min(int64(len(part)), from+c.unit-at-int64(done))]
		if packed := c.packed(from); packed == nil {
			if n, err := c.readPlain(part, at+int64(done)); err != nil {
				return done + n, err
			}
		} else {
			if err := c.unpack(from, packed); err != nil {
				return done, err
			}
			copy(part, c.kept[at+int64(done)-from:])
		}
		done += len(part)
	}
	return done, nil
}

// packed are the runs that hold a unit compressed; nil: it is not.
func (c *content) packed(from int64) []run {
	vcn, need := from/c.v.cluster, c.unit/c.v.cluster
	var there []run
	hole := false
	for i := c.find(vcn); i < len(c.runs) && c.runs[i].vcn < vcn+need; i++ {
		r := c.runs[i]
		begin, end := max(r.vcn, vcn), min(r.vcn+r.count, vcn+need)
		if r.lcn != sparse {
			there = append(there, run{begin, r.lcn + begin - r.vcn, end - begin})
		} else {
			hole = true
		}
	}
	if hole {
		return there
	}
	return nil
}

// unpack makes a unit the one that is kept.
func (c *content) unpack(from int64, packed []run) error {
	if c.keptAt == from {
		return nil
	}
	c.keptAt = -1
	if c.kept == nil {
		c.kept = make([]byte, c.unit)
	}
	src := make([]byte, 0, c.unit)
	for _, r := range packed {
		n := len(src)
		src = src[:n+int(r.count*c.v.cluster)]
		if err := readFull(c.v.r, src[n:], r.lcn*c.v.cluster); err != nil {
			return err
		}
	}
	if err := unpackLZNT1(c.kept, src); err != nil {
		return err
	}
	c.keptAt = from
	return nil
}
