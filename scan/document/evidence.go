package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"iocscan/scan/source"
)

// An etc is the file system of a Unix system, as documents read it that come
// from its configuration.
type etc struct {
	source.FS
	ctx context.Context
}

var errNoVolume = errors.New("the evidence has no file system")

func openEtc(ctx context.Context, req *Request) (etc, error) {
	volumes := req.Source.Volumes()
	if len(volumes) == 0 {
		return etc{}, errNoVolume
	}
	return etc{volumes[0].FS, ctx}, nil
}

// mostConfig is more bytes than any file of configuration has.
const mostConfig = 16 << 20

// read is the content of a file, links followed. fs.ErrNotExist says that it
// is not there.
func (e etc) read(path string) (string, error) {
	f, err := e.open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostConfig+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	if len(b) > mostConfig {
		return "", fmt.Errorf("read %s: more than %d bytes", path, mostConfig)
	}
	return string(b), nil
}

func (e etc) open(path string) (source.File, error) {
	at, err := e.Resolve(path)
	if err != nil {
		return nil, err
	}
	return e.Open(at)
}

// mostNames bounds the names that one folder of configuration is read to.
const mostNames = 1 << 17

// list is what is in a folder, by name; the path is where the folder really
// is. A folder that is not there has nothing in it. What could be listed before
// an error stands.
func (e etc) list(path string) (at string, entries []source.Entry, err error) {
	at, err = e.Resolve(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	for entry, err := range e.ReadDir(e.ctx, at) {
		if err == nil && len(entries) >= mostNames {
			err = fmt.Errorf("list %s: more than %d names", at, mostNames)
		}
		if err != nil {
			return at, entries, err
		}
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b source.Entry) int { return strings.Compare(a.Name, b.Name) })
	return at, entries, nil
}

// missing reports that an error says that nothing is there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
