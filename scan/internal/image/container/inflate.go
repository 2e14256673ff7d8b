package container

import (
	"compress/zlib"
	"fmt"
	"io"
	"sync"
)

// An Inflater reads zlib streams; it may be used concurrently.
type Inflater struct{ readers sync.Pool }

// Inflate reads one stream of at most limit bytes, its checksum included.
func (i *Inflater) Inflate(r io.Reader, limit int64) ([]byte, error) {
	z, _ := i.readers.Get().(io.ReadCloser)
	var err error
	if z == nil {
		z, err = zlib.NewReader(r)
	} else {
		err = z.(zlib.Resetter).Reset(r, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("zlib: %w (%w)", err, ErrDamaged)
	}
	defer i.readers.Put(z)
	data, n := make([]byte, limit), 0
	var more [1]byte
	for err == nil {
		var m int
		if n < len(data) {
			m, err = z.Read(data[n:])
			n += m
		} else if m, err = z.Read(more[:]); m > 0 {
			return nil, Damaged("zlib: more than %d bytes", limit)
		}
	}
	if err != io.EOF { // which comes when the checksum was right
		return nil, fmt.Errorf("zlib: %w (%w)", err, ErrDamaged)
	}
	return data[:n], nil
}
