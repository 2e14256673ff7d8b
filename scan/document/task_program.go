package document

import (
	"context"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/task"
)

// taskPrograms are the terms on the programs that a task of Windows starts.
func taskPrograms() (out []Field[taskRow]) {
	for _, t := range [...]struct{ term, as string }{
		{"ExecProgramMd5sum", "Md5sum"}, {"ExecProgramSha1sum", "Sha1sum"}, {"ExecProgramSha256sum", "Sha256sum"},
		{"DigitalSignature/SignatureExists", "PEInfo/DigitalSignature/SignatureExists"},
		{"DigitalSignature/SignatureVerified", "PEInfo/DigitalSignature/SignatureVerified"},
		{"DigitalSignature/CertificateSubject", "PEInfo/DigitalSignature/CertificateSubject"},
		{"DigitalSignature/CertificateIssuer", "PEInfo/DigitalSignature/CertificateIssuer"},
	} {
		f := programField[taskRow](taskAction+"/"+t.term, t.as, nil)
		f.Cost, f.Multi, f.Element = match.Parse, true, taskAction
		as := files.field("FileItem/" + t.as)
		f.get = func(r *taskRow, yield func(ioc.Value) bool) error { return r.eachProgram(as, yield) }
		out = append(out, f)
	}
	return out
}

// eachProgram answers a field of FileItem for the program of one action after
// the other. The error is the first.
func (r *taskRow) eachProgram(field int, yield func(ioc.Value) bool) (fault error) {
	if !r.windows() {
		return errNotCarried // a line for a shell, which may start anything
	}
	list, err := r.programs()
	if err != nil {
		return err
	}
	more := true
	for n, p := range list {
		if p == nil {
			continue
		}
		err := p.each(field, func(v ioc.Value) bool { more = yield(v.At(n)); return more })
		if fault == nil {
			fault = err
		}
		if !more {
			return nil
		}
	}
	return fault
}

// programs are those that the actions start, found when they are first asked
// for.
func (r *taskRow) programs() ([]*program, error) {
	t, err := r.load()
	if err != nil || r.started != nil {
		return r.started, err
	}
	var list []*program
	for n := range t.Actions {
		var p *program
		if a := &t.Actions[n]; a.Kind == task.Exec {
			p = r.view.finder.action(a)
			list = append(list, p)
		}
		r.started = append(r.started, p)
	}
	r.view.lend(list)
	return r.started, nil
}

// A taskView is one goroutine's view of tasks.
type taskView struct {
	*programView[taskRow]
	finder *programFinder
}

func openTasks(ctx context.Context, req *Request, t *Table[taskRow], workers int) session[taskRow] {
	finder := newPrograms(ctx, req, taskFields)
	return session[taskRow]{
		goroutines: workers,
		items: func() items[taskRow] {
			return &taskView{newProgramView(ctx, req, t, func(*taskRow) []*program { return nil }), finder}
		},
		close: func() {},
	}
}

func (v *taskView) bind(row *taskRow) match.Item {
	if row.gap != nil {
		return row.gap
	}
	row.view = v
	return v.programView.bind(row)
}
