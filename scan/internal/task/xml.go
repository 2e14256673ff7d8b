package task

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// Bounds on one document. The largest tasks of Windows have some 200 elements,
// nested six deep.
const (
	maxElements = 1 << 14
	maxDepth    = 32
)

// An element is one of the document, with its text and what is in it.
type element struct {
	name string
	text string
	data []byte // becomes text
	in   []*element
}

// ParseXML reads a task of the Windows Task Scheduler (Vista and later), in
// UTF-16 or UTF-8. The elements are those of [MS-TSCH] 2.5.
func ParseXML(data []byte) (*Task, error) {
	root, err := readXML(data)
	if err != nil {
		return nil, err
	}
	if root.name != "Task" {
		return nil, fmt.Errorf("not a task: the document is a %.40q", root.name)
	}
	info, settings := root.child("RegistrationInfo"), root.child("Settings")
	t := &Task{
		URI: info.get("URI"), Author: info.get("Author"), Comment: info.get("Description"), Created: info.get("Date"),
		Disabled: isFalse(settings.get("Enabled")), Hidden: isTrue(settings.get("Hidden")),
		MaxRunTime: settings.get("ExecutionTimeLimit"), Priority: settings.get("Priority"),
	}
	// What [MS-TSCH] says of a setting that is left out.
	if t.MaxRunTime == "" {
		t.MaxRunTime = "PT72H"
	}
	if t.Priority == "" {
		t.Priority = "7"
	}
	for _, p := range root.child("Principals").all() {
		if p.name != "Principal" {
			continue
		}
		q := Principal{Account: p.get("UserId"), LogonType: p.get("LogonType"), RunLevel: p.get("RunLevel")}
		if q.Account == "" {
			q.Account = p.get("GroupId")
		}
		if q.RunLevel == "" {
			q.RunLevel = "LeastPrivilege"
		}
		t.Principals = append(t.Principals, q)
	}
	for _, a := range root.child("Actions").all() {
		t.Actions = append(t.Actions, action(a))
	}
	for _, g := range root.child("Triggers").all() {
		t.Triggers = append(t.Triggers, trigger(g))
	}
	return t, nil
}

func action(a *element) Action {
	return Action{
		Kind: a.name, Path: a.get("Command"), Arguments: a.get("Arguments"), Directory: a.get("WorkingDirectory"),
		ClassID: a.get("ClassId"), Data: a.get("Data"),
		Server: a.get("Server"), Subject: a.get("Subject"), From: a.get("From"), To: a.get("To"),
		CC: a.get("Cc"), BCC: a.get("Bcc"), ReplyTo: a.get("ReplyTo"),
		Attachments: a.child("Attachments").texts(),
		Title:       a.get("Title"), Body: a.get("Body"),
	}
}

func trigger(g *element) Trigger {
	t := Trigger{
		Kind: g.name, Begin: g.get("StartBoundary"), End: g.get("EndBoundary"), Delay: g.get("Delay"),
		MaxRunTime: g.get("ExecutionTimeLimit"), User: g.get("UserId"), StateChange: g.get("StateChange"),
		Subscription: g.get("Subscription"), Queries: g.child("ValueQueries").texts(), Disabled: isFalse(g.get("Enabled")),
	}
	if t.Delay == "" {
		t.Delay = g.get("RandomDelay")
	}
	for _, e := range g.all() {
		if strings.HasPrefix(e.name, "ScheduleBy") {
			t.Kind += "/" + e.name
			break
		}
	}
	return t
}

func isTrue(s string) bool  { return s == "true" || s == "1" }
func isFalse(s string) bool { return s == "false" || s == "0" }

// readXML builds the tree of a document within bounds. Entities of a document
// type are errors, as package xml has it.
func readXML(data []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(decode(data)))
	// The text is UTF-8 already, whatever the declaration says.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	top := &element{}
	open := []*element{top}
	count := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed XML: %w", err)
		}
		last := open[len(open)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			if count++; count > maxElements || len(open) > maxDepth {
				return nil, fmt.Errorf("more than %d elements, or nested deeper than %d", maxElements, maxDepth)
			}
			e := &element{name: tok.Name.Local}
			last.in = append(last.in, e)
			open = append(open, e)
		case xml.EndElement:
			last.text, last.data = string(bytes.TrimSpace(last.data)), nil
			open = open[:len(open)-1]
		case xml.CharData:
			if last.in == nil { // text between elements is layout
				last.data = append(last.data, tok...)
			}
		}
	}
	if len(top.in) != 1 {
		return nil, errors.New("not one XML document")
	}
	return top.in[0], nil
}

// child is the first element of the name; all methods work on one that is not
// there.
func (e *element) child(name string) *element {
	for _, c := range e.all() {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (e *element) all() []*element {
	if e == nil {
		return nil
	}
	return e.in
}

func (e *element) get(name string) string {
	if c := e.child(name); c != nil {
		return c.text
	}
	return ""
}

func (e *element) texts() []string {
	var list []string
	for _, c := range e.all() {
		list = append(list, c.text)
	}
	return list
}

// decode turns UTF-16 into UTF-8, by its mark or by the zero beside the first
// "<"; other text stays what it is, without its mark.
func decode(b []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		b = b[2:]
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		b, order = b[2:], binary.BigEndian
	case bytes.HasPrefix(b, []byte("<\x00")):
	default:
		return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	}
	u := make([]uint16, len(b)/2)
	for n := range u {
		u[n] = order.Uint16(b[2*n:])
	}
	return []byte(string(utf16.Decode(u)))
}
