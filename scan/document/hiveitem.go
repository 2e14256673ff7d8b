package document

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// hiveList is HiveItem: the files of the registry. What Windows keeps in memory
// only, as HKEY_LOCAL_MACHINE\HARDWARE, is no file.
var hiveList = Table[hive]{
	name:    "HiveItem",
	summary: "files of the registry (hives)",
	needs:   []source.Capability{source.Hives},
	label:   func(h *hive) string { return h.shown },
	fields: []Field[hive]{
		field(match.Field{Term: "HiveItem/Name", Kind: ioc.Path, Identity: true}, hiveNames),
		field(match.Field{Term: "HiveItem/Path", Kind: ioc.Path, Identity: true}, hivePaths),
	},
	collect: listHives,
}

// A hive is one of them.
type hive struct {
	shown  string
	path   string // empty: not known
	loose  bool   // the path is that on the scanner
	places []source.Place
	err    error // it could not be opened
}

func listHives(ctx context.Context, req *Request, list *Listing) iter.Seq2[hive, error] {
	return func(yield func(hive, error) bool) {
		list.Full = true
		loaded, loadedErr := hiveFilesOf(req)
		if loadedErr != nil {
			req.trouble("list of loaded hives", loadedErr)
		}
		for _, h := range req.Registry.Hives() {
			path := h.File
			if h.Loaded {
				told := false
				if path, told = loaded[ioc.Fold(h.File)]; told && path == "" {
					continue // of no file
				}
			}
			err := h.Open()
			if err != nil {
				req.trouble(h.File, err)
			}
			if h.Loose {
				list.Full = false
			}
			list.Objects++
			if ctx.Err() != nil || !yield(hive{shown: cmp.Or(path, h.File), path: path, loose: h.Loose, places: h.Places(), err: err}, nil) {
				return
			}
		}
		for _, m := range req.Registry.Missing() {
			if !yield(hive{}, fmt.Errorf("%s: %w", m.Name, m.Err)) {
				return
			}
		}
	}
}

// hiveFilesOf are the files of the hives that a running system has loaded, by
// their folded places. It keeps a list of them, which names the file of each by
// its device.
func hiveFilesOf(req *Request) (map[string]string, error) {
	files := map[string]string{}
	if !runningWindows(req) {
		return files, nil
	}
	k, err := openKey(req, `HKLM\SYSTEM\CurrentControlSet\Control\hivelist`)
	if err != nil {
		return files, err
	}
	devices := deviceNames()
	var errs []error
	for v, err := range k.Values() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		root, rest := source.SplitRegistryPath(v.Name())
		path, err := v.Text()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for device, drive := range devices {
			if below, ok := source.Below(path, device); ok {
				path = drive + `\` + below
			}
		}
		files[ioc.Fold(source.JoinKeys(root, rest))] = path
	}
	return files, errors.Join(errs...)
}

// hiveNames are the places where the registry shows the hive: as the kernel
// names it, and as programs do. One whose place nobody knows has none to tell.
func hiveNames(h *hive, yield func(ioc.Value) bool) error {
	if len(h.places) == 0 {
		if h.err != nil {
			return h.err
		}
		return errNotCarried
	}
	proper := h.places[0]
	for _, root := range []struct{ root, kernel string }{{source.MachineRoot, `\REGISTRY\MACHINE`}, {source.UsersRoot, `\REGISTRY\USER`}} {
		if rest, ok := source.Below(proper.Hive, root.root); ok && !yield(ioc.PathValue(root.kernel+`\`+rest)) {
			return nil
		}
	}
	if !yield(ioc.PathValue(proper.Hive)) {
		return nil
	}
	if proper.Short != "" {
		yield(ioc.PathValue(proper.Short))
	}
	return nil
}

// hivePaths: the path, and as the kernel writes that of a hive of the machine.
// Of a loose one the path in the evidence is not known.
func hivePaths(h *hive, yield func(ioc.Value) bool) error {
	if h.path == "" {
		return errNotCarried
	}
	if !yield(ioc.PathValue(h.path)) {
		return nil
	}
	if h.loose {
		return errNotCarried
	}
	for _, folder := range []string{`\Windows`, `\WINNT`} {
		if _, path, ok := strings.Cut(h.path, ":"); ok {
			if rest, ok := source.Below(path, folder); ok && !yield(ioc.PathValue(`\SystemRoot\`+rest)) {
				return nil
			}
		}
	}
	return nil
}
