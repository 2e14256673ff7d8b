package match

import (
	"strconv"

	"iocscan/ioc"
)

// A predicate is the positive test of a condition on one field of a document.
// Equal conditions of all IOC files share one, so that it is asked once an
// item.
type predicate struct {
	field   int
	pattern *ioc.Pattern

	// slots that ask it positively and under negation.
	pos, neg []slotID

	// absent: some scope wants to know whether any item of the host passes.
	absent bool
}

// A predID numbers the predicates of one document.
type predID = int32

// program of one document: its predicates, their indexes and its slots.
type docProgram struct {
	name   string
	schema *Document // nil where no source can ever answer the document
	preds  []predicate
	intern map[string]predID
	index  []*fieldIndex // by field; nil where nothing asks it
	slots  []slot
	bound  []slotID // slots with conditions on one element of a repeated term

	asked []bool       // by field: some predicate tests it
	base  [costs][]int // fields that every item must answer at each cost, see slot.baseline
	// beside are, by field, the others that slots asking it ask. Where a field
	// cannot be read they are needed even where base does without them.
	beside   [][]int
	absences int // conditions that ask whether no item passes

	// hopeless: some slot has a positive condition that no item can answer, so
	// every item leaves a trace there.
	hopeless bool
}

// add interns the predicate of a condition.
func (d *docProgram) add(field int, p *ioc.Pattern, content string) predID {
	key := make([]byte, 0, 64)
	key = strconv.AppendInt(key, int64(field), 36)
	key = append(key, byte(p.Test), byte(p.Kind))
	if p.Case {
		key = append(key, 'c')
	}
	switch {
	case p.Ordered():
		key = strconv.AppendUint(append(key, ':'), p.Lo, 36)
		key = strconv.AppendUint(append(key, ':'), p.Hi, 36)
	case p.Numeral() || p.Regex != nil:
		key = append(append(key, '='), content...)
	default:
		for _, t := range p.Texts {
			key = append(append(key, 0), t...)
		}
	}
	if id, ok := d.intern[string(key)]; ok {
		return id
	}
	id := predID(len(d.preds))
	d.intern[string(key)] = id
	d.preds = append(d.preds, predicate{field: field, pattern: p})
	d.asked[field] = true
	return id
}

// seal builds the indexes once all predicates are known.
func (d *docProgram) seal() {
	d.index = make([]*fieldIndex, len(d.asked))
	byField := make([][]predID, len(d.asked))
	for id := range d.preds {
		f := d.preds[id].field
		byField[f] = append(byField[f], predID(id))
	}
	for f, ids := range byField {
		if len(ids) > 0 {
			d.index[f] = newFieldIndex(d, ids, d.schema.Fields[f].Strings)
		}
	}
	d.intern = nil
}
