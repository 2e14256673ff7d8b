package ioc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

// Namespaces of the two versions; nsParam is the parameter extension of 1.0.
const (
	ns10    = "http://schemas.mandiant.com/2010/ioc"
	ns11    = "http://openioc.org/schemas/OpenIOC_1.1"
	nsParam = "http://schemas.mandiant.com/2010/ioc/TR/"
)

// Parse reads one OpenIOC document. It never fails: a File that cannot be used
// is Rejected, with the reason also as the last of its Problems. Nothing of
// data is kept; its bytes may have changed afterwards.
func Parse(path string, data []byte) *File {
	f, unknown := parseFile(path, data)
	suggest(f, unknown, map[string]string{})
	return f
}

// parseFile is Parse without the suggestions for unknown terms, which are dear
// and shared by the files of a collection.
func parseFile(path string, data []byte) (f *File, unknown []unknownRef) {
	sum := sha256.Sum256(data)
	f = &File{Path: path, SHA256: hex.EncodeToString(sum[:])}
	p := &parser{file: f}
	defer func() {
		if r := recover(); r != nil {
			f.reject(rejected(Pos{}, "xml", "", "the reader failed: %s", clip(fmt.Sprint(r), 200)))
		}
		unknown = p.unknown
	}()
	if rej := p.parse(data); rej != nil {
		f.reject(rej)
	}
	return f, p.unknown
}

// A parser reads one file.
type parser struct {
	*reader
	file   *File
	rootNS string

	nodes    int      // Indicators and IndicatorItems so far
	criteria int      // definition and criteria elements so far
	seen     []string // metadata elements read
	refs     []refPos // where parameters point
	comments []commentRef
	ids      map[string]int // how often each id stands on a condition
	text     []byte         // scratch
	unknown  []unknownRef
}

type refPos struct {
	param int
	pos   Pos
}

// A commentRef is a parameter made of the Comment of a condition.
type commentRef struct {
	param     int
	condition *Condition
}

// An unknownRef is a problem that awaits its did-you-mean.
type unknownRef struct {
	problem int
	term    string
}

func (p *parser) parse(data []byte) *rejection {
	if len(bytes.TrimSpace(data)) == 0 {
		return rejected(Pos{}, "empty-file", "", "the file is empty")
	}
	text, rej := decode(p.file, data)
	if rej != nil {
		return rej
	}
	p.reader = newReader(text)
	p.ids = map[string]int{}
	if err := p.document(); err != nil {
		if errors.As(err, &rej) {
			return rej
		}
		return rejected(p.here(), "xml", "", "%s", clip(err.Error(), 200)) // not reached: the reader only returns rejections
	}
	p.finish()
	return nil
}

// document reads the whole file: one root and nothing else.
func (p *parser) document() error {
	root := false
	for {
		tok, err := p.next()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case nil: // end of file
			if !root {
				return rejected(Pos{}, "not-openioc", "", "no XML element in the file")
			}
			return nil
		case xml.StartElement:
			if root {
				return rejected(p.at(), "trailing", "keep one IOC per file", "a second root element %s", quote(t.Name.Local))
			}
			root = true
			if err := p.root(t); err != nil {
				return err
			}
		case xml.CharData:
			if s := bytes.TrimSpace(t); len(s) > 0 {
				if !root {
					return rejected(p.atText(), "not-openioc", "", "the file does not begin with an XML element but with %s", quote(s))
				}
				return rejected(p.atText(), "trailing", "remove it", "text after the root element: %s", quote(s))
			}
		case xml.Directive:
			p.file.problem(Notice, p.at(), "doctype", "", "document type declaration passed over; entities it declares are not known")
		}
	}
}

func (p *parser) root(el xml.StartElement) error {
	pos := p.at()
	name := el.Name.Local
	switch {
	case strings.EqualFold(name, "ioc"):
		p.file.Version = "1.0"
	case strings.EqualFold(name, "OpenIOC"):
		p.file.Version = "1.1"
	default:
		return rejected(pos, "not-openioc", otherFormat(el), "the root element is %s, not ioc or OpenIOC", quote(name))
	}
	if name != "ioc" && name != "OpenIOC" {
		p.file.problem(Notice, pos, "element-case", "", "root element %s", quote(name))
	}
	p.rootNS = el.Name.Space
	switch v := versionOf(p.rootNS); {
	case v != "" && v != p.file.Version:
		p.file.problem(Warning, pos, "version-conflict", "", "root element %s in the namespace of OpenIOC %s; read as that version", quote(name), v)
		p.file.Version = v
	case v == "" && p.rootNS == "":
		p.file.problem(Warning, pos, "namespace", `write xmlns="`+namespaceOf(p.file.Version)+`"`, "the root element has no namespace")
	case v == "":
		p.file.problem(Warning, pos, "namespace", `write xmlns="`+namespaceOf(p.file.Version)+`"`, "namespace %s is not OpenIOC's", quote(p.rootNS))
	}
	p.file.ID = strings.TrimSpace(attr(el, "id"))
	if p.file.ID == "" {
		p.file.problem(Warning, pos, "id-missing", "give the IOC an id, such as a new GUID", "the IOC has no id")
	}
	if err := p.children("root", func(name string, el xml.StartElement) error {
		switch name {
		case "metadata":
			return p.metadata(el)
		case "definition", "criteria":
			return p.logic(name, el)
		case "parameters":
			return p.children(name, func(name string, el xml.StartElement) error {
				if name == "param" {
					return p.param(el)
				}
				return p.passOver(el)
			})
		}
		return p.metaElement(name, el, p.file.Version == "1.1")
	}); err != nil {
		return err
	}
	switch {
	case p.criteria == 0:
		p.file.problem(Warning, pos, "criteria-missing", "", "the IOC has no definition or criteria: there is nothing to look for")
	case len(p.file.Criteria) == 0:
		p.file.problem(Warning, pos, "criteria-empty", "", "the IOC has no Indicator: there is nothing to look for")
	}
	return nil
}

