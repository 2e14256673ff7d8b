package container

import (
	"sort"
)

// Joined is several disks as one, in order.
type Joined struct {
	parts []Disk
	ends  []int64
}

// Join puts disks together. The sum of their sizes must fit into 63 bits.
func Join(parts ...Disk) (*Joined, error) {
	j := &Joined{parts: parts}
	var at int64
	for _, p := range parts {
		size := p.Size()
		if size < 0 || at+size < at {
			return nil, Damaged("the parts are larger than a disk can be")
		}
		at += size
		j.ends = append(j.ends, at)
	}
	return j, nil
}

func (j *Joined) Size() int64 {
	if len(j.ends) == 0 {
		return 0
	}
	return j.ends[len(j.ends)-1]
}

func (j *Joined) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := Clip(p, off, j.Size())
	if err != nil {
		return 0, err
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		i := sort.Search(len(j.ends), func(i int) bool { return j.ends[i] > at })
		part := p[n:]
		if rest := j.ends[i] - at; int64(len(part)) > rest {
			part = part[:rest]
		}
		if err := ReadFull(j.parts[i], part, at-(j.ends[i]-j.parts[i].Size())); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, end
}

// Zeros is a disk of zeros.
type Zeros int64

func (z Zeros) Size() int64 { return int64(z) }

func (z Zeros) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := Clip(p, off, int64(z))
	clear(p)
	return len(p), firstError(err, end)
}

// Section is the part of a disk from an offset on.
type Section struct {
	Disk  Disk
	Start int64
	Bytes int64
}

func (s Section) Size() int64 { return s.Bytes }

func (s Section) ReadAt(p []byte, off int64) (int, error) {
	p, end, err := Clip(p, off, s.Bytes)
	if err != nil {
		return 0, err
	}
	if err := ReadFull(s.Disk, p, s.Start+off); err != nil {
		return 0, err
	}
	return len(p), end
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
