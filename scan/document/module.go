package document

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/modinfo"
	"iocscan/scan/source"
)

// kernelModules is ModuleItem: the kernel modules that a Linux system has loaded, and
// those that lie ready to be.
var kernelModules = Table[module]{
	name:    "ModuleItem",
	summary: "kernel modules of Linux, loaded and installed",
	needs:   []source.Capability{source.Files},
	label:   func(m *module) string { return m.label() },
	fields:  moduleFields,
	on:      map[source.Platform]lister[module]{source.Linux: listModules},
	open:    openPrograms(func(m *module) []*program { return m.file }),
}

// A module is one of them.
type module struct {
	name   string // as the kernel has it: with _ for -
	path   string // of its file; empty: not known
	loaded *loadedModule
	why    error // it is not known whether it is loaded, as of one that is not in the list that there is
	file   []*program
	etc    etc

	asked bool
	info  *modinfo.Info
	err   error
}

// A loadedModule is a line of /proc/modules.
type loadedModule struct {
	size    uint64 // of its memory
	users   []string
	depends []string // other modules that it uses
	status  string
	address string // 0x…; all zeros for users who may not know it
	taints  string
	source  fact // srcversion
}

func (m *module) label() string {
	return cmp.Or(m.path, m.name)
}

// moduleFields are the terms of ModuleItem that are of Linux; those of Windows
// are of the modules of the kernel's debugger.
var moduleFields = []Field[module]{
	field(match.Field{Term: "ModuleItem/Module", Kind: ioc.Text, Same: any2, Identity: true}, func(m *module, yield func(ioc.Value) bool) error {
		if file := moduleFile(m.path); yield(ioc.TextValue(m.name)) && m.path != "" && file != m.name {
			yield(ioc.TextValue(file))
		}
		return nil
	}),
	field(match.Field{Term: "ModuleItem/Filename", Kind: ioc.Path, Identity: true}, func(m *module, yield func(ioc.Value) bool) error {
		if m.path == "" {
			return errNotCarried
		}
		yield(ioc.PathValue(m.path))
		return m.notTheFile()
	}),
	field(match.Field{Term: "ModuleItem/Status", Kind: ioc.Text, Identity: true}, ofLoaded(func(l *loadedModule) []string { return some(l.status) })),
	field(match.Field{Term: "ModuleItem/Address", Kind: ioc.Text, Same: any2}, moduleAddress),
	field(match.Field{Term: "ModuleItem/Size", Kind: ioc.Int}, func(m *module, yield func(ioc.Value) bool) error {
		if m.loaded != nil {
			yield(ioc.IntValue(m.loaded.size))
		}
		return m.why
	}),
	field(match.Field{Term: "ModuleItem/UsedByList/Module", Kind: ioc.Text, Multi: true}, ofLoaded(func(l *loadedModule) []string { return l.users })),
	field(match.Field{Term: "ModuleItem/DependsList/Depends/Module", Kind: ioc.Text, Cost: match.Open, Multi: true}, func(m *module, yield func(ioc.Value) bool) error {
		if m.path == "" && m.loaded != nil {
			yieldTexts(m.loaded.depends, yield)
			return nil
		}
		return ofInfo(func(i *modinfo.Info) (all []string) {
			for _, s := range i.All("depends") {
				all = append(all, strings.FieldsFunc(s, func(r rune) bool { return r == ',' })...)
			}
			return all
		})(m, yield)
	}),
	infoField("AliasList/Alias/Name", func(i *modinfo.Info) []string { return i.All("alias") }),
	infoField("ParmList/Parm/Name", func(i *modinfo.Info) (names []string) {
		for _, s := range i.All("parm") {
			name, _, _ := strings.Cut(s, ":")
			names = append(names, name)
		}
		return names
	}),
	infoField("License", func(i *modinfo.Info) []string { return i.All("license") }),
	infoField("Vermagic", func(i *modinfo.Info) []string { return i.All("vermagic") }),
	field(match.Field{Term: "ModuleItem/SrcVersion", Kind: ioc.Text, Cost: match.Open}, func(m *module, yield func(ioc.Value) bool) error {
		if m.loaded != nil && len(m.loaded.source.values) > 0 {
			yieldTexts(m.loaded.source.values, yield)
			return nil
		}
		return ofInfo(func(i *modinfo.Info) []string { return i.All("srcversion") })(m, yield)
	}),
	field(match.Field{Term: "ModuleItem/Intree", Kind: ioc.Bool, Cost: match.Open}, func(m *module, yield func(ioc.Value) bool) error {
		if m.loaded != nil && m.loaded.taints != "" { // "O": was built elsewhere
			yield(ioc.BoolValue(!strings.Contains(m.loaded.taints, "O")))
			return nil
		}
		return infoFlag("intree")(m, yield)
	}),
	field(match.Field{Term: "ModuleItem/Retpoline", Kind: ioc.Bool, Cost: match.Open}, infoFlag("retpoline")),
	signatureField("Signer", func(s *modinfo.Signature) string { return s.Signer }),
	signatureField("SigKey", func(s *modinfo.Signature) string { return s.Key }),
	signatureField("SigHashAlgorithm", func(s *modinfo.Signature) string { return s.Hash }),
	signatureField("Signat", func(s *modinfo.Signature) string { return s.Value }),
	moduleHash("Md5sum"),
	moduleHash("Sha1sum"),
	moduleHash("Sha256sum"),
}

