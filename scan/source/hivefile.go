package source

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"sync/atomic"

	"iocscan/scan/internal/regf"
)

// logEndings are those of the transaction logs beside a hive.
var logEndings = []string{".LOG", ".LOG1", ".LOG2"}

func (h *Hive) open() {
	file, size, err := h.openFile(h.path)
	if err != nil {
		h.err = err
		return
	}
	var logs []regf.Log
	if !h.noReplay {
		logs = h.logs()
	}
	hive, err := regf.OpenWithLogs(file, size, logs...)
	if err != nil {
		h.err = err
		return
	}
	h.store = (*hiveStore)(hive)
	if applied := hive.Replay().String(); applied != "" {
		h.note = strings.TrimPrefix(h.note+"; replayed in memory: "+applied, "; ")
	}
	if h.Loose && len(h.places) == 0 {
		h.guess(hive)
	}
	h.settle()
}

func (h *Hive) openFile(path string) (File, int64, error) {
	f, err := h.fsys.Open(path)
	if err != nil {
		return nil, 0, err
	}
	h.files = append(h.files, f)
	if n, ok := f.(Noter); ok && h.note == "" {
		h.note = n.Note()
	}
	info, err := f.Info()
	return counted{f, &h.read}, info.Size, err
}

// counted counts what is read of a file.
type counted struct {
	File
	n *atomic.Int64
}

func (c counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.File.ReadAt(p, off)
	c.n.Add(int64(n))
	return n, err
}

// logs opens the transaction logs beside the hive. One that cannot be read is
// left to the hive, which says so.
func (h *Hive) logs() []regf.Log {
	var logs []regf.Log
	for _, ending := range logEndings {
		at, err := h.fsys.Resolve(h.path + ending)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		log := regf.Log{Name: Base(at)}
		if err == nil {
			log.Data, log.Size, err = h.openFile(at)
		}
		if err != nil {
			log = regf.Log{Name: Base(h.path) + ending, Data: unreadableLog{err}, Size: 1 << 12}
		}
		logs = append(logs, log)
	}
	return logs
}

// unreadableLog answers with why a log could not be opened.
type unreadableLog struct{ err error }

func (u unreadableLog) ReadAt([]byte, int64) (int, error) { return 0, u.err }

// settle finds the places that depend on the content.
func (h *Hive) settle() {
	if h.Kind == HiveSystem {
		control := controlSet(h.store)
		h.places = placesOf(h.Kind, "", control, hardwareProfile(h.store, control))
	}
}

// controlSet is the control set that the system used last: SYSTEM\Select says
// so; where that cannot be read, the only one there is.
func controlSet(of store) string {
	if k, err := of.key("Select"); err == nil {
		if n, ok := number(k, "Current"); ok {
			return fmt.Sprintf("ControlSet%03d", n)
		}
	}
	only := ""
	root, err := of.key("")
	if err != nil {
		return ""
	}
	for k, err := range root.Subkeys() {
		if err != nil {
			continue
		}
		if _, ok := cutFold(k.Path(), "ControlSet"); ok {
			if only != "" {
				return ""
			}
			only = k.Path()
		}
	}
	return only
}

func hardwareProfile(of store, control string) string {
	k, err := of.key(control + `\Control\IDConfigDB`)
	if err == nil && control != "" {
		if n, ok := number(k, "CurrentConfig"); ok {
			return fmt.Sprintf("%04d", n)
		}
	}
	return "0001"
}

func number(k RegistryKey, name string) (uint64, bool) {
	v, err := k.Value(name)
	if err != nil {
		return 0, false
	}
	data, err := v.Data()
	if err != nil {
		return 0, false
	}
	n, ok := regf.Number(v.Type(), data)
	return n, ok && n < 1000
}

// A hiveStore is a hive file as a store.
type hiveStore regf.Hive

func (s *hiveStore) damage() []error {
	var errs []error
	for _, t := range (*regf.Hive)(s).Troubles() {
		errs = append(errs, t)
	}
	return errs
}

func (s *hiveStore) key(path string) (RegistryKey, error) {
	n, err := (*regf.Hive)(s).Find(path)
	if err != nil {
		return nil, absentKey(err)
	}
	return hiveKey{n}, nil
}

