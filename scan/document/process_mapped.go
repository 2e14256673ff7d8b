package document

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// mappedFields are the terms on the files that regions are mapped from: those
// of FileItem that the vocabulary has here. Every region of a file has the
// values of the file, so that they hold together with what is said of the
// region itself. Their own elements, such as the sections of a program, are not
// told apart beside that.
var mappedFields = func() (out []Field[process]) {
	for _, as := range [...]string{"Md5sum", "Sha1sum", "Sha256sum"} {
		out = append(out, ofMapped(as, as))
	}
	for _, f := range fileFields {
		as := strings.TrimPrefix(f.Term, "FileItem/")
		if strings.HasPrefix(as, "PEInfo/") && !slices.ContainsFunc(onlyOfFiles[:], func(s string) bool { return strings.HasPrefix(as, "PEInfo/"+s) }) {
			out = append(out, ofMapped(as, as))
		}
	}
	for _, term := range [...]string{"SignatureExists", "SignatureVerified", "CertificateSubject", "CertificateIssuer"} {
		out = append(out, ofMapped("DigitalSignature/"+term, "PEInfo/DigitalSignature/"+term))
	}
	return out
}()

// ofMapped is a term that mapped files answer as FileItem answers another.
func ofMapped(term, as string) Field[process] {
	n := slices.IndexFunc(fileFields, func(f Field[file]) bool { return f.Term == "FileItem/"+as })
	f := fileFields[n].Field
	f.Term, f.Identity, f.Multi, f.Element, f.Cost = memoryElement+"/"+term, false, true, memoryElement, match.Open
	return field(f, func(p *process, yield func(ioc.Value) bool) error {
		list, fault := p.regions()
		files, order := map[mappedKey][]int{}, []mappedKey(nil)
		for i := range list {
			r := &list[i]
			if r.path == "" && r.pathErr != nil && fault == nil {
				fault = r.pathErr
			}
			if r.path == "" || !r.mapped {
				continue
			}
			if files[r.key()] == nil {
				order = append(order, r.key())
			}
			files[r.key()] = append(files[r.key()], i)
		}
		for _, key := range order {
			a, err := p.view.answer(key, n)
			if fault == nil {
				fault = err
			}
			for _, v := range a {
				for _, i := range files[key] {
					if !yield(v.At(i)) {
						return nil
					}
				}
			}
		}
		return fault
	})
}

// A mappedKey is a mapped file, as the system names it.
type mappedKey struct {
	path  string
	inode uint64 // 0: not told
	gone  bool   // deleted since
}

func (r *region) key() mappedKey { return mappedKey{r.path, r.inode, r.gone} }

// mappedFiles are the answers on files that processes of one run have mapped.
// Most have the same, so each is looked at once.
type mappedFiles struct {
	ctx    context.Context
	req    *Request
	fields []Field[process]

	once   sync.Once
	finder *programFinder
	want   []int // fields of FileItem that are asked for

	mu    sync.Mutex
	known map[mappedKey]*mappedFile
}

type mappedFile struct {
	mu      sync.Mutex
	answers map[int]mappedAnswer // by field of FileItem
}

type mappedAnswer struct {
	values []ioc.Value
	err    error
}

var (
	errMappedGone  = errors.New("the mapped file is no longer at its path")
	errMappedOther = errors.New("the mapped file is not the one that is at its path now, or not on this system's volumes")
)

func (m *mappedFiles) prepare() {
	m.once.Do(func() {
		m.finder = newPrograms(m.ctx, m.req, m.fields)
		for n := range m.fields {
			as, ok := strings.CutPrefix(m.fields[n].Term, memoryElement+"/")
			if !ok || !m.req.wants(n) {
				continue
			}
			if i := files.field("FileItem/" + as); i >= 0 {
				m.want = append(m.want, i)
			} else if i := files.field("FileItem/PEInfo/" + as); i >= 0 {
				m.want = append(m.want, i)
			}
		}
	})
}

func (m *mappedFiles) file(key mappedKey) *mappedFile {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.known[key]
	if f == nil {
		f = &mappedFile{answers: map[int]mappedAnswer{}}
		m.known[key] = f
	}
	return f
}

// answer is what a mapped file answers to a field of FileItem. All that is
// asked of the file is asked at once, while it is open.
func (v *processView) answer(key mappedKey, field int) ([]ioc.Value, error) {
	m := v.mapped
	m.prepare()
	f := m.file(key)
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, ok := f.answers[field]; ok {
		return a.values, a.err
	}
	if v.file == nil {
		sub := &Request{Source: v.req.Source, MaxFileSize: v.req.MaxFileSize, Trouble: v.req.Trouble, Progress: v.req.Progress}
		v.file = newFileItem(v.ctx, sub, &files, nil)
		v.file.content.block = make([]byte, blockSize)
	}
	p := m.program(key)
	p.item = v.file
	p.item.row = nil
	defer v.file.close()
	for _, n := range append(slices.Clone(m.want), field) {
		if _, ok := f.answers[n]; ok {
			continue
		}
		var a mappedAnswer
		if a.err = check(p, key); a.err == nil {
			a.err = p.each(n, func(v ioc.Value) bool {
				a.values = append(a.values, lasting(v))
				return true
			})
		}
		f.answers[n] = a
	}
	a := f.answers[field]
	return a.values, a.err
}

// lasting is a value that goes on to be valid.
func lasting(v ioc.Value) ioc.Value {
	v.Str = strings.Clone(v.Str)
	if v.Forms != nil {
		v.Forms = &ioc.Forms{Starts: slices.Clone(v.Forms.Starts), Ends: slices.Clone(v.Forms.Ends)}
	}
	return v
}

// program is the file of a region, to be looked for at its path.
func (m *mappedFiles) program(key mappedKey) *program {
	p := &program{of: m.finder, line: key.path, sure: true, tries: []try{{path: key.path, written: key.path}}}
	switch {
	case key.gone:
		p.lost = errMappedGone
	case m.finder.platform == source.Windows && !hasLetter(key.path):
		p.lost = errMappedOther
	}
	return p
}

// check is why the file at the path is not the mapped one; nil: it is.
func check(p *program, key mappedKey) error {
	found, err := p.find()
	switch {
	case err != nil:
		return err
	case !found:
		return errMappedGone
	case key.inode != 0 && p.row.info != nil && p.row.info.INode != key.inode:
		return errMappedOther
	}
	return nil
}
