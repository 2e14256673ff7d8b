package regf

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Log is a transaction log that lies beside a hive (.LOG, .LOG1, .LOG2).
type Log struct {
	Name string // as reported
	Data io.ReaderAt
	Size int64
}

// Replay is what became of the transaction logs of a hive.
type Replay struct {
	Logs      []LogReplay // in the order given
	BaseBlock bool        // the base block was taken from a log
	Entries   int         // log entries applied; 1 for a log of the old format
	Pages     int         // dirty pages applied
	Bytes     int64       // that they cover
}

// Applied reports whether anything was applied.
func (r Replay) Applied() bool { return r.Entries > 0 }

// String says what was applied, empty if nothing was: "2 log entries (5 pages,
// 20480 bytes) of NTUSER.DAT.LOG1, NTUSER.DAT.LOG2".
func (r Replay) String() string {
	if !r.Applied() {
		return ""
	}
	var from []string
	for _, l := range r.Logs {
		if l.Entries > 0 {
			from = append(from, l.Name)
		}
	}
	entries := "entries"
	if r.Entries == 1 {
		entries = "entry"
	}
	s := fmt.Sprintf("%d log %s (%d pages, %d bytes) of %s", r.Entries, entries, r.Pages, r.Bytes, strings.Join(from, ", "))
	if r.BaseBlock {
		s += ", with its base block"
	}
	return s
}

// LogReplay is what became of one log.
type LogReplay struct {
	Name    string
	Format  string // "old" (dirty sectors, to Windows 8), "new" (log entries), empty if unknown
	Entries int    // applied
	Pages   int    // applied
	Unused  string // why nothing of it was needed, empty if something was
	Err     error  // why it, or the rest of it, was refused
}

// A journal is a log that was read and found usable.
type journal struct {
	at      int // in Replay.Logs
	src     io.ReaderAt
	base    Header
	entries []entry // by sequence number, one after the other
}

// An entry is one set of changes that belong together.
type entry struct {
	seq      uint32 // 0 in the old format
	binsSize uint32
	runs     []run
	pages    int
}

// A run is bytes of a log that go over the bins.
type run struct{ off, len, pos int64 }

// recover lays the logs over the hive. sound says that the base block is.
func (h *Hive) recover(logs []Log, sound bool) {
	var old, recent []journal
	h.replay.Logs = make([]LogReplay, len(logs))
	for i, l := range logs {
		r := &h.replay.Logs[i]
		r.Name = l.Name
		if l.Size == 0 {
			r.Unused = "empty"
			continue
		}
		j, err := readLog(l)
		if j.base.Type == typeNewLog {
			r.Format = "new"
		} else if err == nil {
			r.Format = "old"
		}
		if err != nil {
			h.refuse(r, err)
			if len(j.entries) == 0 {
				continue
			}
		}
		j.at = i
		if r.Format == "old" {
			old = append(old, j)
		} else {
			recent = append(recent, j)
		}
	}
	if sound && !h.header.Dirty() {
		for i := range h.replay.Logs {
			if r := &h.replay.Logs[i]; r.Err == nil && r.Unused == "" {
				r.Unused = "hive is clean"
			}
		}
		return
	}
	h.applyNew(recent, sound)
	h.applyOld(old, sound)
}

func (h *Hive) refuse(r *LogReplay, err error) {
	r.Err = err
	h.note(&Trouble{Offset: -1, What: fmt.Sprintf("transaction log %s not applied to its end", r.Name), Err: err, Lost: "the changes it holds"})
}

