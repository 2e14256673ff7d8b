package document

import (
	"bytes"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
	"iocscan/scan/source"
)

// Events says which event records are asked for. The zero value asks for all
// of the source's own logs.
type Events struct {
	// Channels are the names of channels, in any case, and Prefixes what
	// further ones begin with; without either, all channels count.
	Channels []string
	Prefixes []string

	// Since and Until bound the time of a record, both included, as FILETIME
	// ticks; 0: no bound. A record without any time counts.
	Since, Until int64

	// SIDs: nobody asks for the account of a record by its name, which the
	// record has not got.
	SIDs bool

	// Given are logs in place of the source's own; nil: there are none.
	Given []source.LooseFile
}

func (s *Events) allChannels() bool { return len(s.Channels)+len(s.Prefixes) == 0 }

// whole reports whether nothing of the source's logs is left out.
func (s *Events) whole() bool {
	return s.allChannels() && s.Since == 0 && s.Until == 0 && s.Given == nil
}

// eventFilter asks one goroutine's records whether they are in scope.
type eventFilter struct {
	all      bool
	names    map[string]bool // folded
	prefixes [][]byte
	since    int64
	until    int64

	last   []byte // channel of the record before, as the record has it
	lastOK bool
	fold   []byte
}

func (s *Events) filter() eventFilter {
	f := eventFilter{all: s.allChannels(), since: s.Since, until: s.Until, names: map[string]bool{}}
	for _, c := range s.Channels {
		f.names[ioc.Fold(c)] = true
	}
	for _, p := range s.Prefixes {
		f.prefixes = append(f.prefixes, []byte(ioc.Fold(p)))
	}
	return f
}

// wants: what the record does not say leaves it in.
func (f *eventFilter) wants(rec *evtx.Record) bool {
	if !f.all {
		if v, ok := rec.Slot(evtx.Channel); ok && !f.wantsChannel(v) {
			return false
		}
	}
	if f.since == 0 && f.until == 0 {
		return true
	}
	at := int64(rec.Ticks)
	if at <= 0 {
		t, ok := rec.Time()
		if !ok {
			return true
		}
		at = t
	}
	return at >= f.since && (f.until == 0 || at <= f.until)
}

func (f *eventFilter) wantsChannel(v evtx.Value) bool {
	if len(f.last) == 0 || !bytes.Equal(f.last, v.Bytes) {
		f.last = append(f.last[:0], v.Bytes...)
		f.fold = v.AppendFolded(f.fold[:0])
		f.lastOK = f.names[string(f.fold)]
		for _, p := range f.prefixes {
			f.lastOK = f.lastOK || bytes.HasPrefix(f.fold, p)
		}
	}
	return f.lastOK
}
