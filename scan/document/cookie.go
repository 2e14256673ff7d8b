package document

import (
	"iocscan/ioc"
	"iocscan/ioc/match"
)

// A cookie is what a server had a browser keep.
type cookie struct {
	remembered
	host, name, value, path string
	valueErr                error  // why the value is not known
	text                    string // path of the cookie's own file; empty: it is in that of all
	flags                   []string

	created, accessed, modified, expires, visited int64 // FILETIME ticks; 0: none

	secure, httpOnly bool
}

func cookieLabel(c *cookie) string { return c.remembered.label(c.host+c.path, c.name) }

const cookieHistory = "CookieHistoryItem"

var cookieFields = append([]Field[cookie]{
	cookieField(match.Field{Term: "HostName", Kind: ioc.Text, Identity: true, Same: any2}, cookieHost),
	cookieField(match.Field{Term: "CookieName", Kind: ioc.Text, Identity: true}, textOf(func(c *cookie) string { return c.name })),
	cookieField(match.Field{Term: "CookieValue", Kind: ioc.Text}, func(c *cookie, yield func(ioc.Value) bool) error {
		if c.value != "" {
			yield(ioc.TextValue(c.value))
		}
		return c.valueErr
	}),
	cookieField(match.Field{Term: "CookiePath", Kind: ioc.Text, Identity: true}, textOf(func(c *cookie) string { return c.path })),
	cookieField(match.Field{Term: "CookieFlags", Kind: ioc.Text, Multi: true}, historyTexts(func(c *cookie) []string { return c.flags })),
	cookieField(match.Field{Term: "FileName", Kind: ioc.Text}, textOf(func(c *cookie) string { _, name := splitTarget(c.file()); return name })),
	cookieField(match.Field{Term: "FilePath", Kind: ioc.Path}, func(c *cookie, yield func(ioc.Value) bool) error {
		if c.data.file.loose != nil {
			return errLoosePlace
		}
		folder, _ := splitTarget(c.file())
		if yield(ioc.PathValue(folder)) && len(folder) > 2 && folder[1] == ':' {
			yield(ioc.PathValue(folder[2:]))
		}
		return nil
	}),
	cookieField(match.Field{Term: "CreationDate", Kind: ioc.Time, Identity: true}, historyTime(func(c *cookie) int64 { return c.created })),
	cookieField(match.Field{Term: "LastAccessedDate", Kind: ioc.Time}, historyTime(func(c *cookie) int64 { return c.accessed })),
	cookieField(match.Field{Term: "LastModifiedDate", Kind: ioc.Time}, historyTime(func(c *cookie) int64 { return c.modified })),
	cookieField(match.Field{Term: "LastVisitDate", Kind: ioc.Time}, historyTime(func(c *cookie) int64 { return c.visited })),
	cookieField(match.Field{Term: "ExpirationDate", Kind: ioc.Time}, historyTime(func(c *cookie) int64 { return c.expires })),
	cookieField(match.Field{Term: "IsSecure", Kind: ioc.Bool}, historyTruth(func(c *cookie) bool { return c.secure })),
	cookieField(match.Field{Term: "IsHTTPOnly", Kind: ioc.Bool}, historyTruth(func(c *cookie) bool { return c.httpOnly })),
}, browserFields[cookie](cookieHistory)...)

func cookieField(f match.Field, get func(*cookie, func(ioc.Value) bool) error) Field[cookie] {
	return historyField[cookie](cookieHistory, f, get)
}

// file is the file that the cookie lies in.
func (c *cookie) file() string {
	if c.text != "" {
		return c.text
	}
	return c.data.file.shown()
}

// cookieHost is the host, with the dot by which browsers mark that it stands
// for all below it, and without.
func cookieHost(c *cookie, yield func(ioc.Value) bool) error {
	if c.host == "" || !yield(ioc.TextValue(c.host)) {
		return nil
	}
	if c.host[0] == '.' && len(c.host) > 1 {
		yield(ioc.TextValue(c.host[1:]))
	}
	return nil
}
