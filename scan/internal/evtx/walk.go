package evtx

// The walk over the records of a chunk. A record is the magic 2a 2a 00 00, its
// size, its number, the time it was written, BinXML, and its size again.

func (r *Reader) startWalk() {
	r.pos, r.any, r.damaged, r.ended, r.last = chunkHeaderSize, false, false, false, 0
	r.free = r.chunk.Free
	if r.free == 0 || !r.chunk.Magic {
		// The header does not say: take what is written for records, so that
		// the unused rest does not count as damage.
		r.free = ChunkSize
		for r.free > chunkHeaderSize && r.buf[r.free-1] == 0 {
			r.free--
		}
		r.free = min((r.free+3)&^3, ChunkSize)
	}
}

// Next decodes the System part of the next record, or returns nil at the end
// of the chunk. The Record is valid until the next call.
func (r *Reader) Next() *Record {
	for {
		pos, end, flags := r.nextHead()
		if pos == 0 {
			if !r.ended {
				r.countMissing(r.chunk.Last + 1)
			}
			r.ended = true
			return nil
		}
		r.countMissing(r.number(pos))
		rec := &r.rec
		rec.begin(pos, end, flags)
		r.any, r.last = true, rec.Number
		if len(rec.fields) == 0 {
			rec.Fields()
		}
		if len(rec.fields) == 0 {
			r.stats.Undecodable++
			if rec.flags&Partial != 0 {
				r.stats.Partial--
			}
			r.damaged = true
			continue
		}
		r.stats.Records++
		if rec.flags&Uncommitted != 0 {
			r.stats.Uncommitted++
		}
		return rec
	}
}

// nextHead finds the next record and where it ends; pos is 0 at the end.
func (r *Reader) nextHead() (pos, end int, flags Flags) {
	for r.pos+minRecord <= ChunkSize {
		pos = r.pos
		size := r.soundHead(pos, ChunkSize)
		if pos >= r.free {
			// Stale records of an earlier use of the chunk lie here too. One
			// that goes on counting was written but not yet booked.
			if size == 0 || !r.follows(pos) {
				return 0, 0, 0
			}
			r.pos += size
			return pos, pos + size, Uncommitted | r.after()
		}
		if size != 0 {
			r.pos += size
			return pos, pos + size, r.after()
		}
		next := r.scan(pos + 4)
		r.pos = next
		end = pos
		if le.Uint32(r.buf[pos:]) == recordMagic && r.plausible(pos) {
			end = next
			if size := le.Uint32(r.buf[pos+4:]); size >= minRecord && size < uint32(next-pos) {
				end = pos + int(size)
			}
		}
		flags = Partial | r.after()
		r.gap(end, next)
		if end > pos {
			return pos, end, flags
		}
	}
	return 0, 0, 0
}

// after tags a record that follows damage.
func (r *Reader) after() Flags {
	if r.damaged {
		return AfterDamage
	}
	return 0
}

// gap counts a stretch in which no record was found. What the file has not got
// is not unreadable.
func (r *Reader) gap(from, to int) {
	if to = min(to, r.chunk.Length); from < to {
		r.damaged = true
		r.stats.Gaps++
		r.stats.GapBytes += to - from
	}
}

// soundHead is the size of the record at o, 0 if none begins there.
func (r *Reader) soundHead(o, limit int) int {
	if o+minRecord > limit || le.Uint32(r.buf[o:]) != recordMagic {
		return 0
	}
	size := le.Uint32(r.buf[o+4:])
	if size < minRecord || size > uint32(limit-o) || size&3 != 0 ||
		le.Uint32(r.buf[o+int(size)-4:]) != size {
		return 0
	}
	return int(size)
}

// scan looks for the next sound record from o to the end of the records.
func (r *Reader) scan(o int) int {
	for ; o+minRecord <= r.free; o += 4 {
		if r.soundHead(o, ChunkSize) != 0 {
			return o
		}
	}
	return r.free
}

func (r *Reader) number(o int) uint64 { return le.Uint64(r.buf[o+8:]) }

// follows reports whether the record at o continues the numbering.
func (r *Reader) follows(o int) bool {
	if r.any {
		return r.number(o) == r.last+1
	}
	// The header claims no records: the first one has the number that the
	// header would begin with, or any in a chunk never booked.
	return r.chunk.Claims() == 0 && (r.number(o) == r.chunk.First || r.chunk.First == 0 || r.chunk.First == 1<<64-1)
}

// plausible reports whether a damaged record at o has a number that may stand
// there: the next one, or one that the header claims.
func (r *Reader) plausible(o int) bool {
	n := r.number(o)
	if r.any {
		return n == r.last+1 || n > r.last && n <= r.chunk.Last && r.chunk.Claims() > 0
	}
	return r.chunk.Claims() > 0 && n >= r.chunk.First && n <= r.chunk.Last
}

// countMissing counts the records that the chunk claims between the one before
// and the given number.
func (r *Reader) countMissing(number uint64) {
	if r.chunk.Claims() == 0 {
		return
	}
	expected := r.chunk.First
	if r.any {
		expected = r.last + 1
	}
	if expected >= r.chunk.First && number > expected && number <= r.chunk.Last+1 {
		r.stats.Missing += int(number - expected)
	}
}
