package source

import (
	"io/fs"
	"strings"
)

// Join is the path of a name in a folder.
func Join(dir, name string) string {
	if dir == "/" || dir == "" {
		return "/" + name
	}
	return dir + "/" + name
}

// Base is the last name of a path, "/" for the volume's root.
func Base(path string) string {
	_, base := split(path)
	if base == "" {
		return "/"
	}
	return base
}

// Parent is the folder that a path lies in; the root lies in itself.
func Parent(path string) string {
	dir, _ := split(path)
	return dir
}

// Display is a path in the evidence's own notation: C:\Users\x on a volume of
// Windows, the path itself elsewhere. The bytes of names stay as they are.
func Display(v Volume, path string) string {
	if v.Separator() == '/' {
		return v.Name + path
	}
	return v.Name + strings.ReplaceAll(path, "/", `\`)
}

// split cuts off the last name. Slashes at the end and doubled ones count for
// nothing; the name of the root is empty.
func split(path string) (dir, base string) {
	path = strings.TrimRight(path, "/")
	i := strings.LastIndexByte(path, '/')
	base = path[i+1:]
	if i > 0 {
		dir = strings.TrimRight(path[:i], "/")
	}
	if dir == "" {
		dir = "/"
	}
	return dir, base
}

// pathError is err under the evidence's path; the path of an inner error, a
// resolved or the scanner's own one, gives way.
func pathError(op, path string, err error) error {
	if inner, ok := err.(*fs.PathError); ok {
		err = inner.Err
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
