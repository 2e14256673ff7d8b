package document

import (
	"crypto/md5"
	"hash"
	"runtime"
	"sync/atomic"

	md5simd "github.com/minio/md5-simd"
	"golang.org/x/sys/cpu"
)

// MD5 cannot be computed faster than one round after the other, but the
// vector units of a processor compute the rounds of many contents side by
// side. So where MD5 is asked and the processor has AVX2, more contents are
// read at once than there are workers, and their MD5s come from servers that
// gather them. This takes a third of the processor time.

// lanesPerWorker is how many contents are read at once for each worker: as
// many as a server computes side by side. The library names them on amd64 only.
const lanesPerWorker = 16

// mostLanes bounds what is open and buffered at once on large machines. No
// server may get more hashes than lanesPerWorker: they share its buffers, and
// many that each hold one and wait for another would wait for ever.
const mostLanes = 64

// lanes hands out MD5 hashes that are computed side by side.
type lanes struct {
	servers []md5simd.Server
	next    atomic.Uint32
}

// hasLanes reports whether this machine computes MD5s side by side.
func hasLanes() bool {
	return runtime.GOARCH == "amd64" && cpu.X86.HasAVX2
}

func newLanes(workers int) *lanes {
	l := &lanes{}
	for range min(workers, mostLanes/lanesPerWorker) {
		l.servers = append(l.servers, md5simd.NewServer())
	}
	return l
}

// hash returns a hash of the next server in turn.
func (l *lanes) hash() hash.Hash {
	if l == nil {
		return md5.New()
	}
	n := int(l.next.Add(1)) % len(l.servers)
	return l.servers[n].NewHash()
}

// close may be called when the hashes are no longer used.
func (l *lanes) close() {
	if l != nil {
		for _, s := range l.servers {
			s.Close()
		}
	}
}
