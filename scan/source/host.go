package source

import (
	"errors"
	"io"
	"slices"
)

// HostOptions say how the running machine is presented.
type HostOptions struct {
	Name string // reported name; empty: the machine's own
}

// OpenHost is the running machine. On Linux and macOS it has one volume with
// "/", on Windows one for each fixed or removable drive with a letter. Network
// file systems and views that the kernel makes up are in LeftOut.
func OpenHost(opt HostOptions) (Source, error) { return openHost(opt) }

// A machine is a source whose volumes are folders of the scanner.
type machine struct {
	kind, name string
	platform   Platform
	has        []Capability
	volumes    []Volume
	leftOut    []LeftOut
	notes      []string
	open       []io.Closer
}

func (m *machine) Kind() string          { return m.kind }
func (m *machine) Name() string          { return m.name }
func (m *machine) Platform() Platform    { return m.platform }
func (m *machine) Has(c Capability) bool { return offers(c, m.has, m.platform) }
func (m *machine) Volumes() []Volume     { return slices.Clone(m.volumes) }
func (m *machine) LeftOut() []LeftOut    { return slices.Clone(m.leftOut) }
func (m *machine) Notes() []string       { return slices.Clone(m.notes) }

// offers: event logs are files of a system that is, or could be, Windows.
func offers(c Capability, has []Capability, p Platform) bool {
	return slices.Contains(has, c) || slices.Contains(has, Files) && inFiles(c, p)
}

// inFiles reports whether a system keeps something in its file systems.
func inFiles(c Capability, p Platform) bool {
	return c == Logs && (p == Windows || p == Unknown) || c == Prefetch || c == Tasks || c == Histories
}

func (m *machine) Close() error {
	var errs []error
	for _, c := range m.open {
		errs = append(errs, c.Close())
	}
	m.open = nil
	return errors.Join(errs...)
}
