package match

import "iocscan/ioc"

// A memo is what the last value of a field passed. Of events one after the
// other has the channel, the source and the computer of the one before, so
// that comparing it takes the place of looking it up.
type memo struct {
	text []byte
	hits []memoHit
	set  bool
}

type memoHit struct {
	pred  predID
	truth ioc.Truth
}

// recall finds what a text passes, from memory if it is the last one.
func (e *Evaluator) recall(v ioc.Value) {
	const long = 256 // bytes
	m := e.memo
	if m.set && string(m.text) == v.Str && v.Forms == nil {
		for _, h := range m.hits {
			e.hit(h.pred, h.truth)
		}
		return
	}
	if len(v.Str) > long || v.Forms != nil {
		e.index.find(v, e.probe, e.onHit)
		return
	}
	m.text, m.hits, m.set = append(m.text[:0], v.Str...), m.hits[:0], true
	e.index.find(v, e.probe, e.onMemo)
}
