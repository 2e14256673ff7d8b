package ioc

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A gathering is what the named paths lead to.
type gathering struct {
	opt      Options
	seen     map[string]bool // files by their real path
	sources  []source
	archives []archive
}

// named takes a path of the command line.
func (g *gathering) named(name string) error {
	if name == "-" {
		return g.stdin()
	}
	info, err := os.Stat(name)
	if err != nil {
		return &PathError{Path: name, Reason: "cannot be read", Err: cause(err)}
	}
	real, err := realPath(name)
	if err != nil {
		return &PathError{Path: name, Reason: "cannot be read", Err: cause(err)}
	}
	switch {
	case info.IsDir():
		return g.folder(name, real)
	case !info.Mode().IsRegular():
		return &PathError{Path: name, Reason: "neither a file nor a folder"}
	}
	head, err := firstBytes(name)
	if err != nil {
		return &PathError{Path: name, Reason: "cannot be read", Err: cause(err)}
	}
	g.file(name, real, isZip(head) || hasExtension(name, ".zip"))
	return nil
}

func (g *gathering) folder(name, real string) error {
	entries, err := os.ReadDir(name)
	if err != nil && len(entries) == 0 {
		return &PathError{Path: name, Reason: "cannot be read", Err: cause(err)}
	}
	if g.below(name, real, entries, err) == 0 {
		return &PathError{Path: name, Reason: "no .ioc, .xml or .zip file in this folder or below"}
	}
	return nil
}

// below takes the entries of a folder and of those in it. It counts what it
// found, including what it could not look into.
func (g *gathering) below(name, real string, entries []fs.DirEntry, err error) (found int) {
	if err != nil {
		g.refuse(name, "the folder cannot be listed: %v", cause(err))
		found++
	}
	for _, e := range entries {
		path, real := filepath.Join(name, e.Name()), filepath.Join(real, e.Name())
		switch mode := e.Type(); {
		case mode.IsDir():
			entries, err := os.ReadDir(path)
			found += g.below(path, real, entries, err)
		case mode&fs.ModeSymlink != 0:
			if wanted(path) || isFolder(path) {
				g.refuse(path, "a link; links in a folder are not followed")
				found++
			}
		case !wanted(path):
		case !mode.IsRegular():
			g.refuse(path, "not a regular file")
			found++
		default:
			g.file(path, real, hasExtension(path, ".zip"))
			found++
		}
	}
	return found
}

func (g *gathering) file(path, real string, zip bool) {
	if g.seen[real] {
		return
	}
	g.seen[real] = true
	if zip {
		g.archives = append(g.archives, archive{path: path, open: func() (io.ReaderAt, int64, io.Closer, error) { return openArchive(path) }})
		return
	}
	g.sources = append(g.sources, source{path: path, read: func(space []byte) ([]byte, *rejection) {
		return readFile(path, g.opt.MaxSize, space)
	}})
}

// refuse notes a path that will not be read. The user learns of it as of any
// broken IOC file.
func (g *gathering) refuse(path, format string, args ...any) {
	if g.seen["refused "+path] {
		return
	}
	g.seen["refused "+path] = true
	g.sources = append(g.sources, source{path: path, refused: rejected(Pos{}, "unreadable", "", format, args...)})
}

func (g *gathering) stdin() error {
	if g.seen["-"] {
		return nil
	}
	g.seen["-"] = true
	if g.opt.Stdin == nil {
		return &PathError{Path: "-", Reason: "there is no standard input"}
	}
	data, err := io.ReadAll(io.LimitReader(g.opt.Stdin, max(g.opt.MaxSize, maxArchive)+1))
	if err != nil {
		return &PathError{Path: "-", Reason: "standard input cannot be read", Err: err}
	}
	if isZip(data) {
		g.archives = append(g.archives, archive{path: "-", open: func() (io.ReaderAt, int64, io.Closer, error) {
			return bytes.NewReader(data), int64(len(data)), io.NopCloser(nil), nil
		}})
		return nil
	}
	g.sources = append(g.sources, source{path: "-", read: func([]byte) ([]byte, *rejection) {
		if int64(len(data)) > g.opt.MaxSize {
			return nil, tooLarge(int64(len(data)), g.opt.MaxSize)
		}
		return data, nil
	}})
	return nil
}

// readFile reads a regular file of at most limit bytes into space, or into
// more where that is not enough.
func readFile(path string, limit int64, space []byte) ([]byte, *rejection) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, unreadable(err)
	case !info.Mode().IsRegular():
		return nil, rejected(Pos{}, "unreadable", "", "not a regular file")
	case info.Size() > limit:
		return nil, tooLarge(info.Size(), limit)
	}
	return readAll(f, info.Size(), limit, space)
}

// readAll reads what is expected to have size bytes, never more than limit.
func readAll(r io.Reader, size, limit int64, space []byte) ([]byte, *rejection) {
	if int64(cap(space)) <= size {
		space = make([]byte, 0, size+512)
	}
	data := space[:0]
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > limit {
			return nil, tooLarge(int64(len(data)), limit)
		}
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
	}
}

func unreadable(err error) *rejection {
	return rejected(Pos{}, "unreadable", "", "cannot be read: %v", cause(err))
}

func tooLarge(size, limit int64) *rejection {
	return rejected(Pos{}, "limit", "raise the size limit if the file is meant", "%d bytes or more, the limit is %d", size, limit)
}

// cause drops the path that the system puts into its errors: it is known.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func realPath(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// firstBytes opens a file to see whether that can be done, and what it is.
func firstBytes(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var head [4]byte
	n, err := io.ReadFull(f, head[:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}

func wanted(path string) bool {
	return isDocument(path) || hasExtension(path, ".zip")
}

func isDocument(path string) bool {
	return hasExtension(path, ".ioc") || hasExtension(path, ".xml")
}

func hasExtension(path, ext string) bool {
	return len(path) >= len(ext) && strings.EqualFold(path[len(path)-len(ext):], ext)
}
