package match

import "iocscan/ioc"

// A memo is what a value of a field passed. Of events one after the other has
// the channel, the source and the computer of the one before, so that comparing
// it takes the place of looking it up.
type memo struct {
	text []byte
	hits []memoHit
	set  bool
}

type memoHit struct {
	pred  predID
	truth ioc.Truth
}

// memos are those of the last values of a field, of which an item may have
// several: an account has an identifier and names.
type memos struct {
	list [4]memo
	next int
}

// recall finds what a text passes, from memory if it is one of the last.
func (e *Evaluator) recall(v ioc.Value) {
	const long = 256 // bytes
	if len(v.Str) > long || v.Forms != nil {
		e.index.find(v, e.probe, e.onHit)
		return
	}
	for i := range e.memos.list {
		if m := &e.memos.list[i]; m.set && string(m.text) == v.Str {
			for _, h := range m.hits {
				e.hit(h.pred, h.truth)
			}
			return
		}
	}
	e.memo = &e.memos.list[e.memos.next]
	e.memos.next = (e.memos.next + 1) % len(e.memos.list)
	e.memo.text, e.memo.hits, e.memo.set = append(e.memo.text[:0], v.Str...), e.memo.hits[:0], true
	e.index.find(v, e.probe, e.onMemo)
}
