package ioc

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bmatcuk/doublestar/v4"
)

// DefaultMaxSize is the largest IOC file read unless Options say otherwise.
const DefaultMaxSize = 3 << 20

// Options of Load. The zero value is ready for use.
type Options struct {
	MaxSize int64     // bytes of one IOC file; 0 is DefaultMaxSize
	Exclude []string  // globs on the path or its last part (** crosses folders), or IOC ids; without case
	Stdin   io.Reader // what the path "-" names; nil: "-" is an error
}

// A PathError is why a collection cannot be had at all: a path that does not
// exist or cannot be read, a folder without any file of a collection.
type PathError struct {
	Path   string
	Reason string
	Err    error // the cause, if any
}

func (e *PathError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Path, e.Reason, e.Err)
	}
	return e.Path + ": " + e.Reason
}

func (e *PathError) Unwrap() error { return e.Err }

// Load reads the IOC files that paths name: files whatever their extension,
// folders (searched below for .ioc, .xml and .zip; links are not followed
// there), zip files, and "-" for Options.Stdin. A file reached twice is read
// once. The files come in order of path.
//
// What cannot be read or used is a Rejected File with its reason, so a
// collection without any usable file is no error. Errors are *PathError, and
// exclusions that are no globs.
func Load(paths []string, opt Options) (*Collection, error) {
	if opt.MaxSize <= 0 {
		opt.MaxSize = DefaultMaxSize
	}
	for _, pattern := range opt.Exclude {
		if !doublestar.ValidatePattern(pattern) {
			return nil, fmt.Errorf("exclude %q: %w", pattern, doublestar.ErrBadPattern)
		}
	}
	if len(paths) == 0 {
		return nil, errors.New("no path of an IOC collection given")
	}
	g := &gathering{opt: opt, seen: map[string]bool{}}
	for _, name := range paths {
		if err := g.named(name); err != nil {
			return nil, err
		}
	}
	found := parseAll(g.sources)
	for _, a := range g.archives {
		found = append(found, a.load(opt)...)
	}
	return assemble(found, opt), nil
}

// A source is a file to be parsed, or one of which all there is to know is why
// it cannot be.
type source struct {
	path string
	read func(space []byte) ([]byte, *rejection) // may use space; nil where refused is set
	// refused: found, but not to be read
	refused *rejection
}

// A parsed is a File with what is still to be settled over the collection.
type parsed struct {
	*File
	unknown []unknownRef
}

// parseAll reads and parses on all processors. The results come in the order
// of the sources.
func parseAll(sources []source) []parsed {
	out := make([]parsed, len(sources))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(sources)) {
		wg.Go(func() {
			var space []byte // nothing of it is kept, so all files share it
			for {
				i := int(next.Add(1)) - 1
				if i >= len(sources) {
					return
				}
				out[i], space = sources[i].parse(space)
			}
		})
	}
	wg.Wait()
	return out
}

func (s *source) parse(space []byte) (parsed, []byte) {
	rej := s.refused
	if rej == nil {
		var data []byte
		if data, rej = s.read(space); rej == nil {
			f, unknown := parseFile(s.path, data)
			return parsed{f, unknown}, data[:0]
		}
	}
	f := &File{Path: s.path}
	f.reject(rej)
	return parsed{File: f}, space
}

// assemble settles what concerns the collection as a whole.
func assemble(found []parsed, opt Options) *Collection {
	slices.SortStableFunc(found, func(a, b parsed) int { return cmp.Compare(a.Path, b.Path) })
	c := &Collection{Files: make([]*File, len(found))}
	memo := map[string]string{}
	for i, f := range found {
		suggest(f.File, f.unknown, memo)
		c.Files[i] = f.File
	}
	// A zip file may hold two members of one name; results are kept by path.
	for i, n := 1, 1; i < len(c.Files); i++ {
		if first := c.Files[i-n]; c.Files[i].Path == first.Path {
			n++
			c.Files[i].Path = fmt.Sprintf("%s#%d", first.Path, n)
		} else {
			n = 1
		}
	}
	c.exclude(opt.Exclude)
	c.reportRepeatedIDs()
	return c
}

// exclude leaves out what the user does not want, also files that could not be
// used anyway: they then do not make the run incomplete.
func (c *Collection) exclude(patterns []string) {
	for _, pattern := range patterns {
		used := false
		for _, f := range c.Files {
			if !excludes(pattern, f) {
				continue
			}
			used = true
			if f.Status != Excluded {
				f.Status, f.Reason = Excluded, "excluded by "+quote(pattern)
			}
		}
		if !used {
			c.Unused = append(c.Unused, pattern)
		}
	}
}

func excludes(pattern string, f *File) bool {
	if f.ID != "" && EqualFold(pattern, f.ID) {
		return true
	}
	glob := strings.ToLower(filepath.ToSlash(pattern))
	name := strings.ToLower(filepath.ToSlash(f.Path))
	if doublestar.MatchUnvalidated(glob, name) {
		return true
	}
	return doublestar.MatchUnvalidated(glob, path.Base(name))
}

// reportRepeatedIDs warns where one IOC id stands in several files. Each file
// keeps its own results.
func (c *Collection) reportRepeatedIDs() {
	first := map[string]*File{}
	for _, f := range c.Files {
		if f.Status != Usable || f.ID == "" {
			continue
		}
		id := strings.ToLower(f.ID)
		other, seen := first[id]
		if !seen {
			first[id] = f
			continue
		}
		how := "with other content"
		if other.SHA256 == f.SHA256 {
			how = "byte for byte the same"
		}
		f.problem(Warning, Pos{}, "duplicate-ioc-id", "", "id %s is also that of %s (%s)", quote(f.ID), strconv.Quote(other.Path), how)
	}
}
