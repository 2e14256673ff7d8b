package ioc

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// item reads an IndicatorItem. Whatever is wrong with it makes the condition
// unknown (Fault), never the file.
func (p *parser) item(el xml.StartElement) (*Condition, error) {
	c := &Condition{ID: strings.TrimSpace(attr(el, "id")), Pos: p.at()}
	p.ids[c.ID]++
	p.knownAttributes(el, "id", "condition", "preserve-case", "negate")
	p.test(c, el)

	var contexts, contents int
	err := p.children("IndicatorItem", func(name string, el xml.StartElement) error {
		switch name {
		case "Context":
			if contexts++; contexts == 1 {
				p.context(c, el)
			}
			return p.skip()
		case "Content":
			if contents++; contents == 1 {
				return p.itemContent(c, el)
			}
			return p.skip()
		case "Comment":
			// As a parameter named comment, which is what 1.1 made of it.
			text, _, err := p.content(p.text[:0])
			if err != nil {
				return err
			}
			p.text = text
			if text := strings.TrimSpace(string(text)); text != "" {
				p.comments = append(p.comments, commentRef{len(p.file.Parameters), c})
				p.file.Parameters = append(p.file.Parameters, Parameter{Name: "comment", Type: "string", Value: text})
			}
			return nil
		case "param":
			return p.param(el)
		}
		return p.passOver(el)
	})
	if err != nil {
		return nil, err
	}
	switch {
	case contexts > 1 || contents > 1:
		p.fault(c, "repeated-part", "split it into one IndicatorItem for each", "an IndicatorItem with several Contexts or Contents")
	case contexts == 0:
		p.fault(c, "missing-context", "", "no Context")
	case c.Term == "":
		p.fault(c, "missing-context", `write search="FileItem/FileName" or the like`, "Context names no term")
	}
	switch {
	case contents == 0:
		p.fault(c, "missing-content", "put the value into a Content element", "no Content")
	case contents == 1 && strings.TrimSpace(c.Content) == "" && c.Fault == "":
		p.empty(c)
	}
	return c, nil
}

// fault says why a condition can never be answered. The first reason stays.
func (p *parser) fault(c *Condition, rule, hint, text string) {
	if c.Fault == "" {
		c.Fault = text
	}
	p.file.problem(Error, c.Pos, rule, hint, "%s", text)
}

// test reads the condition word and its attributes.
func (p *parser) test(c *Condition, el xml.StartElement) {
	written := attr(el, "condition")
	word := strings.TrimSpace(written)
	var home string // the version that has the word, empty for both
	known, ok := conditionWords[word]
	if !ok {
		if known, ok = conditionWords[strings.ToLower(word)]; ok {
			p.file.problem(Notice, c.Pos, "condition-case", "", "condition %s", quote(written))
		}
	}
	c.Test, c.Negate, home = known.test, known.not, known.version
	switch {
	case word == "":
		p.fault(c, "unknown-condition", `write condition="is" or another`, "no condition word")
	case !ok:
		p.fault(c, "unknown-condition", conditionHint(word), "unknown condition "+quote(word))
	case home != "" && home != p.file.Version:
		p.file.problem(Notice, c.Pos, "condition-version", "", "condition %s of OpenIOC %s in a %s file", quote(word), home, p.file.Version)
	}

	negate, given := p.boolean(c, el, "negate")
	if given && negate {
		if p.file.Version == "1.0" {
			p.file.problem(Notice, c.Pos, "condition-version", "", "negate of OpenIOC 1.1 in a 1.0 file")
		}
		if c.Negate {
			p.file.problem(Warning, c.Pos, "double-negation", "drop one of the two", "condition %s with negate=\"true\" cancel out", quote(word))
		}
		c.Negate = !c.Negate
	}
	preserve, _ := p.boolean(c, el, "preserve-case")
	if preserve && p.file.Version == "1.0" {
		p.file.problem(Warning, c.Pos, "preserve-case-version", "", "preserve-case has no meaning in OpenIOC 1.0; compared without case")
		preserve = false
	}
	c.PreserveCase = preserve
}

func (p *parser) boolean(c *Condition, el xml.StartElement, name string) (value, given bool) {
	written, given := attrOK(el, name)
	if !given {
		return false, false
	}
	switch strings.ToLower(strings.TrimSpace(written)) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	p.fault(c, "boolean-value", "write true or false", name+" is "+quote(written)+", neither true nor false")
	return false, true
}

// context reads the term. The search attribute decides; document only repeats
// its first part, and is wrong in published files.
func (p *parser) context(c *Condition, el xml.StartElement) {
	written := strings.TrimSpace(attr(el, "search"))
	document := strings.TrimSpace(attr(el, "document"))
	if written == "" && strings.Contains(document, "/") {
		p.file.problem(Warning, p.at(), "search-missing", "write the term into search", "no search in Context; the term is taken from document: %s", quote(document))
		written = document
	}
	if written == "" {
		return
	}
	meant, alias := vocabulary().lookup(written)
	if meant == nil {
		c.Term = written
		p.unknown = append(p.unknown, unknownRef{len(p.file.Problems), written})
		p.file.problem(Warning, p.at(), "term-unknown", "", "term %s is not known", quote(written))
	} else {
		c.Term, c.Def = meant.Name, meant
		if alias != nil {
			p.file.problem(Notice, p.at(), "term-alias", "", "term %s read as %s", quote(written), meant.Name)
		}
	}
	if document != "" && !sameDocument(Document(document), written, c.Term) {
		p.file.problem(Warning, p.at(), "document-mismatch", "", "document %s but search %s; search counts", quote(document), quote(written))
	}
}

// sameDocument reports whether a document is that of a term, as written or as
// meant. eventItem holds all the event documents.
func sameDocument(document, written, meant string) bool {
	return EqualFold(document, Document(written)) || EqualFold(document, Document(meant)) ||
		EqualFold(document, "eventItem") && strings.HasSuffix(Document(meant), "Event")
}

func (p *parser) itemContent(c *Condition, el xml.StartElement) error {
	pos := p.at()
	c.ContentType = contentType(attr(el, "type"))
	text, nested, err := p.content(p.text[:0])
	if err != nil {
		return err
	}
	p.text = text
	c.Content = string(text)
	if nested {
		// Markup that was meant as text would leave a value nobody wrote.
		c.Fault = "Content holds elements"
		p.file.problem(Error, pos, "structured-content", "write < as &lt; and & as &amp;", "Content holds elements beside %s", quote(bytes.TrimSpace(text)))
	}
	return nil
}

// contentType keeps one copy of the types in common use.
func contentType(written string) string {
	switch t := strings.TrimSpace(written); t {
	case "string":
		return "string"
	case "int":
		return "int"
	case "date":
		return "date"
	case "md5":
		return "md5"
	case "sha1":
		return "sha1"
	case "sha256":
		return "sha256"
	case "IP":
		return "IP"
	default:
		return t
	}
}
