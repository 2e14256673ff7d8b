package evtx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/Velocidex/ordereddict"
	velocidex "www.velocidex.com/golang/evtx"
)

// libraryChunk decodes a chunk with the library, as far as the guard lets it,
// and returns the events by the offset of their records. b is changed.
func libraryChunk(b []byte) (events map[int]*ordereddict.Dict, err error) {
	defer func() {
		if p := recover(); p != nil {
			events, err = nil, fmt.Errorf("library: %v", p)
		}
	}()
	n := guardChunk(b)
	if n == 0 {
		return nil, nil
	}
	c, err := velocidex.NewChunk(bytes.NewReader(b), 0)
	if err != nil {
		return nil, err
	}
	// The library takes the number of records from these.
	c.Header.FirstEventRecNumber, c.Header.LastEventRecNumber = 1, uint64(n)
	records, err := c.Parse(0)
	if err != nil {
		return nil, err
	}
	events = make(map[int]*ordereddict.Dict, len(records))
	o := chunkHeaderSize
	for _, rec := range records {
		if d, ok := rec.Event.(*ordereddict.Dict); ok {
			events[o] = d
		}
		o += int(rec.Header.Size)
	}
	return events, nil
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
