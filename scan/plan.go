package scan

import (
	"context"
	"fmt"
	"time"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/document"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

// A Config is what a scan needs to know.
type Config struct {
	Collection *ioc.Collection
	Source     source.Source

	// Header is what the report begins with. NewPlan fills in Options.Drives,
	// Scope and Collection; the rest is the caller's.
	Header Header

	Drives string   // all, system, critical, custom; empty: by the source and Scopes
	Scopes []string // --scope
	// Exclude, Hint, Documents, Skip, MaxFileSize, MaxObjects and Jobs are
	// taken from Header.Scan.Options and Header.Scan.Scope.

	// Registry has the hives of the source; nil for its own, all of them. The
	// caller closes it. Options.Keys says what is looked at in it; empty: by the source.
	Registry *source.Registry

	// Logs are event logs in place of the source's own; nil: there are none.
	// Since and Until bound the time of their records, as typed; empty: no
	// bound. Options.Channels says which channels; empty: by the source and
	// the collection.
	Logs         []source.LooseFile
	Since, Until string

	// Retro is the interval to look back on as typed, FROM..TO or default; empty:
	// the scan is of what there is.
	Retro string

	// Given are loose files in place of the source's own, of what it offers
	// them for beside hives and logs. What is not read of them is reported.
	Given source.Artifacts

	// Image is the disk image of the source if its content is to be hashed for
	// the report; else nil.
	Image *source.DiskImage

	Timeout  time.Duration // 0: none
	OwnFiles []string      // paths on the running host that the scan reads or writes itself
}

// A Plan is a scan that can be run: everything that can be known of it without
// reading more than the folders that areas and named paths lead through.
type Plan struct {
	cfg     Config
	program *match.Program
	Gaps    []match.Gap // conditions that no source could ever answer
	Scope   *scope.Scope
	Keys    *scope.Keys
	users   []string // SIDs that conditions on the registry name

	shortRoots bool // conditions on the registry may mean HKLM and the like
	events     document.Events
	past       document.Events // for the documents of past events
	interval   *interval       // of a retrospective scan; else nil
	docs       []planned
}

// planned is a document that the collection asks.
type planned struct {
	name   string
	table  document.Document // nil: nothing to run
	status string            // skipped, unavailable, or complete for one the platform cannot have
	reason string
}

// Status of a Document.
const (
	Complete    = "complete"
	Partial     = "partial"
	Unavailable = "unavailable"
	Skipped     = "skipped"
)

// NewPlan compiles the collection and finds what is to be read. A usage error
// is a *scope.UsageError.
func NewPlan(ctx context.Context, cfg Config) (*Plan, error) {
	tables := withTerms(document.All(), cfg.Collection)
	schema := make(match.Schema, len(tables))
	for i, t := range tables {
		schema[i] = t.Schema()
	}
	if cfg.Registry == nil {
		cfg.Registry = source.NewRegistry(cfg.Source, source.RegistryOptions{})
	}
	p := &Plan{cfg: cfg}
	if err := checkDocuments(cfg.Header.Scan.Options, tables); err != nil {
		return nil, err
	}
	if err := p.findInterval(); err != nil {
		return nil, err
	}
	p.program, p.Gaps = match.Compile(cfg.Collection, schema)
	p.addDocuments(tables)
	if err := p.findScope(ctx); err != nil {
		return nil, err
	}
	if err := p.findKeys(); err != nil {
		return nil, err
	}
	if err := p.findEvents(); err != nil {
		return nil, err
	}
	p.findPast()
	p.fillHeader()
	return p, nil
}

// checkDocuments refuses names that --documents and --skip cannot mean.
func checkDocuments(o Options, tables []document.Document) error {
	for _, l := range []struct {
		option string
		names  []string
	}{{"--documents", o.Documents}, {"--skip", o.Skip}} {
		for _, name := range l.names {
			known := containsFold(ioc.Documents(), name)
			for _, t := range tables {
				known = known || ioc.EqualFold(t.Name(), name)
			}
			if !known {
				return &scope.UsageError{Option: l.option, Value: name, Err: fmt.Errorf("no such OpenIOC document")}
			}
		}
	}
	return nil
}

// addDocuments says of every document that the collection asks how it is
// answered: first those that run, in the order of the tables.
func (p *Plan) addDocuments(tables []document.Document) {
	asked := p.program.Documents()
	for _, t := range tables {
		if containsFold(asked, t.Name()) {
			d := p.plannedFor(t.Name(), t)
			p.docs = append(p.docs, d)
		}
	}
	for _, name := range asked {
		if !p.has(name) {
			p.docs = append(p.docs, p.plannedFor(name, nil))
		}
	}
}

func (p *Plan) has(name string) bool {
	for _, d := range p.docs {
		if ioc.EqualFold(d.name, name) {
			return true
		}
	}
	return false
}

func (p *Plan) plannedFor(name string, t document.Document) planned {
	d := planned{name: name}
	if t != nil && p.interval != nil {
		t = document.Retrospective(t, p.cfg.Source)
	}
	o := &p.cfg.Header.Scan.Options
	platform := p.cfg.Source.Platform()
	switch {
	case containsFold(o.Skip, name):
		d.status, d.reason = Skipped, "switched off by --skip"
	case len(o.Documents) > 0 && !containsFold(o.Documents, name):
		d.status, d.reason = Skipped, "not among --documents"
	case cannotHave(name, platform) && closedVolume(p.cfg.Source) != nil:
		v := closedVolume(p.cfg.Source)
		d.status, d.reason = Unavailable, fmt.Sprintf("%s has no such document, but %s may hold another system: %v", platform, v.Name, v.Unread)
	case cannotHave(name, platform):
		d.status, d.reason = Complete, fmt.Sprintf("%s has no such document", platform)
	case t == nil && !containsFold(ioc.Documents(), name):
		d.status, d.reason = Unavailable, "no such document is known"
	case t == nil:
		d.status, d.reason = Unavailable, "not supported by this version"
	default:
		for _, c := range document.NeedsOn(t, platform) {
			if !p.cfg.Source.Has(c) {
				d.status, d.reason = Unavailable, "the source does not offer "+c.String()
				return d
			}
		}
		if !listedOn(t, platform) {
			d.status, d.reason = Unavailable, notListed(platform)
			return d
		}
		if _, dated := document.Remembers(t); p.interval != nil && !dated {
			d.status, d.reason = Unavailable, "its items have no times, so that none can be told to be of the interval"
			return d
		}
		d.table = t
	}
	return d
}

// findScope finds the areas of FileItem. It is asked for even where no IOC
// asks for files, so that a bad option is told in any case.
func (p *Plan) findScope(ctx context.Context) error {
	s := p.cfg.Source
	h := &p.cfg.Header.Scan
	drives := p.cfg.Drives
	switch {
	case drives != "":
	case len(p.cfg.Scopes) > 0:
		drives = scope.Custom
	case s.Kind() == "host":
		drives = scope.Critical
	default:
		drives = scope.All
	}
	h.Options.Drives = drives
	var names []scope.Name
	volumes := s.Volumes()
	if p.runs("FileItem") {
		for _, n := range p.program.Named("FileItem/FullPath") {
			names = append(names, scope.Name{Path: n.Content, Prefix: n.Prefix})
		}
	} else {
		volumes = nil // nothing is read for a document that nobody asks
	}
	var err error
	p.Scope, err = scope.New(ctx, scope.Options{
		Platform: s.Platform(), Volumes: volumes, Drives: drives, Scopes: p.cfg.Scopes,
		Exclude: h.Scope.Exclude, Hint: h.Options.Hint, Names: names,
	})
	if p.Scope != nil && ctx.Err() != nil {
		return nil // Run reports the interruption; there is a report in any case
	}
	return err
}

func (p *Plan) runs(name string) bool {
	for _, d := range p.docs {
		if ioc.EqualFold(d.name, name) {
			return d.table != nil
		}
	}
	return false
}

// fillHeader writes what the plan found into the report's header.
func (p *Plan) fillHeader() {
	h := &p.cfg.Header
	for _, f := range p.cfg.Collection.Files {
		h.Scan.Collection.Files++
		switch f.Status {
		case ioc.Usable:
			h.Scan.Collection.Usable++
		case ioc.Rejected:
			h.Scan.Collection.Rejected++
		case ioc.Excluded:
			h.Scan.Collection.Excluded++
		}
	}
	if h.Scan.Source.Notes = p.cfg.Source.Notes(); h.Scan.Source.Notes == nil {
		h.Scan.Source.Notes = []string{}
	}
	sc := &h.Scan.Scope
	sc.Areas, sc.Named, sc.LeftOut = []string{}, []string{}, []LeftOut{}
	if sc.Exclude == nil {
		sc.Exclude = []string{}
	}
	p.fillKeys()
	p.fillChannels()
	sc.LeftOut = append(sc.LeftOut, unread(p.cfg.Given)...)
	if !p.runs("FileItem") {
		return
	}
	volumes := p.cfg.Source.Volumes()
	for _, a := range p.Scope.Areas {
		sc.Areas = append(sc.Areas, source.Display(volumes[a.Volume], a.Path))
	}
	for _, t := range p.Scope.Targets {
		if t.Outcome == scope.Looked {
			sc.Named = append(sc.Named, source.Display(volumes[t.Volume], t.Place()))
		}
	}
	for _, l := range p.cfg.Source.LeftOut() {
		sc.LeftOut = append(sc.LeftOut, LeftOut{l.Path, l.Reason})
	}
	for _, l := range p.Scope.LeftOut {
		sc.LeftOut = append(sc.LeftOut, LeftOut{l.Path, l.Err.Error()})
	}
	for _, path := range p.Scope.Absent {
		sc.LeftOut = append(sc.LeftOut, LeftOut{path, "the evidence has nothing there"})
	}
	if p.cfg.Source.Kind() == "host" {
		for _, f := range p.cfg.OwnFiles {
			sc.LeftOut = append(sc.LeftOut, LeftOut{f, "the scanner's own file"})
		}
	}
}

// Header is what the report will begin with.
func (p *Plan) Header() Header { return p.cfg.Header }

// Documents are the documents that the collection asks, and what stands
// against looking at them. Those that will be looked at have no status yet.
func (p *Plan) Documents() []Document {
	out := []Document{}
	for _, d := range p.docs {
		out = append(out, Document{Name: d.name, Status: d.status, Reason: d.reason, Notes: []string{}})
	}
	return out
}

// Problems are what reading and compiling found in an IOC file, by its index
// in the collection, in the order of the file.
func (p *Plan) Problems(file int) []Problem {
	return problems(p.cfg.Collection.Files[file], p.program.Problems(file))
}

// Rejected are the IOC files that cannot be used.
func (p *Plan) Rejected() []*ioc.File {
	var out []*ioc.File
	for _, f := range p.cfg.Collection.Files {
		if f.Status == ioc.Rejected {
			out = append(out, f)
		}
	}
	return out
}
