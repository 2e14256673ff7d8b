package document

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"iocscan/scan/source"
)

const (
	moduleFolder      = "/lib/modules"
	moduleEnd         = ".ko"
	mostModules       = 1 << 17
	mostModuleFolders = 1 << 14
)

// listModules lists the files of modules below /lib/modules and, of a system
// that runs, what /proc/modules has, a loaded module and its file being one.
func listModules(ctx context.Context, req *Request, list *Listing) iter.Seq2[module, error] {
	return func(yield func(module, error) bool) {
		e, err := openEtc(ctx, req)
		if err != nil {
			yield(module{}, err)
			return
		}
		p := proc{e.FS, ctx, req.Source.Kind() == "host"}
		loaded, release, errLoaded := p.modules(req)
		programs := newPrograms(ctx, req, moduleFields)
		list.Full = true
		add := func(m module) bool {
			m.etc = e
			if m.path != "" {
				m.file = []*program{programs.command(command{path: m.path, line: m.path})}
			}
			list.Objects++
			return yield(m, nil)
		}
		for path, err := range e.moduleFiles() {
			if err != nil {
				if !yield(module{}, err) {
					return
				}
				continue
			}
			m := module{name: strings.ReplaceAll(moduleFile(path), "-", "_"), path: path, why: errLoaded}
			if l := loaded[m.name]; l != nil && strings.Contains(path, moduleFolder+"/"+release+"/") {
				m.loaded = l
				delete(loaded, m.name)
			}
			if !add(m) {
				return
			}
		}
		for _, name := range slices.Sorted(maps.Keys(loaded)) {
			if !add(module{name: name, loaded: loaded[name]}) {
				return
			}
		}
		if errors.Is(errLoaded, errNotCarried) {
			list.Notes = append(list.Notes, "modules are those that are installed; what the kernel had loaded is not known")
			list.Full = false
		} else if errLoaded != nil {
			yield(module{}, errLoaded)
		}
	}
}

// moduleFile is the name of a module's file without its ends.
func moduleFile(path string) string {
	return strings.TrimSuffix(unpackedName(source.Base(path)), moduleEnd)
}

// moduleFiles are the paths of modules, links followed for the folder of all
// modules only: those in it lead to what is found anyway.
func (e etc) moduleFiles() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		top, err := e.Resolve(moduleFolder)
		if missing(err) {
			return // a kernel without modules
		}
		if err != nil {
			yield("", err)
			return
		}
		files, folders := 0, 0
		// What is shown is below /lib, wherever that leads.
		for todo := []string{""}; len(todo) > 0; {
			folder := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for entry, err := range e.ReadDir(e.ctx, top+folder) {
				if err != nil {
					if !yield("", err) {
						return
					}
					break
				}
				path := folder + "/" + entry.Name
				switch {
				case entry.Type == source.Dir:
					if folders++; folders > mostModuleFolders {
						yield("", fmt.Errorf("%s: more than %d folders", moduleFolder, mostModuleFolders))
						return
					}
					todo = append(todo, path)
				case entry.Type == source.Regular && strings.HasSuffix(unpackedName(entry.Name), moduleEnd):
					if files++; files > mostModules {
						yield("", fmt.Errorf("%s: more than %d modules", moduleFolder, mostModules))
						return
					}
					if !yield(moduleFolder+path, nil) {
						return
					}
				}
			}
		}
	}
}

// modules reads /proc/modules: name, size of the memory, number of users, names
// of users, state, address, taints. Without it a running kernel has no modules,
// and a copy does not tell.
func (p proc) modules(req *Request) (loaded map[string]*loadedModule, release string, err error) {
	const file = "/proc/modules"
	if !req.Source.Has(source.Live) {
		return nil, "", errNotCarried
	}
	body, err := p.read("/proc/sys/kernel/osrelease", mostShown)
	if err != nil && !missing(err) {
		return nil, "", err
	}
	release = strings.TrimSpace(body)
	body, err = p.read(file, mostShown)
	if missing(err) && p.live {
		return nil, release, nil
	}
	if missing(err) {
		err = errNotCarried
	}
	if err != nil {
		return nil, release, err
	}
	loaded = map[string]*loadedModule{}
	for line := range strings.Lines(body) {
		words := strings.Fields(line)
		if len(words) < 6 {
			return loaded, release, fmt.Errorf("read %s: no module: %.60q", file, line)
		}
		size, err := strconv.ParseUint(words[1], 10, 64)
		if err != nil {
			return loaded, release, fmt.Errorf("read %s: no size: %.60q", file, line)
		}
		l := &loadedModule{size: size, status: words[4], address: words[5], taints: strings.Trim(strings.Join(words[6:], ""), "()")}
		l.users = strings.FieldsFunc(words[3], func(r rune) bool { return r == ',' })
		l.users = slices.DeleteFunc(l.users, func(s string) bool { return s == "-" || s == "[permanent]" })
		if body, err := p.read("/sys/module/"+words[0]+"/srcversion", 256); err == nil {
			l.source = sure(strings.TrimSpace(body))
		}
		loaded[words[0]] = l
	}
	for name, l := range loaded {
		for _, user := range l.users {
			if other := loaded[user]; other != nil {
				other.depends = append(other.depends, name)
			}
		}
	}
	for _, l := range loaded {
		slices.Sort(l.depends)
	}
	return loaded, release, nil
}
