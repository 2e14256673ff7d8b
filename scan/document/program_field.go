package document

import (
	"context"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

// programField is a term that the files of a row's programs answer as FileItem
// answers another.
func programField[T any](term, as string, of func(*T) ([]*program, error)) Field[T] {
	n := slices.IndexFunc(fileFields, func(f Field[file]) bool { return f.Term == "FileItem/"+as })
	f := fileFields[n].Field
	if strings.HasSuffix(term, as) && f.Element != "" {
		f.Element = strings.TrimSuffix(term, as) + strings.TrimPrefix(f.Element, "FileItem/")
	} else {
		f.Element = ""
	}
	f.Term, f.Identity = term, false
	if f.Cost == match.Content { // Read has no part in it: it is of one content only
		f.Cost = match.Open
	}
	f.Cost = max(f.Cost, match.Stat)
	return field(f, func(row *T, yield func(ioc.Value) bool) error {
		list, err := of(row)
		if err != nil {
			return err
		}
		return eachProgram(list, n, yield)
	})
}

// eachProgram answers a field of FileItem for one program after the other,
// each file once. The error is the first.
func eachProgram(list []*program, field int, yield func(ioc.Value) bool) (fault error) {
	more, seen := true, map[string]bool{}
	for _, p := range list {
		if len(list) > 1 {
			if found, _ := p.find(); found {
				shown := p.row.shown()
				if seen[shown] {
					continue
				}
				seen[shown] = true
			}
		}
		err := p.each(field, func(v ioc.Value) bool { more = yield(v); return more })
		if fault == nil {
			fault = err
		}
		if !more {
			return nil
		}
	}
	return fault
}

// ofEach answers a term for one program after the other.
func ofEach[T any](of func(*T) ([]*program, error), get func(*program, func(ioc.Value) bool) error) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		list, err := of(row)
		if err != nil {
			return err
		}
		var fault error
		more := true
		for _, p := range list {
			err := get(p, func(v ioc.Value) bool { more = yield(v); return more })
			if fault == nil {
				fault = err
			}
			if !more {
				return nil
			}
		}
		return fault
	}
}

// signatureFields are the terms on the signature of a row's programs.
func signatureFields[T any](before string, of func(*T) ([]*program, error)) (out []Field[T]) {
	for _, term := range [...]string{"SignatureExists", "SignatureVerified", "CertificateSubject", "CertificateIssuer"} {
		out = append(out, programField(before+term, "PEInfo/DigitalSignature/"+term, of))
	}
	return out
}

// A programView is one goroutine's view of rows that name programs. What is
// open of the last row is closed when the next one comes.
type programView[T any] struct {
	item[T]
	ctx   context.Context
	files *Request
	of    func(*T) []*program
	pool  []*fileItem
	block []byte // of all of them
}

// mostViews bounds how many files of one row are kept open. Of a row with more
// programs they take turns.
const mostViews = 16

func openPrograms[T any](of func(*T) []*program) func(context.Context, *Request, *Table[T], int) session[T] {
	return func(ctx context.Context, req *Request, t *Table[T], workers int) session[T] {
		return session[T]{
			goroutines: workers,
			items:      func() items[T] { return newProgramView(ctx, req, t, of) },
			close:      func() {},
		}
	}
}

func newProgramView[T any](ctx context.Context, req *Request, t *Table[T], of func(*T) []*program) *programView[T] {
	return &programView[T]{
		item: item[T]{table: t, req: req}, ctx: ctx, of: of,
		files: &Request{Source: req.Source, MaxFileSize: req.MaxFileSize, Trouble: req.Trouble, Progress: req.Progress},
	}
}

func (v *programView[T]) bind(row *T) match.Item {
	v.close()
	v.lend(v.of(row))
	return v.item.bind(row)
}

// lend gives programs what their files are looked at with.
func (v *programView[T]) lend(list []*program) {
	for n, p := range list {
		if n < mostViews && n == len(v.pool) {
			if v.block == nil {
				v.block = make([]byte, blockSize)
			}
			i := newFileItem(v.ctx, v.files, &files, nil)
			i.content.block, i.streams.content.block = v.block, v.block
			v.pool = append(v.pool, i)
		}
		p.item = v.pool[n%mostViews]
		p.item.row = nil
	}
}

func (v *programView[T]) close() {
	for _, i := range v.pool {
		i.close()
	}
}
