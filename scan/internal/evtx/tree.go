package evtx

import (
	"errors"
	"unicode/utf8"
)

// Bounds on the whole event of one record: a value may be named by any number
// of places.
const (
	maxNodes = 100_000
	maxJSON  = 16 << 20
)

var errLarge = errors.New("event is too large to be written out")

type nodeKind uint8

const (
	objectNode nodeKind = iota
	arrayNode
	textNode // shown in quotes
	bareNode // shown as it is: numbers, true, false, null
)

// A node is a piece of ordered JSON.
type node struct {
	key  string
	kind nodeKind
	kids []*node
	val  string
	many bool // a list made by put, not a value that is an array

	index map[string]*node // members by key, once there are many
}

func (n *node) get(key string) *node {
	const few = 32
	if len(n.kids) < few {
		for _, k := range n.kids {
			if k.key == key {
				return k
			}
		}
		return nil
	}
	if n.index == nil {
		n.index = make(map[string]*node, 2*few)
		for _, k := range n.kids {
			n.index[k.key] = k
		}
	}
	return n.index[key]
}

// put adds a member; one whose key is there already makes the two a list, so
// that nothing is overwritten.
func (n *node) put(key string, v *node) {
	v.key = key
	old := n.get(key)
	switch {
	case old == nil:
		n.kids = append(n.kids, v)
		if n.index != nil {
			n.index[key] = v
		}
	case old.many:
		old.kids = append(old.kids, v)
	default:
		first := *old
		*old = node{key: key, kind: arrayNode, many: true, kids: []*node{&first, v}}
	}
}

// appendJSON appends the node as JSON.
func (n *node) appendJSON(dst []byte) ([]byte, error) {
	if len(dst) > maxJSON {
		return nil, errLarge
	}
	switch n.kind {
	case bareNode:
		return append(dst, n.val...), nil
	case textNode:
		return appendQuoted(dst, n.val), nil
	}
	open, end := byte('{'), byte('}')
	if n.kind == arrayNode {
		open, end = '[', ']'
	}
	dst = append(dst, open)
	for i, k := range n.kids {
		if i > 0 {
			dst = append(dst, ',')
		}
		if n.kind == objectNode {
			dst = append(appendQuoted(dst, k.key), ':')
		}
		var err error
		if dst, err = k.appendJSON(dst); err != nil {
			return nil, err
		}
	}
	return append(dst, end), nil
}

// appendQuoted writes a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}
