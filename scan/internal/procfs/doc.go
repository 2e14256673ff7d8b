// Package procfs reads what Linux tells of itself below /proc, from text that
// somebody else has opened: the running system's or a copy's.
//
// Lines that do not have the form of proc(5) are counted and not guessed at.
package procfs
