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

// newLoaded is a hive that the running system has loaded, by its root and its
// name there. first opens its store.
func newLoaded(root, name string, first func() (store, error)) *Hive {
	h := &Hive{File: JoinKeys(root, name), Loaded: true, from: first}
	if root == UsersRoot {
		h.Kind, h.SID = HiveUser, name
		if sid, ok := cutFoldSuffix(name, "_Classes"); ok {
			h.Kind, h.SID = HiveClasses, sid
		}
		if ioc.EqualFold(h.SID, ".DEFAULT") {
			h.SID = ""
			if h.Kind == HiveUser {
				h.Kind = HiveDefault
			}
		}
		h.places = placesOf(h.Kind, h.SID, "", "")
		return h
	}
	for _, kind := range []HiveKind{HiveSystem, HiveSoftware, HiveSAM, HiveSecurity} {
		if ioc.EqualFold(name, string(kind)) {
			h.Kind = kind
		}
	}
	if h.places = placesOf(h.Kind, "", "", ""); h.Kind == HiveMounted {
		if _, ok := cutFold(name, "BCD"); ok {
			h.Kind = HiveBCD
		}
		h.places = []Place{newPlace("", h.File, "")}
	}
	return h
}

func cutFoldSuffix(s, suffix string) (string, bool) {
	if n := len(s) - len(suffix); n >= 0 && ioc.EqualFold(s[n:], suffix) {
		return s[:n], true
	}
	return "", false
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
