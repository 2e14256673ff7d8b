package evtx

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A cpuMeter measures processor time: wall-clock time would leave out what the
// garbage collector does beside.
type cpuMeter struct{ start time.Duration }

func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func startCPU() *cpuMeter { return &cpuMeter{cpuTime()} }

func (m *cpuMeter) report(b *testing.B, size, records int) {
	s := (cpuTime() - m.start).Seconds()
	b.ReportMetric(float64(size)*float64(b.N)/1e6/s, "MB/cpu-s")
	b.ReportMetric(float64(records)/s, "records/cpu-s")
}
