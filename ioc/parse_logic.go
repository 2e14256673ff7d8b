package ioc

import (
	"encoding/xml"
	"slices"
	"strings"
)

// logic reads a definition (1.0) or criteria (1.1) element.
func (p *parser) logic(name string, el xml.StartElement) error {
	pos := p.at()
	if v := versionOf(el.Name.Space); v != "" && versionOf(p.rootNS) == "" {
		p.file.Version = v
	}
	if home := map[string]string{"definition": "1.0", "criteria": "1.1"}[name]; home != p.file.Version {
		p.file.problem(Warning, pos, "version-conflict", "", "%s element in a %s file", name, p.file.Version)
	}
	if p.criteria++; p.criteria > 1 {
		p.file.problem(Warning, pos, "criteria-repeated", "", "a second element with Indicators (%s); all are joined by OR", name)
	}
	return p.children(name, func(name string, el xml.StartElement) error {
		node, err := p.node(name, el, 1)
		if node != nil {
			if _, bare := node.(*Condition); bare {
				p.file.problem(Warning, node.(*Condition).Pos, "item-outside-indicator", "", "an IndicatorItem outside every Indicator; joined by OR")
			}
			p.file.Criteria = append(p.file.Criteria, node)
		}
		return err
	})
}

// node reads a child of an Indicator; nil for one that is no node.
func (p *parser) node(name string, el xml.StartElement, depth int) (Node, error) {
	switch name {
	case "Indicator", "IndicatorItem":
	case "param":
		return nil, p.param(el)
	case "Comment", "metrics":
		return nil, p.skip()
	default:
		return nil, p.passOver(el)
	}
	if p.nodes++; p.nodes > maxNodes {
		return nil, rejected(p.at(), "limit", "", "more than %d Indicators and IndicatorItems", maxNodes)
	}
	if name == "IndicatorItem" {
		c, err := p.item(el)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	if depth > maxIndicatorDepth {
		return nil, rejected(p.at(), "limit", "", "Indicators nested deeper than %d", maxIndicatorDepth)
	}
	ind, err := p.indicator(el, depth)
	if err != nil {
		return nil, err
	}
	return ind, nil
}

func (p *parser) indicator(el xml.StartElement, depth int) (*Indicator, error) {
	ind := &Indicator{
		ID:      strings.TrimSpace(attr(el, "id")),
		Context: strings.TrimSpace(attr(el, "node-context")),
		Pos:     p.at(),
	}
	p.knownAttributes(el, "id", "operator", "node-context")
	operator, given := attrOK(el, "operator")
	switch word := strings.TrimSpace(operator); {
	case strings.EqualFold(word, "AND"):
		ind.Operator = And
	case strings.EqualFold(word, "OR"):
		ind.Operator = Or
	case !given || word == "":
		ind.Fault = "no operator"
		p.file.problem(Error, ind.Pos, "operator", `write operator="OR" or operator="AND"`, "an Indicator without operator")
	default:
		ind.Fault = "operator " + quote(word) + " is neither AND nor OR"
		p.file.problem(Error, ind.Pos, "operator", `write operator="OR" or operator="AND"`, "%s", ind.Fault)
	}
	if ind.Fault == "" && operator != ind.Operator.String() {
		p.file.problem(Notice, ind.Pos, "operator-case", "", "operator %s read as %s", quote(operator), ind.Operator)
	}
	err := p.children("Indicator", func(name string, el xml.StartElement) error {
		child, err := p.node(name, el, depth+1)
		if child != nil {
			ind.Children = append(ind.Children, child)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	ind.Children = slices.Clone(ind.Children) // without the room for more
	if len(ind.Children) == 0 {
		p.file.problem(Warning, ind.Pos, "empty-indicator", "", "an Indicator without children is never true")
	}
	return ind, nil
}

// finish settles what needs the whole file: the ids of conditions, where
// parameters point.
func (p *parser) finish() {
	known := map[string]bool{}
	if len(p.refs) > 0 {
		p.collectIDs(p.file.Criteria, known)
		delete(known, "")
	}
	p.place(p.file.Criteria, "")
	for _, c := range p.comments {
		p.file.Parameters[c.param].Ref = c.condition.ID
	}
	for _, ref := range p.refs {
		param := &p.file.Parameters[ref.param]
		if !known[param.Ref] && param.Ref != p.file.ID {
			p.file.problem(Notice, ref.pos, "parameter", "", "parameter %s refers to %s, which is no id of this file", quote(param.Name), quote(param.Ref))
		}
	}
}

func (p *parser) collectIDs(nodes []Node, known map[string]bool) {
	for _, n := range nodes {
		switch n := n.(type) {
		case *Condition:
			known[n.ID] = true
		case *Indicator:
			known[n.ID] = true
			p.collectIDs(n.Children, known)
		}
	}
}

// place gives conditions without an id of their own the id of their place.
func (p *parser) place(nodes []Node, path string) {
	for i, n := range nodes {
		switch n := n.(type) {
		case *Condition:
			count := p.ids[n.ID]
			if n.ID != "" && count == 1 && !isPlace(n.ID) {
				continue
			}
			own := n.ID
			n.ID = path + "/" + itoa(i)
			if count > 1 && own != "" {
				p.file.problem(Warning, n.Pos, "duplicate-id", "", "%d conditions have the id %s; this one is reported as %s", count, quote(own), n.ID)
			}
		case *Indicator:
			p.place(n.Children, path+"/"+itoa(i))
		}
	}
}

// isPlace reports whether an id could be taken for a place.
func isPlace(id string) bool {
	return strings.HasPrefix(id, "/") && strings.Trim(id, "/0123456789") == ""
}