// versionOf is the version a namespace belongs to. A closing slash is not held
// against it.
func versionOf(ns string) string {
	switch strings.TrimSuffix(ns, "/") {
	case ns10:
		return "1.0"
	case ns11:
		return "1.1"
	}
	return ""
}

func namespaceOf(version string) string {
	if version == "1.1" {
		return ns11
	}
	return ns10
}

// otherFormat says what a file that is no IOC seems to be.
func otherFormat(root xml.StartElement) string {
	name, ns := strings.ToLower(root.Name.Local), strings.ToLower(root.Name.Space)
	switch {
	case strings.Contains(name, "stix") || strings.Contains(ns, "stix"):
		return "this is a STIX document; take the OpenIOC element out of it into a file of its own"
	case strings.Contains(name, "cybox") || strings.Contains(name, "observables") || strings.Contains(ns, "cybox"):
		return "this is a CybOX document"
	case name == "html" || name == "head" || name == "body":
		return "this is a web page; download the file itself"
	case name == "ioctermlist" || name == "iocterms":
		return "this is a list of terms, not an indicator"
	case name == "indicator" || name == "definition" || name == "criteria":
		return "this is a part of an IOC; its root element is missing"
	}
	return ""
}

// ours reports whether an element belongs to OpenIOC. Inside other documents
// the root and its children were seen in different namespaces, so both count.
func (p *parser) ours(name xml.Name) bool {
	return name.Space == "" || name.Space == p.rootNS || versionOf(name.Space) != "" || strings.HasPrefix(name.Space, nsParam)
}

// children reads the content of an element, up to and with its end. each is
// called at the start of every child that belongs to OpenIOC, with its name in
// proper case, and must read the child to its end.
func (p *parser) children(parent string, each func(name string, el xml.StartElement) error) error {
	for {
		tok, err := p.next()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.EndElement:
			return nil
		case xml.CharData:
			if s := bytes.TrimSpace(t); len(s) > 0 {
				p.file.problem(Warning, p.atText(), "stray-text", "", "text in %s passed over: %s", parent, quote(s))
			}
		case xml.StartElement:
			if !p.ours(t.Name) {
				p.file.problem(Warning, p.at(), "element-foreign", "", "element %s of namespace %s passed over", quote(t.Name.Local), quote(t.Name.Space))
				if err := p.skip(); err != nil {
					return err
				}
				continue
			}
			name := t.Name.Local
			if proper := properName(name); proper != name {
				p.file.problem(Notice, p.at(), "element-case", "", "element %s read as %s", quote(name), proper)
				name = proper
			}
			if err := each(name, t); err != nil {
				return err
			}
		}
	}
}

// passOver skips an element that OpenIOC does not have at this place.
func (p *parser) passOver(el xml.StartElement) error {
	p.file.problem(Warning, p.at(), "element-unknown", "", "element %s passed over", quote(el.Name.Local))
	return p.skip()
}

var elements = [...]string{
	"metadata", "definition", "criteria", "parameters", "param", "value",
	"short_description", "description", "keywords", "authored_by", "authored_date", "links", "link", "metrics",
	"Indicator", "IndicatorItem", "Context", "Content", "Comment",
}

func properName(name string) string {
	for _, e := range elements {
		if e == name {
			return e
		}
	}
	for _, e := range elements {
		if strings.EqualFold(e, name) {
			return e
		}
	}
	return name
}

// attr is the value of an attribute, empty where it is missing. Its name is
// compared without case.
func attr(el xml.StartElement, name string) string {
	v, _ := attrOK(el, name)
	return v
}

func attrOK(el xml.StartElement, name string) (string, bool) {
	for i := range el.Attr {
		if a := &el.Attr[i]; (a.Name.Space == "" || versionOf(a.Name.Space) != "") && (a.Name.Local == name || strings.EqualFold(a.Name.Local, name)) {
			return a.Value, true
		}
	}
	return "", false
}

// knownAttributes warns of attributes that an element of the logic does not
// have: a misspelt negate would turn its meaning round.
func (p *parser) knownAttributes(el xml.StartElement, known ...string) {
next:
	for _, a := range el.Attr {
		if a.Name.Space != "" || a.Name.Local == "xmlns" {
			continue
		}
		for _, k := range known {
			if a.Name.Local == k || strings.EqualFold(a.Name.Local, k) {
				continue next
			}
		}
		p.file.problem(Warning, p.at(), "attribute-unknown", "", "attribute %s of %s passed over", quote(a.Name.Local), el.Name.Local)
	}
}
