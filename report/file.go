package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A File is a report on its way to disk. Exactly one of Commit and Discard ends
// it; Discard after Commit does nothing, so that it can be deferred.
type File struct {
	path   string // where the report will be found, as the user named it
	target string // the same with links resolved
	temp   string // what is written; the target itself if it is written in place
	f      *os.File
}

// Create begins a report that appears under its name only when it is whole: it
// is written to a temporary file in the same folder and renamed by Commit. An
// existing report stays until then. A name that leads to a device or a pipe is
// written in place.
func Create(path string) (*File, error) {
	target, special, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("create report: %w", err)
	}
	if special {
		return open(path, target, os.O_WRONLY)
	}
	// The name is not made from the report's, which may be as long as a name
	// can be. The mode is that of any file the user makes.
	for try := range 100 {
		temp := filepath.Join(filepath.Dir(target), fmt.Sprintf(".iocscan-%d-%d.tmp", os.Getpid(), try))
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("create report %s: %w", path, cause(err))
		}
		return &File{path, target, temp, f}, nil
	}
	return nil, fmt.Errorf("create report %s: too many temporary files beside it", path)
}

// CreateStream begins a report that is found under its own name at any moment,
// complete up to the last line written: a JSONL report, of which nothing must be
// lost if the process is killed. An existing file is emptied. Discard leaves
// what was written.
func CreateStream(path string) (*File, error) {
	target, special, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("create report: %w", err)
	}
	if special {
		return open(path, target, os.O_WRONLY)
	}
	return open(path, target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
}

func open(path, target string, flag int) (*File, error) {
	f, err := os.OpenFile(target, flag, 0o666)
	if err != nil {
		return nil, fmt.Errorf("create report %s: %w", path, cause(err))
	}
	return &File{path, target, target, f}, nil
}

// resolve follows the links of a path that is there already, so that a rename
// replaces the report and not the link to it. special says that it is no
// regular file.
func resolve(path string) (target string, special bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, false, nil
	}
	if err != nil {
		return "", false, err
	}
	if info.IsDir() {
		return "", false, fmt.Errorf("%s is a folder", path)
	}
	if !info.Mode().IsRegular() {
		return path, true, nil
	}
	target, err = filepath.EvalSymlinks(path)
	return target, false, err
}

// Write writes to the report. Its error names the report.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	if err != nil {
		err = fmt.Errorf("write report %s: %w", f.path, cause(err))
	}
	return n, err
}

// Commit makes the report last and gives it its name. If only the renaming
// fails, because another program has the old report open, the new one stays
// under its temporary name, which the error gives.
func (f *File) Commit() error {
	if f.f == nil {
		return fmt.Errorf("write report %s: %w", f.path, fs.ErrClosed)
	}
	err := f.sync()
	if e := f.f.Close(); err == nil {
		err = e
	}
	f.f = nil
	if err != nil {
		if f.temp != f.target {
			os.Remove(f.temp)
		}
		return fmt.Errorf("write report %s: %w", f.path, cause(err))
	}
	if f.temp == f.target {
		return nil
	}
	if err := os.Rename(f.temp, f.target); err != nil {
		return fmt.Errorf("write report %s: %w (the report is whole and in %s)", f.path, cause(err), f.temp)
	}
	return nil
}

// sync brings a regular file to disk; pipes and devices know no such thing.
func (f *File) sync() error {
	info, err := f.f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	return f.f.Sync()
}

// Discard ends a report that did not come about. A temporary file is removed.
func (f *File) Discard() {
	if f.f == nil {
		return
	}
	f.f.Close()
	f.f = nil
	if f.temp != f.target {
		os.Remove(f.temp)
	}
}

// cause is the reason without the path, which the message names already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}
