package ioc

import (
	"net/netip"
	"strconv"
	"strings"
)

// empty deals with a Content of nothing but blanks. One publisher's exports
// carry the value in the id of the IndicatorItem (1,074 published items); there
// it is taken, the id staying what it is. Elsewhere the condition is unknown:
// "contains nothing" would match everything.
func (p *parser) empty(c *Condition) {
	if valueInID(c) {
		c.Content = c.ID
		p.file.problem(Notice, c.Pos, "value-in-id", "write the value into Content", "Content is empty; the id %s is taken as the value", quote(c.ID))
		return
	}
	p.fault(c, "empty-content", "write the value to look for", "content is empty")
}

// valueInID reports whether the id of a condition is its value: it names
// nothing (no GUID, no item-1) and reads as a value of the term's type.
func valueInID(c *Condition) bool {
	id := c.ID
	kind := c.ContentType
	if c.Def != nil {
		kind = c.Def.Type
	}
	digest := map[string]int{"md5": 32, "sha1": 40, "sha256": 64}[kind]
	switch {
	case id == "":
		return false
	case digest > 0:
		return len(id) == digest && strings.Trim(id, hexDigits) == ""
	case kind == "IP":
		_, err := netip.ParseAddr(id)
		return err == nil
	case hasGUID(id) || isCounted(id):
		return false
	}
	switch kind {
	case "int", "uint64":
		_, err := strconv.ParseUint(id, 0, 64)
		return err == nil
	case "float", "double":
		_, err := strconv.ParseFloat(id, 64)
		return err == nil
	case "date":
		return len(id) >= len("2006-01-02") && strings.Trim(id[:4], "0123456789") == "" && id[4] == '-'
	case "bool":
		return EqualFold(id, "true") || EqualFold(id, "false")
	}
	return true
}

const hexDigits = "0123456789abcdefABCDEF"

// hasGUID reports whether a GUID stands anywhere in an id, with its dashes or
// as the whole id without them.
func hasGUID(id string) bool {
	if len(id) == 32 && strings.Trim(id, hexDigits) == "" {
		return true
	}
	const shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
next:
	for i := 0; i+len(shape) <= len(id) && i < 128; i++ {
		for j := range len(shape) {
			c := id[i+j]
			if shape[j] == '-' && c != '-' || shape[j] == 'x' && !strings.Contains(hexDigits, string(rune(c))) {
				continue next
			}
		}
		return true
	}
	return false
}

// isCounted reports whether an id is a bare number or a word followed by
// numbers, such as item-1, ii_2_3 or 17: a name that a generator counted up.
func isCounted(id string) bool {
	rest := strings.TrimLeft(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if strings.ContainsRune(rest, '.') {
		return false // an address or a version
	}
	return rest != "" && strings.Trim(rest, "0123456789-_:# ") == "" && strings.ContainsAny(rest, "0123456789")
}
