package document

import (
	"cmp"
	"errors"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// services is ServiceItem: what a system starts in the background by its
// configuration.
var services = Table[service]{
	name:    "ServiceItem",
	summary: "services: systemd units and init scripts, launchd jobs",
	needs:   []source.Capability{source.Files},
	label:   func(s *service) string { return cmp.Or(s.file, s.name) },
	fields:  serviceFields,
	on: map[source.Platform]lister[service]{
		source.Linux:  listLinuxServices,
		source.Darwin: listLaunchd,
	},
}

// A service is one of them, with what its configuration says.
type service struct {
	file  string // that decides what it is
	name  string
	alias []string // further names

	title, text string // a short and a long description
	kind        string
	mode        []string // in the system's own word, then in that of Windows
	commands    []command
	account     string // that it runs as; empty: not known
	user, group string // as configured
	mach        []string

	modeErr error // the mode cannot be told
	why     error // its configuration could not be read: all that comes from it is unknown

	host *serviceHost
	sums *serviceSums
}

// A command is what a service starts.
type command struct {
	path      string
	arguments string
	line      string // both, as written
}

// The start modes in the words that conditions use.
const (
	autoStart   = "SERVICE_AUTO_START"
	demandStart = "SERVICE_DEMAND_START"
	disabled    = "SERVICE_DISABLED"
)

// serviceFields are the terms of ServiceItem. Not among them, and so reported
// as not supported: status and pid, which only a running system has, whatever
// concerns the DLL of a service of Windows, signatures, and reference.
var serviceFields = []Field[service]{
	field(match.Field{Term: "ServiceItem/name", Kind: ioc.Text, Identity: true}, serviceName),
	field(match.Field{Term: "ServiceItem/descriptiveName", Kind: ioc.Text, Identity: true}, configured(func(s *service) []string { return some(s.title) })),
	field(match.Field{Term: "ServiceItem/description", Kind: ioc.Text}, configured(func(s *service) []string { return some(s.text) })),
	field(match.Field{Term: "ServiceItem/mode", Kind: ioc.Text, Identity: true}, serviceMode),
	field(match.Field{Term: "ServiceItem/type", Kind: ioc.Text}, configured(func(s *service) []string { return some(s.kind) })),
	field(match.Field{Term: "ServiceItem/path", Kind: ioc.Path, Multi: true, Identity: true}, servicePath),
	field(match.Field{Term: "ServiceItem/arguments", Kind: ioc.Text, Multi: true, Identity: true},
		fromCommands(func(c *command) string { return c.arguments })),
	field(match.Field{Term: "ServiceItem/cmdLine", Kind: ioc.Text, Multi: true}, fromCommands(func(c *command) string { return c.line })),
	field(match.Field{Term: "ServiceItem/startedAs", Kind: ioc.Text, Same: sameAccount}, serviceAccount),
	field(match.Field{Term: "ServiceItem/userName", Kind: ioc.Text}, configured(func(s *service) []string { return some(s.user) })),
	field(match.Field{Term: "ServiceItem/groupName", Kind: ioc.Text}, configured(func(s *service) []string { return some(s.group) })),
	field(match.Field{Term: "ServiceItem/machServices/machService", Kind: ioc.Text, Multi: true}, configured(func(s *service) []string { return s.mach })),

	serviceDigest("ServiceItem/pathmd5sum", digestMD5),
	serviceDigest("ServiceItem/pathMd54ksum", digestMD54K),
	serviceDigest("ServiceItem/pathsha1sum", digestSHA1),
	serviceDigest("ServiceItem/pathsha256sum", digestSHA256),
	serviceDigest("ServiceItem/pathSha512sum", digestSHA512),
	serviceDigest("ServiceItem/md5sum", digestMD5),
	serviceDigest("ServiceItem/sha1sum", digestSHA1),
	serviceDigest("ServiceItem/sha256sum", digestSHA256),
}

// some is s, or nothing if it is empty.
func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// serviceName: that of a unit or script is known by its file, whatever is in
// it.
func serviceName(s *service, yield func(ioc.Value) bool) error {
	if s.name == "" {
		return s.why
	}
	if yield(ioc.TextValue(s.name)) {
		yieldTexts(s.alias, yield)
	}
	return nil
}

func configured(of func(*service) []string) func(*service, func(ioc.Value) bool) error {
	return func(s *service, yield func(ioc.Value) bool) error {
		if s.why != nil {
			return s.why
		}
		yieldTexts(of(s), yield)
		return nil
	}
}

func serviceMode(s *service, yield func(ioc.Value) bool) error {
	if s.why != nil || s.modeErr != nil {
		return errors.Join(s.why, s.modeErr)
	}
	yieldTexts(s.mode, yield)
	return nil
}

func fromCommands(of func(*command) string) func(*service, func(ioc.Value) bool) error {
	return configured(func(s *service) (texts []string) {
		for i := range s.commands {
			if t := of(&s.commands[i]); t != "" {
				texts = append(texts, t)
			}
		}
		return texts
	})
}

func servicePath(s *service, yield func(ioc.Value) bool) error {
	if s.why != nil {
		return s.why
	}
	for i := range s.commands {
		if !yield(ioc.PathValue(s.commands[i].path)) {
			return nil
		}
	}
	return nil
}

func serviceAccount(s *service, yield func(ioc.Value) bool) error {
	switch {
	case s.why != nil:
		return s.why
	case s.account == "":
		return errNotCarried
	}
	yield(ioc.TextValue(s.account))
	return nil
}