// notTheFile: the kernel does not tell what it loaded a module from.
func (m *module) notTheFile() error {
	if m.loaded != nil {
		return errNotTheFile
	}
	return nil
}

const errNotTheFile = match.StandIn("it is the installed file of a module of this name, which need not be the one that was loaded")

func moduleFiles(m *module) ([]*program, error) {
	if m.path == "" {
		return nil, errNotCarried
	}
	return m.file, nil
}

func moduleHash(term string) Field[module] {
	f := programField("ModuleItem/"+term, term, moduleFiles)
	hash := f.get
	f.get = func(m *module, yield func(ioc.Value) bool) error {
		if err := hash(m, yield); err != nil {
			return err
		}
		return m.notTheFile()
	}
	return f
}

func ofLoaded(of func(*loadedModule) []string) func(*module, func(ioc.Value) bool) error {
	return func(m *module, yield func(ioc.Value) bool) error {
		if m.loaded != nil {
			yieldTexts(of(m.loaded), yield)
		}
		return m.why
	}
}

func moduleAddress(m *module, yield func(ioc.Value) bool) error {
	if m.loaded == nil {
		return m.why
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(m.loaded.address, "0x"), 16, 64)
	if err != nil || n == 0 {
		return fmt.Errorf("%w: where modules are loaded (needs the capability CAP_SYSLOG)", errHidden)
	}
	if yield(ioc.TextValue(m.loaded.address)) {
		yield(ioc.TextValue(strconv.FormatUint(n, 10)))
	}
	return nil
}

func infoField(term string, of func(*modinfo.Info) []string) Field[module] {
	return field(match.Field{Term: "ModuleItem/" + term, Kind: ioc.Text, Cost: match.Open, Multi: true}, ofInfo(of))
}

func ofInfo(of func(*modinfo.Info) []string) func(*module, func(ioc.Value) bool) error {
	return func(m *module, yield func(ioc.Value) bool) error {
		info, err := m.read()
		if err == nil && yieldTexts(of(info), yield) {
			err = m.notTheFile()
		}
		return err
	}
}

// infoFlag is a text "Y" that modules without the property have not got.
func infoFlag(name string) func(*module, func(ioc.Value) bool) error {
	return func(m *module, yield func(ioc.Value) bool) error {
		info, err := m.read()
		if err == nil && yield(ioc.BoolValue(slices.Contains(info.All(name), "Y"))) {
			err = m.notTheFile()
		}
		return err
	}
}

func signatureField(term string, of func(*modinfo.Signature) string) Field[module] {
	return field(match.Field{Term: "ModuleItem/" + term, Kind: ioc.Text, Cost: match.Open}, func(m *module, yield func(ioc.Value) bool) error {
		info, err := m.read()
		if err == nil {
			err = info.SignatureErr
		}
		if err == nil && yieldTexts(some(of(&info.Signature)), yield) {
			err = m.notTheFile()
		}
		return err
	})
}

// mostModule is more bytes than a compressed module has that is not made for
// debugging.
const mostModule = 64 << 20

func (m *module) read() (*modinfo.Info, error) {
	if !m.asked {
		m.asked = true
		if m.info, m.err = m.readFile(m.etc.ctx); m.err != nil && !errors.Is(m.err, errNotCarried) {
			m.err = fmt.Errorf("read %s: %w", m.path, m.err)
		}
	}
	return m.info, m.err
}

func (m *module) readFile(ctx context.Context) (*modinfo.Info, error) {
	if m.path == "" {
		return nil, errNotCarried
	}
	f, err := m.etc.open(m.path)
	if err != nil {
		return nil, err
	}
	if unpackedName(m.path) == m.path {
		defer f.Close()
		about, err := f.Info()
		if err != nil {
			return nil, err
		}
		return modinfo.Read(f, about.Size)
	}
	u, err := unpack(ctx, f, m.path)
	if err != nil {
		return nil, err
	}
	defer u.Close()
	b, err := io.ReadAll(io.LimitReader(u, mostModule+1))
	if err == nil && len(b) > mostModule {
		err = fmt.Errorf("more than %d bytes", mostModule)
	}
	if err != nil {
		return nil, err
	}
	return modinfo.Read(bytes.NewReader(b), int64(len(b)))
}
