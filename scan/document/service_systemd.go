package document

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"iocscan/scan/source"
)

func listLinuxServices(ctx context.Context, req *Request, list *Listing) iter.Seq2[service, error] {
	return listServices(ctx, req, list, func(h *serviceHost) {
		h.units(systemUnits[:], "systemd", "root")
		h.units(userUnits[:], "systemd user", "")
		for _, home := range h.homes() {
			h.units([]string{source.Join(home.path, ".config/systemd/user")}, "systemd user", home.user)
		}
		h.initScripts()
	})
}

// Where units are looked for, the first that has a name being the one that
// counts (systemd.unit(5)). What a generator makes anew at each start and what
// is there for one run only is left to the running system's /run/systemd/system.
var (
	systemUnits = [...]string{
		"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/etc/systemd/system",
		"/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
	}
	userUnits = [...]string{
		"/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
	}
)

// A unitTree is all that the folders of one manager have.
type unitTree struct {
	files   map[string]unitFile            // by name
	dropIns map[string]map[string]unitFile // by folder ("x.service.d"), then name
	wanted  map[string]bool                // by name: some unit starts it; true: that was chosen here
}

type unitFile struct {
	path, target string // target: of a link
	link         bool
}

const (
	suffix      = ".service"
	mostDropIns = 256 // of one unit
)

