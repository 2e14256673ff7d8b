package document

import (
	"context"
	"iter"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// drivers is DriverItem: the drivers that a system is configured to have. An
// audit of a running host lists those that its kernel has loaded.
var drivers = Table[driver]{
	name:    "DriverItem",
	summary: "drivers of Windows that are installed",
	needs:   []source.Capability{source.Hives},
	label:   func(d *driver) string { return d.file },
	fields:  driverFields,
	on:      map[source.Platform]lister[driver]{source.Windows: listDrivers},
	open:    openDrivers,
}

// A driver is an entry of the services that is one.
type driver struct{ service }

// driverFields are the terms of DriverItem. Not among them, and so reported as
// not supported: what a running kernel has in memory (objects, devices,
// routines, the place and the size of the image), and the words of the check of
// a signature.
var driverFields = slices.Concat([]Field[driver]{
	field(match.Field{Term: "DriverItem/DriverName", Kind: ioc.Text, Identity: true}, driverName),
	driverContent("DriverItem/Md5sum", "Md5sum"),
	driverContent("DriverItem/Sha1sum", "Sha1sum"),
	driverContent("DriverItem/Sha256sum", "Sha256sum"),
	driverContent("DriverItem/StringList/string", "StringList/string"),
}, signatureFields("DriverItem/", driverProgram), driverImages())

func driverProgram(d *driver) ([]*program, error) { return d.programs, d.why }

// driverContent is a term that comes from reading the whole file.
func driverContent(term, as string) Field[driver] {
	f := programField(term, as, driverProgram)
	f.Cost = match.Content
	return f
}

// driverImages are the terms on the file as a program: those of FileItem that
// the vocabulary has here.
func driverImages() (out []Field[driver]) {
	for _, f := range fileFields {
		as := strings.TrimPrefix(f.Term, "FileItem/")
		if strings.HasPrefix(as, "PEInfo/") && !slices.ContainsFunc(onlyOfFiles[:], func(s string) bool { return strings.HasPrefix(as, "PEInfo/"+s) }) {
			out = append(out, programField("DriverItem/"+as, as, driverProgram))
		}
	}
	return out
}

var onlyOfFiles = [...]string{
	"VersionInfoList/", "ResourceInfoList/", "Sections/NumberOfSections", "Sections/ActualNumberOfSections", "Sections/Section/Entropy/AverageValue",
}

// driverName is the name of the entry, that of the file, and that of the
// object which the kernel makes of the driver: as configured, else by its type.
func driverName(d *driver, yield func(ioc.Value) bool) error {
	if !yield(ioc.TextValue(d.name)) || d.why != nil {
		return d.why
	}
	object := d.account
	if object == "" {
		object = `\Driver\` + d.name
		if d.flags&(fileSystemDriver|recognizer) != 0 {
			object = `\FileSystem\` + d.name
		}
	}
	if !yield(ioc.TextValue(object)) {
		return nil
	}
	for _, p := range d.programs {
		if name := p.line[strings.LastIndexAny(p.line, `\/`)+1:]; !yield(ioc.TextValue(name)) {
			return nil
		}
	}
	return nil
}

func listDrivers(ctx context.Context, req *Request, list *Listing) iter.Seq2[driver, error] {
	return func(yield func(driver, error) bool) {
		for s, err := range listEntries(ctx, req, list, newPrograms(ctx, req, driverFields)) {
			if err == nil && s.flags&driverTypes == 0 && s.typeErr == nil {
				continue
			}
			if err == nil {
				list.Objects++
				s.tellNoEntry(req)
			}
			if !yield(driver{s}, err) {
				return
			}
		}
		// A driver that is loaded and not installed has no row.
		list.Full = false
		list.Notes = append(list.Notes, "drivers are those that are installed; what a kernel had loaded is not known")
	}
}

// A driverItem is one goroutine's view of drivers, whose content is that of
// their file.
type driverItem struct {
	*programView[driver]
	fields []int // by field: that of FileItem
}

func openDrivers(ctx context.Context, req *Request, t *Table[driver], workers int) session[driver] {
	fields := make([]int, len(t.fields))
	for n := range t.fields {
		fields[n] = files.field("FileItem/" + strings.TrimPrefix(t.fields[n].Term, "DriverItem/"))
	}
	return session[driver]{
		goroutines: workers,
		items: func() items[driver] {
			return &driverItem{newProgramView(ctx, req, t, func(d *driver) []*program { return d.programs }), fields}
		},
		close: func() {},
	}
}

func (i *driverItem) bind(row *driver) match.Item { i.programView.bind(row); return i }

// Read implements match.ContentItem.
func (i *driverItem) Read(want []int, blocks func([]byte)) (err error) {
	defer i.guard(&err)
	if i.row.why != nil {
		return i.row.why
	}
	if len(i.row.programs) == 0 {
		return match.ErrNoContent
	}
	p := i.row.programs[0] // a driver has one image
	if found, err := p.open(); !found || err != nil {
		if err == nil {
			err = match.ErrNoContent
		}
		return err
	}
	of := make([]int, len(want))
	for n, f := range want {
		of[n] = i.fields[f]
	}
	return p.item.Read(of, blocks)
}

// ReadAt implements match.ContentItem.
func (i *driverItem) ReadAt(b []byte, off int64) (int, error) {
	return i.row.programs[0].item.ReadAt(b, off)
}

// Size implements match.ContentItem.
func (i *driverItem) Size() int64 { return i.row.programs[0].item.Size() }
