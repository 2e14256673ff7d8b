package source

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A LooseFile is a file of the scanner that the user names as evidence, alone
// or by a folder that it lies in.
type LooseFile struct {
	Path string // as named by the user, or that of the folder joined with the path below it
	Err  error  // the folder, or what this is, could not be looked at: nothing to open
}

// LooseFiles are the files that paths name: files themselves, whatever is in
// them, and of folders all files below that begin with the magic or have the
// ending. Links in folders are not followed. The error is that of a path that
// the user named; what cannot be looked at below a folder has its own. A path
// that comes twice counts once.
func LooseFiles(paths []string, ending, magic string) ([]LooseFile, error) {
	var out []LooseFile
	err := eachLoose(paths, func(f LooseFile, named bool) bool {
		if !named && f.Err == nil && !bytes.EqualFold([]byte(filepath.Ext(f.Path)), []byte(ending)) {
			begins, err := f.begins(magic)
			if err == nil && !begins {
				return false
			}
			f.Err = err
		}
		out = append(out, f)
		return true
	})
	return out, err
}

// eachLoose visits the files that paths name, and those below the folders that
// they name. A file that visit takes is not visited again.
func eachLoose(paths []string, visit func(f LooseFile, named bool) bool) error {
	seen := map[string]bool{}
	look := func(f LooseFile, named bool) {
		place, err := filepath.Abs(f.Path)
		if err != nil {
			place = f.Path
		}
		if !seen[place] {
			seen[place] = visit(f, named)
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return err
		case info.Mode().IsRegular():
			look(LooseFile{Path: path}, true)
			continue
		case !info.IsDir():
			return fmt.Errorf("%s: %w", path, ErrNotRegular)
		}
		top, err := filepath.EvalSymlinks(path)
		if err != nil {
			return err
		}
		err = filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
			f := LooseFile{Path: filepath.Join(path, name[len(top):]), Err: err}
			if err != nil || d.Type().IsRegular() {
				look(f, false)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Open opens the file as any evidence: read-only, without renewing its time of
// access where the system lets us.
func (f LooseFile) Open() (File, error) {
	if f.Err != nil {
		return nil, f.Err
	}
	real, err := filepath.EvalSymlinks(f.Path) // the user may name a link
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, err
	}
	folder, err := openDir(filepath.Dir(real), false)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return folder.Open("/" + filepath.Base(real))
}

func (f LooseFile) begins(magic string) (bool, error) {
	file, err := f.Open()
	if err != nil {
		return false, err
	}
	defer file.Close()
	b := make([]byte, len(magic))
	n, _ := file.ReadAt(b, 0) // what is too short or cannot be read is not ours to tell
	return string(b[:n]) == magic, nil
}
