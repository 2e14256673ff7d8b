// Package utmptest makes files of utmp(5) for tests.
package utmptest

import (
	"encoding/binary"

	"iocscan/scan/internal/utmp"
)

// The sizes of records.
const (
	Short = 384
	Long  = 400
)

// File is a file of records of one size.
func File(size int, records ...utmp.Record) []byte {
	var out []byte
	le := binary.LittleEndian
	for _, rec := range records {
		b := make([]byte, size)
		le.PutUint16(b, uint16(rec.Type))
		le.PutUint32(b[4:], uint32(rec.PID))
		copy(b[8:40], rec.Line)
		copy(b[40:44], rec.ID)
		copy(b[44:76], rec.User)
		copy(b[76:332], rec.Host)
		addr := b[348:364]
		if size == Long {
			le.PutUint64(b[344:], uint64(rec.Sec))
			le.PutUint64(b[352:], uint64(rec.Micro))
			addr = b[360:376]
		} else {
			le.PutUint32(b[340:], uint32(rec.Sec))
			le.PutUint32(b[344:], uint32(rec.Micro))
		}
		if rec.Addr.IsValid() {
			copy(addr, rec.Addr.AsSlice())
		}
		out = append(out, b...)
	}
	return out
}
