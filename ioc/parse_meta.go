package ioc

import (
	"encoding/xml"
	"slices"
	"strings"
)

// metadata reads the wrapper that 1.1 puts round what describes the IOC. Both
// layouts are read in both versions.
func (p *parser) metadata(el xml.StartElement) error {
	if p.file.Version == "1.0" {
		p.file.problem(Notice, p.at(), "metadata-layout", "", "metadata element in a 1.0 file")
	}
	return p.children("metadata", func(name string, el xml.StartElement) error {
		return p.metaElement(name, el, false)
	})
}

// metaElement reads one describing element. misplaced: it stands where the
// other version has it.
func (p *parser) metaElement(name string, el xml.StartElement, misplaced bool) error {
	pos := p.at()
	f := p.file
	var to *string
	var keywords string
	switch name {
	case "short_description":
		to = &f.Name
	case "description":
		to = &f.Description
	case "authored_by":
		to = &f.Author
	case "authored_date":
		to = &f.Authored
	case "keywords":
		to = &keywords
	case "links":
		return p.children(name, func(name string, el xml.StartElement) error {
			if name == "link" {
				return p.link(el)
			}
			return p.passOver(el)
		})
	case "link":
		return p.link(el)
	case "metrics": // counters of the 2010 schema, of no use here
		return p.skip()
	default:
		return p.passOver(el)
	}
	if misplaced && !slices.Contains(p.seen, "misplaced") {
		p.seen = append(p.seen, "misplaced")
		f.problem(Notice, pos, "metadata-layout", "", "%s outside metadata in a 1.1 file", name)
	}
	text, _, err := p.content(p.text[:0])
	if err != nil {
		return err
	}
	p.text = text
	value := strings.TrimSpace(string(text))
	if slices.Contains(p.seen, name) {
		f.problem(Notice, pos, "element-repeated", "", "a second %s passed over: %s", name, quote(value))
		return nil
	}
	p.seen = append(p.seen, name)
	*to = value
	if name == "keywords" {
		f.Keywords = strings.Fields(keywords)
	}
	return nil
}

func (p *parser) link(el xml.StartElement) error {
	text, _, err := p.content(p.text[:0])
	if err != nil {
		return err
	}
	p.text = text
	p.file.Links = append(p.file.Links, Link{
		Rel:  strings.TrimSpace(attr(el, "rel")),
		Href: strings.TrimSpace(attr(el, "href")),
		Text: strings.TrimSpace(string(text)),
	})
	return nil
}

// param reads a parameter of 1.1, or of the extension to 1.0.
func (p *parser) param(el xml.StartElement) error {
	pos := p.at()
	param := Parameter{
		ID: strings.TrimSpace(attr(el, "id")), Ref: strings.TrimSpace(attr(el, "ref-id")),
		Name: strings.TrimSpace(attr(el, "name")),
	}
	err := p.children("param", func(name string, el xml.StartElement) error {
		if name != "value" {
			return p.passOver(el)
		}
		param.Type = strings.TrimSpace(attr(el, "type"))
		text, _, err := p.content(p.text[:0])
		if err == nil {
			p.text = text
			param.Value = string(text)
		}
		return err
	})
	if err != nil {
		return err
	}
	if param.Name == "" {
		p.file.problem(Notice, pos, "parameter", "", "a parameter without a name")
	}
	p.refs = append(p.refs, refPos{len(p.file.Parameters), pos})
	p.file.Parameters = append(p.file.Parameters, param)
	return nil
}