func (s *hiveStore) walk(path string) iter.Seq2[RegistryKey, error] {
	return func(yield func(RegistryKey, error) bool) {
		n, err := (*regf.Hive)(s).Find(path)
		if err != nil {
			yield(nil, absentKey(err))
			return
		}
		for k, err := range (hiveKey{n}).Walk() {
			if !yield(k, err) {
				return
			}
		}
	}
}

// absentKey makes ErrNotFound one of the file system's errors.
func absentKey(err error) error {
	if errors.Is(err, regf.ErrNotFound) {
		return fs.ErrNotExist
	}
	return err
}

type hiveKey struct{ *regf.Node }

func (k hiveKey) Walk() iter.Seq2[RegistryKey, error] {
	return func(yield func(RegistryKey, error) bool) {
		for n, err := range k.Node.Walk() {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if !yield(hiveKey{n}, nil) {
				return
			}
		}
	}
}

func (k hiveKey) Subkeys() iter.Seq2[RegistryKey, error] {
	return func(yield func(RegistryKey, error) bool) {
		for sub, err := range k.Node.Subkeys() {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if !yield(hiveKey{k.Node.Child(sub)}, nil) {
				return
			}
		}
	}
}

func (k hiveKey) Value(name string) (*regf.Value, error) {
	v, err := k.Node.Value(name)
	if err != nil {
		return nil, absentKey(err)
	}
	return v, nil
}

func (k hiveKey) Find(path string) (RegistryKey, error) {
	n, err := k.Node.Find(path)
	if err != nil {
		return nil, absentKey(err)
	}
	return hiveKey{n}, nil
}

// guess finds out what a loose hive is: by the keys that only one kind has,
// else by the name that its base block remembers.
func (h *Hive) guess(hive *regf.Hive) {
	has := func(paths ...string) bool {
		for _, p := range paths {
			if _, err := hive.Find(p); err != nil {
				return false
			}
		}
		return true
	}
	remembered := strings.ToUpper(hive.Header().Name)
	named := func(end string) bool { return strings.HasSuffix(remembered, end) }
	switch {
	case has("Select") && controlSet((*hiveStore)(hive)) != "":
		h.Kind = HiveSystem
	case has("Microsoft", "Classes"), has(`Microsoft\Windows NT\CurrentVersion`):
		h.Kind = HiveSoftware
	case has(`SAM\Domains`):
		h.Kind = HiveSAM
	case has("Policy", `Policy\PolAdtEv`), has("Policy", `Policy\Secrets`):
		h.Kind = HiveSecurity
	case has("Objects", "Description"):
		h.Kind = HiveBCD
	case has(`Root\File`), has(`Root\InventoryApplicationFile`):
		h.Kind = HiveAmcache
	case has("Software", "Control Panel"), has("Software", "Environment"):
		h.Kind = HiveUser
		if named(`CONFIG\DEFAULT`) {
			h.Kind = HiveDefault
		}
	case has("Local Settings") && !has("Software"):
		h.Kind = HiveClasses
	case named("NTUSER.DAT"):
		h.Kind = HiveUser
	case named("USRCLASS.DAT"):
		h.Kind = HiveClasses
	case named("AMCACHE.HVE"):
		h.Kind = HiveAmcache
	case named(`CONFIG\SOFTWARE`):
		h.Kind = HiveSoftware
	case named(`CONFIG\SYSTEM`):
		h.Kind = HiveSystem
	case named(`CONFIG\SAM`):
		h.Kind = HiveSAM
	case named(`CONFIG\SECURITY`):
		h.Kind = HiveSecurity
	case named(`CONFIG\DEFAULT`):
		h.Kind = HiveDefault
	}
	if h.Kind == HiveUser || h.Kind == HiveClasses { // the root key may be named for the user
		if root, err := hive.Root(); err == nil {
			if sid := strings.TrimSuffix(root.Name(), "_Classes"); isSID(sid) {
				h.SID = sid
			}
		}
	}
	h.places = placesOf(h.Kind, h.SID, "", "")
}
