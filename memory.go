package main

import (
	"runtime"
	"runtime/debug"
)

// memoryGoal is how much memory a scan is meant to stay below, whatever the
// size of evidence and collection. The collector runs seldom while there is
// room and more often as the goal comes near.
const memoryGoal = 168 << 20 // bytes; the program itself comes on top

func boundMemory() {
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(memoryGoal)
}

// makeRoom is called when the collection is loaded. One that nearly fills the
// goal by itself, or goes beyond it, gets some room above, since a collector
// that has none would take the time of the scan.
func makeRoom() {
	needed := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc) + int64(m.HeapAlloc)/4 + 16<<20
	}
	if needed() > memoryGoal {
		runtime.GC() // what is left now is what stays
		debug.SetMemoryLimit(max(memoryGoal, needed()))
	}
}
