package source

import (
	"strings"

	"iocscan/ioc"
)

// loading is a source whose system runs and has hives loaded.
type loading interface {
	// loadedHives are those hives. An error says that there may be others.
	loadedHives() ([]*Hive, error)
}

// loadedAs tells hives apart of which a system has one loaded.
func loadedAs(kind HiveKind, sid string) string { return string(kind) + "\x00" + ioc.Fold(sid) }

// findLoaded finds the hives of a running system, and which they are.
func (r *Registry) findLoaded() (loaded map[string]bool) {
	of, ok := r.src.(loading)
	if !ok {
		return nil
	}
	hives, err := of.loadedHives()
	if err != nil {
		r.missing = append(r.missing, MissingHive{"the registry of the running system", possiblePlaces(HiveMounted, []string{"*"}), err})
	}
	r.hives = hives
	loaded = map[string]bool{}
	for _, h := range hives {
		loaded[loadedAs(h.Kind, h.SID)] = true
	}
	for _, p := range r.profiles() {
		for _, h := range hives {
			if h.SID != "" && ioc.EqualFold(h.SID, p.sid) {
				if len(p.path) > 1 && p.path[1] == ':' {
					h.Profile = p.path
				}
				h.User = Base(strings.ReplaceAll(p.folder, `\`, "/"))
			}
		}
	}
	return loaded
}
