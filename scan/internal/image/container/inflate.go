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
	data, n := make([]byte, limit+1), 0 // one more: a longer stream is told by it
	for n < len(data) && err == nil {
		var m int
		m, err = z.Read(data[n:])
		n += m
	}
	switch {
	case int64(n) > limit:
		return nil, Damaged("zlib: more than %d bytes", limit)
	case err != io.EOF:
		return nil, fmt.Errorf("zlib: %w (%w)", err, ErrDamaged)
	}
	return data[:n], nil
}
