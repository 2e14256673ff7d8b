package document

import (
	"slices"
	"strings"

	"iocscan/ioc"
)

// imageName is the last name in the path of a process's image, of Windows or
// of a Unix system.
func imageName(path string) string {
	if hasLetter(path) || strings.HasPrefix(path, `\`) {
		return path[strings.LastIndexAny(path, `\/`)+1:]
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

func hasLetter(path string) bool { return len(path) > 2 && path[1] == ':' }

// yieldImagePath gives the path of an image in the forms that conditions have
// it: the whole, and the folder by itself, both with the drive and without it,
// and as the terms are defined without the separators around it.
func yieldImagePath(path string, yield func(ioc.Value) bool) bool {
	bare := path
	if hasLetter(path) {
		bare = path[2:]
	}
	folder := strings.TrimRight(path[:len(path)-len(imageName(path))], `\/`)
	inner := strings.TrimPrefix(folder, path[:len(path)-len(bare)])
	forms := []string{path, bare, folder, inner, strings.Trim(inner, `\/`)}
	for i, f := range forms {
		if f != "" && !slices.Contains(forms[:i], f) && !yield(ioc.PathValue(f)) {
			return false
		}
	}
	return true
}
