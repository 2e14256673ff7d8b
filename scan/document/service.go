package document

import (
	"cmp"
	"errors"
	"slices"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// services is ServiceItem: what a system starts in the background by its
// configuration.
var services = Table[service]{
	name:    "ServiceItem",
	summary: "services: systemd units and init scripts, launchd jobs, services and drivers of Windows",
	needs:   []source.Capability{source.Files},
	needsOn: map[source.Platform][]source.Capability{source.Windows: {source.Hives}},
	label:   func(s *service) string { return cmp.Or(s.file, s.name) },
	fields:  serviceFields,
	on: map[source.Platform]lister[service]{
		source.Linux:   listLinuxServices,
		source.Darwin:  listLaunchd,
		source.Windows: listWindowsServices,
	},
	open: openPrograms(func(s *service) []*program { return s.all() }),
}

// A service is one of them, with what its configuration says.
type service struct {
	file  string // that decides what it is; Windows: its key
	name  string
	alias []string // further names

	title, text string // a short and a long description
	kind        []string
	mode        []string // in the system's own word, then in that of Windows
	commands    []command
	account     string // that it runs as; empty: not known
	user, group string // as configured
	mach        []string

	status fact   // of a running system
	pid    amount // likewise

	windows  bool
	flags    uint32 // Windows: SERVICE_* of its type
	typeErr  error  // the type cannot be told; part of why
	titleErr error  // the title has a further form that cannot be told; likewise below
	textErr  error
	modeErr  error // the mode cannot be told
	why      error // its configuration could not be read: all that comes from it is unknown

	programs []*program // of commands
	library  []*program // Windows: the DLL that a shared process loads
}

// all are all programs of the service.
func (s *service) all() []*program {
	if len(s.library) == 0 {
		return s.programs
	}
	return slices.Concat(s.programs, s.library)
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
// as not supported: the words and chains of signatures, DigitalSignature, which
// is of macOS, fuzzy hashes, and reference.
var serviceFields = slices.Concat([]Field[service]{
	field(match.Field{Term: "ServiceItem/name", Kind: ioc.Text, Identity: true}, serviceName),
	field(match.Field{Term: "ServiceItem/descriptiveName", Kind: ioc.Text, Identity: true},
		serviceText(func(s *service) (string, error) { return s.title, s.titleErr })),
	field(match.Field{Term: "ServiceItem/description", Kind: ioc.Text},
		serviceText(func(s *service) (string, error) { return s.text, s.textErr })),
	field(match.Field{Term: "ServiceItem/mode", Kind: ioc.Text, Identity: true}, serviceMode),
	field(match.Field{Term: "ServiceItem/status", Kind: ioc.Text, Identity: true}, factOf(func(s *service) *fact { return &s.status })),
	field(match.Field{Term: "ServiceItem/pid", Kind: ioc.Int}, amountOf(func(s *service) *amount { return &s.pid })),
	field(match.Field{Term: "ServiceItem/type", Kind: ioc.Text, Multi: true}, configured(func(s *service) []string { return s.kind })),
	field(match.Field{Term: "ServiceItem/path", Kind: ioc.Path, Multi: true, Same: samePath, Identity: true}, ofEach(servicePrograms, (*program).paths)),
	field(match.Field{Term: "ServiceItem/arguments", Kind: ioc.Text, Multi: true, Identity: true}, ofEach(servicePrograms, (*program).arguments)),
	field(match.Field{Term: "ServiceItem/cmdLine", Kind: ioc.Text, Multi: true}, ofEach(servicePrograms, (*program).command)),
	field(match.Field{Term: "ServiceItem/startedAs", Kind: ioc.Text, Same: sameAccount}, serviceAccount),
	field(match.Field{Term: "ServiceItem/userName", Kind: ioc.Text}, configured(func(s *service) []string { return some(s.user) })),
	field(match.Field{Term: "ServiceItem/groupName", Kind: ioc.Text}, configured(func(s *service) []string { return some(s.group) })),
	field(match.Field{Term: "ServiceItem/machServices/machService", Kind: ioc.Text, Multi: true}, configured(func(s *service) []string { return s.mach })),
	field(match.Field{Term: "ServiceItem/serviceDLL", Kind: ioc.Path, Same: samePath, Identity: true}, ofEach(serviceLibrary, (*program).paths)),

	programField("ServiceItem/pathmd5sum", "Md5sum", servicePrograms),
	programField("ServiceItem/pathMd54ksum", "Md54ksum", servicePrograms),
	programField("ServiceItem/pathsha1sum", "Sha1sum", servicePrograms),
	programField("ServiceItem/pathsha256sum", "Sha256sum", servicePrograms),
	programField("ServiceItem/pathSha512sum", "Sha512sum", servicePrograms),
	programField("ServiceItem/md5sum", "Md5sum", servicePrograms),
	programField("ServiceItem/sha1sum", "Sha1sum", servicePrograms),
	programField("ServiceItem/sha256sum", "Sha256sum", servicePrograms),

	programField("ServiceItem/serviceDLLmd5sum", "Md5sum", serviceLibrary),
	programField("ServiceItem/serviceDLLMd54Ksum", "Md54ksum", serviceLibrary),
	programField("ServiceItem/serviceDLLsha1sum", "Sha1sum", serviceLibrary),
	programField("ServiceItem/serviceDLLsha256sum", "Sha256sum", serviceLibrary),
	programField("ServiceItem/serviceDLLSha512Sum", "Sha512sum", serviceLibrary),
}, signatureFields("ServiceItem/path", servicePrograms), signatureFields("ServiceItem/serviceDLL", serviceLibrary))

func servicePrograms(s *service) ([]*program, error) { return s.programs, s.why }

func serviceLibrary(s *service) ([]*program, error) {
	if !s.windows {
		return nil, nil
	}
	return s.library, s.why
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

// serviceText answers a text of which a further form may not be known.
func serviceText(of func(*service) (string, error)) func(*service, func(ioc.Value) bool) error {
	return func(s *service, yield func(ioc.Value) bool) error {
		if s.why != nil {
			return s.why
		}
		text, err := of(s)
		yieldTexts(some(text), yield)
		return err
	}
}

func serviceAccount(s *service, yield func(ioc.Value) bool) error {
	switch {
	case s.why != nil:
		return s.why
	case s.account == "" && s.windows: // a driver
		return nil
	case s.account == "":
		return errNotCarried
	}
	yield(ioc.TextValue(s.account))
	return nil
}
