package source

import (
	"fmt"
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
	tree := &hostTree{dirFS: folder, resolver: &resolver{tree: folder, platform: Linux, pruned: pruned}}
	return &machine{
		kind:     "host",
		name:     name,
		platform: Linux,
		has:      []Capability{Files, Live},
		volumes:  []Volume{{FS: withOwners(tree), Type: mountType(mounts, "/")}},
		leftOut:  leftOut,
		folders:  []*dirFS{folder},
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

// readMounts fails rather than answer nothing: without the table a walk could
// run into the network unnoticed.
func readMounts() ([]mount, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read the table of mounts: %w", err)
	}
	defer f.Close()
	mounts, err := parseMountinfo(f)
	if err != nil {
		return nil, fmt.Errorf("read /proc/self/mountinfo: %w", err)
	}
	return mounts, nil
}

// mountType is the type of the file system that a path lies on.
func mountType(mounts []mount, path string) string {
	best, kind := -1, ""
	for _, m := range mounts {
		if _, ok := below(m.path, path); ok && len(m.path) >= best {
			best, kind = len(m.path), m.kind
		}
	}
	return kind
}
