//go:build linux || darwin

package source

import (
	"io"
	"os"
	"path/filepath"
)

func openHost(opt HostOptions) (Source, error) {
	name := opt.Name
	if name == "" {
		name, _ = os.Hostname() // a machine may lack a name
	}
	mounts, err := readMounts()
	if err != nil {
		return nil, err
	}
	folder, err := openDir("/", false)
	if err != nil {
		return nil, err
	}
	pruned, leftOut := leaveOut(mounts, "/")
	tree := &linkTree{folder: folder, resolver: &resolver{tree: folder, platform: thisPlatform, pruned: pruned}}
	return &machine{
		kind:     "host",
		name:     name,
		platform: thisPlatform,
		has:      []Capability{Files, Live},
		volumes:  []Volume{{FS: withOwners(tree), Type: mountType(mounts, "/")}},
		leftOut:  leftOut,
		open:     []io.Closer{folder},
	}, nil
}

// rootMounts is what a folder of the scanner has mounted below it, and the type
// of its own file system.
func rootMounts(dir string) (map[string]LeftOut, []LeftOut, string, error) {
	mounts, err := readMounts()
	if err != nil {
		return nil, nil, "", err
	}
	// The table has paths without links.
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, nil, "", err
	}
	pruned, leftOut := leaveOut(mounts, real)
	return pruned, leftOut, mountType(mounts, real), nil
}

// rootFS is the FS of a volume of a root. A Windows volume mounted here has no
// owners that this system could tell.
func rootFS(t *linkTree, _ *dirFS) FS {
	if t.platform == Windows {
		return t
	}
	return withOwners(t)
}
