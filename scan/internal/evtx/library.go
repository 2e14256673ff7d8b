package evtx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/Velocidex/ordereddict"
	velocidex "www.velocidex.com/golang/evtx"
)

// A libraryChunk is a chunk that the library is asked for records of, as far as
// the guard lets it.
//
// The library reads a chunk from its start and takes a template from the first
// record that names it. The few records that a report shows are therefore read
// each with those only that define its templates, the others stepped over; when
// many of one chunk are asked for, all are read at once.
type libraryChunk struct {
	b       []byte
	guarded guarded
	read    int                       // records read for single ones, those that define included
	events  map[int]*ordereddict.Dict // by offset; nil until all are read
	err     error
}

// newLibraryChunk takes a chunk of ChunkSize bytes, which it changes.
func newLibraryChunk(b []byte) *libraryChunk {
	return &libraryChunk{b: b, guarded: guardChunk(b)}
}

// event is the event of the record at an offset, nil if the library cannot
// read it.
func (c *libraryChunk) event(offset int) (*ordereddict.Dict, error) {
	rec, ok := slices.BinarySearch(c.guarded.offsets, offset)
	if !ok {
		return nil, nil
	}
	if c.events == nil && 4*c.read < len(c.guarded.offsets) {
		return c.single(rec)
	}
	if c.events == nil {
		c.events, c.err = c.all()
	}
	return c.events[offset], c.err
}

// all reads all records.
func (c *libraryChunk) all() (map[int]*ordereddict.Dict, error) {
	events := make(map[int]*ordereddict.Dict, len(c.guarded.offsets))
	records, err := libraryRecords(c.b, len(c.guarded.offsets))
	for i, rec := range records {
		if d, ok := rec.Event.(*ordereddict.Dict); ok {
			events[c.guarded.offsets[i]] = d
		}
	}
	return events, err
}

// single reads one record. The size in the head of a record, which is all that
// the library has to find the next by, leads past those that are not needed.
func (c *libraryChunk) single(rec int) (*ordereddict.Dict, error) {
	needs := c.guarded.needs(rec)
	c.read += len(needs)
	if needs[0] != 0 { // the library begins there in any case: let it find no event
		const body = chunkHeaderSize + recordHeadSize
		token := c.b[body]
		c.b[body] = 0
		defer func() { c.b[body] = token }()
		needs = append([]int{0}, needs...)
	}
	for i, n := range needs[1:] {
		from, to := c.guarded.offsets[needs[i]], c.guarded.offsets[n]
		size := le.Uint32(c.b[from+4:])
		le.PutUint32(c.b[from+4:], uint32(to-from))
		defer func() { le.PutUint32(c.b[from+4:], size) }()
	}
	records, err := libraryRecords(c.b, len(needs))
	if err != nil || len(records) != len(needs) {
		return nil, err
	}
	d, _ := records[len(records)-1].Event.(*ordereddict.Dict)
	return d, nil
}

// libraryRecords has the library read the first n records of a chunk.
func libraryRecords(b []byte, n int) (records []*velocidex.EventRecord, err error) {
	defer func() {
		if p := recover(); p != nil {
			records, err = nil, fmt.Errorf("library: %v", p)
		}
	}()
	if n == 0 {
		return nil, nil
	}
	c, err := velocidex.NewChunk(bytes.NewReader(b), 0)
	if err != nil {
		return nil, err
	}
	// The library takes the number of records from these.
	c.Header.FirstEventRecNumber, c.Header.LastEventRecNumber = 1, uint64(n)
	return c.Parse(0)
}

// treeMaker turns what the library makes into a tree, within bounds: it may
// refer to one value from very many places.
type treeMaker struct {
	nodes, bytes int
}

func (m *treeMaker) make(key string, v any) (*node, error) {
	if m.nodes++; m.nodes > maxNodes || m.bytes > maxJSON {
		return nil, errLarge
	}
	n := &node{key: key, kind: bareNode, val: "null"}
	switch v := v.(type) {
	case nil:
	case *ordereddict.Dict:
		n.kind, n.val = objectNode, ""
		for _, it := range v.Items() {
			if err := m.add(n, it.Key, it.Value); err != nil {
				return nil, err
			}
		}
	case []any:
		n.kind, n.val = arrayNode, ""
		for _, e := range v {
			if err := m.add(n, "", e); err != nil {
				return nil, err
			}
		}
	case []string:
		n.kind, n.val = arrayNode, ""
		for _, e := range v {
			if err := m.add(n, "", e); err != nil {
				return nil, err
			}
		}
	case string:
		n.kind, n.val = textNode, v
	case []byte:
		n.kind, n.val = textNode, string(appendHex(nil, v))
	case float32:
		return m.make(key, float64(v))
	case float64:
		n.val = strconv.FormatFloat(v, 'g', -1, 64)
		if math.IsNaN(v) || math.IsInf(v, 0) || !json.Valid([]byte(n.val)) {
			n.kind = textNode
		}
	default: // integers and truth values
		n.val = fmt.Sprint(v)
		if !json.Valid([]byte(n.val)) {
			n.kind = textNode
		}
	}
	m.bytes += len(n.val) + len(key)
	return n, nil
}

func (m *treeMaker) add(n *node, key string, v any) error {
	k, err := m.make(key, v)
	if err == nil {
		n.kids = append(n.kids, k)
	}
	return err
}