// applyNew applies the entries of logs of the new format in the order of their
// sequence numbers, from the first that the hive lacks up to a gap.
func (h *Hive) applyNew(logs []journal, sound bool) {
	if len(logs) == 0 {
		return
	}
	slices.SortStableFunc(logs, func(a, b journal) int {
		return cmp.Compare(a.entries[0].seq, b.entries[0].seq)
	})
	// The base block of a log is the hive's as of its first entry.
	next := h.header.Seq2
	if !sound {
		h.takeBase(logs[0].base)
		next = logs[0].entries[0].seq
	}
	for _, j := range logs {
		r := &h.replay.Logs[j.at]
		for _, e := range j.entries {
			if e.seq < next {
				continue // written to the hive already
			}
			if e.seq > next && !h.replay.Applied() {
				// Windows begins with the first entry that is not older than
				// the hive, so this does too, but says what is missing.
				h.note(&Trouble{Offset: -1, What: fmt.Sprintf("entries %d to %d are in no transaction log; those from %d were applied", next, e.seq-1, e.seq), Lost: "the changes of the missing entries"})
			} else if e.seq > next {
				h.refuse(r, fmt.Errorf("entries %d to %d are missing before entry %d", next, e.seq-1, e.seq))
				break
			}
			h.apply(r, j.src, e)
			next = e.seq + 1
		}
		if r.Entries == 0 && r.Err == nil {
			r.Unused = "its changes are in the hive already"
		}
	}
	if h.replay.Applied() {
		h.header.Seq1, h.header.Seq2 = next, next
	}
}

// applyOld applies the log of the old format that belongs to this state of the
// hive: it carries the same time.
func (h *Hive) applyOld(logs []journal, sound bool) {
	for _, j := range logs {
		r := &h.replay.Logs[j.at]
		switch {
		case h.replay.Applied():
			r.Unused = "another log was applied"
			continue
		case sound && j.base.Written != h.header.Written:
			h.refuse(r, fmt.Errorf("it belongs to another state of the hive: its time is %d, that of the hive %d", j.base.Written, h.header.Written))
			continue
		}
		if sound {
			h.header.Root = j.base.Root
			h.header.Seq1, h.header.Seq2 = j.base.Seq1, j.base.Seq2
		} else {
			h.takeBase(j.base)
		}
		h.apply(r, j.src, j.entries[0])
	}
}

func (h *Hive) takeBase(base Header) {
	base.Type = typePrimary
	h.header = base
	h.replay.BaseBlock = true
}

func (h *Hive) apply(r *LogReplay, src io.ReaderAt, e entry) {
	for _, x := range e.runs {
		h.image.patch(x.off, x.len, src, x.pos)
		h.image.size = max(h.image.size, x.off+x.len)
		h.replay.Bytes += x.len
	}
	h.header.BinsSize = e.binsSize
	r.Entries++
	r.Pages += e.pages
	h.replay.Entries++
	h.replay.Pages += e.pages
}

// readLog reads the base block and what follows it. With an error in the
// middle of a log of the new format, the entries before it are kept: each was
// complete when the next was begun.
func readLog(l Log) (journal, error) {
	if l.Size < 2*sectorSize {
		return journal{}, fmt.Errorf("log of %d bytes", l.Size)
	}
	base := make([]byte, 2*sectorSize)
	if n, err := l.Data.ReadAt(base, 0); n < len(base) {
		return journal{}, fmt.Errorf("read of its base block: %w", cause(err))
	}
	j := journal{src: l.Data, base: parseHeader(base)}
	switch {
	case string(base[:4]) != "regf":
		return j, fmt.Errorf("its base block is damaged (magic %q)", base[:4])
	case !j.base.ChecksumOK:
		return j, fmt.Errorf("its base block is damaged (checksum)")
	case j.base.BinsSize >= maxBins:
		return j, fmt.Errorf("its base block gives %d bytes of bins", j.base.BinsSize)
	}
	var err error
	switch j.base.Type {
	case typeOldLog1, typeOldLog2:
		err = j.readDirty(l, string(base[sectorSize:sectorSize+4]))
	case typeNewLog:
		err = j.readEntries(l)
	default:
		err = fmt.Errorf("file type %d is no log", j.base.Type)
	}
	return j, err
}