// units lists the services of one manager.
func (h *serviceHost) units(folders []string, kind, account string) {
	t := unitTree{map[string]unitFile{}, map[string]map[string]unitFile{}, map[string]bool{}}
	seen := map[string]bool{}
	for _, folder := range folders {
		at, entries := h.folder(folder)
		if at == "" || seen[at] { // /lib is often a link to /usr/lib
			continue
		}
		seen[at] = true
		chosen := !strings.HasPrefix(folder, "/usr/") && !strings.HasPrefix(folder, "/lib/")
		for _, e := range entries {
			h.unitEntry(&t, at, e, chosen)
		}
	}
	aliases := map[string][]string{}
	for name, f := range t.files {
		if to := source.Base(f.target); f.link && to != name && strings.HasSuffix(to, suffix) {
			if _, ok := t.files[to]; ok {
				aliases[to] = append(aliases[to], name)
				delete(t.files, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		if h.done {
			return
		}
		slices.Sort(aliases[name])
		s := h.unit(&t, name, aliases[name], kind, account)
		if account == "root" { // of the system's own manager
			h.groups.state(&s, name)
		}
		h.add(s)
	}
}

// unitEntry takes one name in a folder of units.
func (h *serviceHost) unitEntry(t *unitTree, at string, e source.Entry, chosen bool) {
	path := source.Join(at, e.Name)
	switch {
	case strings.HasSuffix(e.Name, suffix) && (e.Type == source.Regular || e.Type == source.Link):
		if _, ok := t.files[e.Name]; !ok {
			t.files[e.Name] = h.unitFile(path, e)
		}
	case strings.HasSuffix(e.Name, "service.d"):
		in, entries := h.folder(path)
		if t.dropIns[e.Name] == nil {
			t.dropIns[e.Name] = map[string]unitFile{}
		}
		for _, e2 := range entries {
			if _, ok := t.dropIns[e.Name][e2.Name]; !ok && strings.HasSuffix(e2.Name, ".conf") {
				t.dropIns[e.Name][e2.Name] = h.unitFile(source.Join(in, e2.Name), e2)
			}
		}
	case strings.HasSuffix(e.Name, ".wants") || strings.HasSuffix(e.Name, ".requires"):
		_, entries := h.folder(path)
		for _, e2 := range entries {
			name := e2.Name
			t.wanted[name] = t.wanted[name] || chosen
			if before, after, ok := strings.Cut(name, "@"); ok && !strings.HasPrefix(after, ".") { // an instance is its template
				name = before + "@" + suffix
				t.wanted[name] = t.wanted[name] || chosen
			}
		}
	}
}

func (h *serviceHost) unitFile(path string, e source.Entry) unitFile {
	f := unitFile{path: path, link: e.Type == source.Link}
	if f.link {
		f.target, _ = h.Readlink(path) // what matters of the error is told when the file is read
	}
	return f
}

// readUnit reads a unit. It is masked by a link to /dev/null and by an empty
// file.
func (h *serviceHost) readUnit(f unitFile) (body string, masked bool, err error) {
	if f.link && strings.HasSuffix(f.target, "/dev/null") {
		return "", true, nil
	}
	body, err = h.read(f.path)
	if f.link && missing(err) { // it leads nowhere: there is nothing to start
		return "", false, nil
	}
	if err != nil {
		err = fmt.Errorf("unit %s: %w", f.path, err)
	}
	return body, err == nil && body == "", err
}

func (h *serviceHost) unit(t *unitTree, name string, aliases []string, kind, account string) service {
	f := t.files[name]
	s := service{file: f.path, name: strings.TrimSuffix(name, suffix), alias: append([]string{name}, aliases...)}
	body, masked, err := h.readUnit(f)
	var u unit
	u.add(body)
	dropIns := t.dropInsOf(name)
	if len(dropIns) > mostDropIns && err == nil {
		err = fmt.Errorf("unit %s: %d drop-ins, of which %d are read", f.path, len(dropIns), mostDropIns)
	}
	for _, conf := range dropIns[:min(len(dropIns), mostDropIns)] {
		body, _, errConf := h.readUnit(conf)
		if errConf != nil && err == nil {
			err = errConf
		}
		u.add(body)
	}
	chosen, wanted := t.wanted[name]
	for _, a := range aliases {
		c, w := t.wanted[a]
		chosen, wanted = chosen || c, wanted || w
	}
	s.why = err
	s.title, s.text = u.description, u.description
	s.kind = some(kind)
	if u.kind != "" {
		s.kind = some(u.kind)
	}
	s.mode = unitMode(masked, chosen, wanted, u.install)
	if !masked {
		s.commands = u.commands()
	}
	s.user, s.group = u.user, u.group
	if s.account = account; u.user != "" {
		s.account = u.user
	}
	return s
}

// unitMode is what systemctl is-enabled says, and the word of Windows that
// comes nearest.
func unitMode(masked, chosen, wanted, install bool) []string {
	word := "static"
	switch {
	case masked:
		return []string{"masked", disabled}
	case chosen:
		word = "enabled"
	case install:
		word = "disabled"
	}
	if wanted {
		return []string{word, autoStart}
	}
	return []string{word, demandStart}
}

// dropInsOf are the drop-ins of a unit in the order in which they are read: by
// name. Of several with one name the one that is most its own counts.
func (t *unitTree) dropInsOf(name string) []unitFile {
	folders := []string{name + ".d"}
	stem := strings.TrimSuffix(name, suffix)
	for {
		i := strings.LastIndexByte(strings.TrimSuffix(stem, "-"), '-')
		if i < 0 {
			break
		}
		stem = stem[:i+1]
		folders = append(folders, stem+suffix+".d")
	}
	folders = append(folders, "service.d")
	chosen := map[string]unitFile{}
	for _, folder := range folders {
		for file, f := range t.dropIns[folder] {
			if _, ok := chosen[file]; !ok {
				chosen[file] = f
			}
		}
	}
	var list []unitFile
	for _, file := range slices.Sorted(maps.Keys(chosen)) {
		list = append(list, chosen[file])
	}
	return list
}

// A home is the home of an account.
type home struct{ path, user string }

// homes are those that accounts name, each once.
func (h *serviceHost) homes() []home {
	all, errs := readEtcAccounts(h.etc, h.req).users()
	for _, err := range errs {
		h.fault(fmt.Errorf("units of users: %w", err))
	}
	var list []home
	seen := map[string]bool{"": true, "/dev/null": true}
	for _, u := range all {
		if path := strings.TrimRight(u.home, "/"); strings.HasPrefix(path, "/") && !seen[path] {
			seen[path] = true
			list = append(list, home{path, u.name})
		}
	}
	return list
}
