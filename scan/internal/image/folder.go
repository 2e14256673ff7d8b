package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"iocscan/scan/internal/image/container"
)

// A File is an open file of the machine that scans.
type File = container.File

// A Folder is where an image and the other parts of it lie.
type Folder interface {
	// Open opens a file for reading. Names are those of Names, and fs.ErrNotExist
	// is wrapped where there is none.
	Open(name string) (File, error)
	Names() ([]string, error)
}

// OS is a folder of the machine that scans.
func OS(dir string) Folder { return osFolder(dir) }

type osFolder string

type osFile struct {
	*os.File
	size int64
}

func (f osFile) Size() int64 { return f.size }

// Open opens regular files, and disks, whose size is where they end. Anything
// else could block.
func (d osFolder) Open(name string) (File, error) {
	path := filepath.Join(string(d), name)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	disk := info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0
	if !info.Mode().IsRegular() && !disk {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: its size: %w", path, err)
	}
	return osFile{f, size}, nil
}

func (d osFolder) Names() ([]string, error) {
	f, err := os.Open(string(d))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

// find is the name in a folder's listing that is meant by name: as it is, else without
// regard to case where one alone fits. Images come from systems that find both.
func find(names []string, name string) (string, error) {
	var fit []string
	for _, n := range names {
		if n == name {
			return n, nil
		}
		if strings.EqualFold(n, name) {
			fit = append(fit, n)
		}
	}
	switch len(fit) {
	case 0:
		return "", fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	case 1:
		return fit[0], nil
	}
	return "", errors.New(name + ": several files differ only in case: " + strings.Join(fit, ", "))
}
