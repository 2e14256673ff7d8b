package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
)

// systemFolders are where Windows may be installed on a volume.
var systemFolders = []string{"/Windows", "/WINNT"}

// systemHives are the hives of the machine, below the folder of Windows.
var systemHives = []struct {
	kind HiveKind
	path string
}{
	{HiveSystem, "/System32/config/SYSTEM"},
	{HiveSoftware, "/System32/config/SOFTWARE"},
	{HiveSAM, "/System32/config/SAM"},
	{HiveSecurity, "/System32/config/SECURITY"},
	{HiveDefault, "/System32/config/DEFAULT"},
	{HiveAmcache, "/AppCompat/Programs/Amcache.hve"},
}

// bootStores are hives that may lie on a volume without Windows.
var bootStores = []string{"/Boot/BCD", "/EFI/Microsoft/Boot/BCD"}

// profileFolders hold the profiles of users, each in a folder of its own.
var profileFolders = []string{"/Users", "/Documents and Settings", "/Windows/ServiceProfiles", "/WINNT/ServiceProfiles"}

// serviceProfiles are single profiles, below the folder of Windows.
var serviceProfiles = []string{"/System32/config/systemprofile", "/SysWOW64/config/systemprofile"}

var userHives = []struct {
	kind HiveKind
	path string
}{
	{HiveUser, "/NTUSER.DAT"},
	{HiveUser, "/NTUSER.MAN"},
	{HiveClasses, "/AppData/Local/Microsoft/Windows/UsrClass.dat"},
	{HiveClasses, "/Local Settings/Application Data/Microsoft/Windows/UsrClass.dat"},
}

// A hiveFile is where a hive lies, or could not be looked for.
type hiveFile struct {
	volume  *Volume
	kind    HiveKind
	path    string
	profile string // folder of the profile
	err     error
}

// hiveFiles finds the hives of all volumes.
func hiveFiles(ctx context.Context, volumes []Volume) []hiveFile {
	var found []hiveFile
	seen := map[string]bool{}
	for i := range volumes {
		v := &volumes[i]
		look := func(kind HiveKind, path, profile string) {
			at, err := v.FS.Resolve(path)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrEscapes) {
				return
			}
			if err != nil {
				at = path
			}
			if key := v.Name + at; !seen[key] {
				seen[key] = true
				found = append(found, hiveFile{v, kind, at, profile, err})
			}
		}
		profile := func(folder string) {
			for _, h := range userHives {
				look(h.kind, folder+h.path, folder)
			}
		}
		for _, in := range systemFolders {
			for _, h := range systemHives {
				look(h.kind, in+h.path, "")
			}
			for _, p := range serviceProfiles {
				profile(in + p)
			}
		}
		for _, p := range bootStores {
			look(HiveBCD, p, "")
		}
		for _, in := range profileFolders {
			at, err := v.FS.Resolve(in)
			if err != nil {
				continue // most systems lack most of them; what cannot be read is told by the look for its hives
			}
			for e, err := range v.FS.ReadDir(ctx, at) {
				if err != nil {
					found = append(found, hiveFile{v, HiveUser, at, at, err})
					break
				}
				if e.Type == Dir {
					profile(Join(at, e.Name))
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b hiveFile) int {
		return cmp.Or(strings.Compare(a.volume.Name, b.volume.Name), strings.Compare(a.path, b.path))
	})
	return found
}

// findOwn finds the hives that the system has loaded, if it runs, and those of
// the source's volumes, and whose they are.
func (r *Registry) findOwn() {
	loaded := r.findLoaded()
	profiles := r.profiles()
	for _, f := range hiveFiles(context.Background(), r.src.Volumes()) {
		if loaded[loadedAs(f.kind, profileSID(profiles, f))] {
			continue
		}
		h := &Hive{File: Display(*f.volume, f.path), Kind: f.kind, fsys: f.volume.FS, path: f.path}
		if f.profile != "" {
			h.User = Base(f.profile)
		}
		h.places = placesOf(h.Kind, "", "", "")
		if f.err != nil {
			r.missing = append(r.missing, MissingHive{h.File, possiblePlaces(h.Kind, []string{"*"}), f.err})
			if len(h.places) > 0 {
				r.missing[len(r.missing)-1].Places = h.places
			}
			continue
		}
		r.hives = append(r.hives, h)
	}
	r.findUsers()
	r.findMissing(loaded != nil)
}

// findUsers gives the users' hives their SIDs: those of the list of profiles,
// and those that are the same everywhere.
func (r *Registry) findUsers() {
	profiles := r.profiles()
	for _, h := range r.hives {
		if h.Loaded || h.Kind != HiveUser && h.Kind != HiveClasses {
			continue
		}
		for _, p := range profiles {
			if _, in := Below(strings.ReplaceAll(h.path, "/", `\`), p.folder); in {
				h.SID = p.sid
			}
		}
		if h.SID == "" {
			switch ioc.Fold(h.User) {
			case "systemprofile":
				h.SID = "S-1-5-18"
			case "localservice":
				h.SID = "S-1-5-19"
			case "networkservice":
				h.SID = "S-1-5-20"
			case "default", "default user": // what new users get; loaded under no SID
				h.places = append([]Place{newPlace("", UsersRoot+`\`+h.User, "")}, placesOf(h.Kind, "", "", "")...)
				continue
			}
		}
		h.places = placesOf(h.Kind, h.SID, "", "")
	}
}

// A profile is what Windows knows of a user's folder.
type profile struct {
	sid    string
	path   string // of the folder, as it is written
	folder string // below the volume, with backslashes
}

// profileSID is the user in whose profile a hive lies; empty where that is not
// known.
func profileSID(profiles []profile, f hiveFile) string {
	for _, p := range profiles {
		if _, in := Below(strings.ReplaceAll(f.path, "/", `\`), p.folder); in && f.profile != "" {
			return p.sid
		}
	}
	return ""
}

func (r *Registry) profiles() (list []profile) {
	const key = `HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList`
	h, k, err := r.keyOf(HiveSoftware, key)
	if err != nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			h.profilesErr = fmt.Errorf("fault of the scanner: panic: %v", p)
		}
	}()
	for sub, err := range k.Subkeys() {
		if err != nil {
			continue // the walk over the hive tells it
		}
		sid := Base(strings.ReplaceAll(sub.Path(), `\`, "/"))
		v, err := sub.Value("ProfileImagePath")
		if err != nil || !isSID(sid) {
			continue
		}
		data, err := v.Data()
		if err != nil {
			continue
		}
		// A profile without a folder would be that of every hive.
		path := string(regf.AppendText(nil, v.Type(), data))
		if folder := profileFolder(path); strings.Trim(folder, `/\`) != "" {
			list = append(list, profile{sid, path, folder})
		}
	}
	return list
}

// keyOf is Key, asked of the hives of one kind only.
func (r *Registry) keyOf(kind HiveKind, path string) (*Hive, RegistryKey, error) {
	for _, h := range r.hives {
		if h.Kind != kind {
			continue
		}
		for _, key := range h.Locate(path) {
			if k, err := h.Key(key); err == nil {
				return h, k, nil
			}
		}
	}
	return nil, nil, fs.ErrNotExist
}

// profileFolder is a profile's path without its drive, variables replaced.
func profileFolder(path string) string {
	for _, v := range []struct{ name, is string }{{"%SystemRoot%", `\Windows`}, {"%windir%", `\Windows`}, {"%SystemDrive%", ""}} {
		if rest, ok := cutFold(path, v.name); ok {
			path = v.is + rest
		}
	}
	if len(path) > 1 && path[1] == ':' {
		path = path[2:]
	}
	return strings.TrimRight(path, `\`)
}

var errNoHive = errors.New("the evidence has no such hive")

// findMissing lists what a Windows system has and the evidence does not. What a
// running system has not loaded of its own it has not got.
func (r *Registry) findMissing(runs bool) {
	has := func(kind HiveKind, sid string) bool {
		return slices.ContainsFunc(r.hives, func(h *Hive) bool { return h.Kind == kind && (sid == "" || h.SID == sid) })
	}
	for _, kind := range []HiveKind{HiveSystem, HiveSoftware, HiveSAM, HiveSecurity, HiveDefault} {
		if !runs && !has(kind, "") && !slices.ContainsFunc(r.missing, func(m MissingHive) bool { return strings.HasSuffix(ioc.Fold(m.Name), ioc.Fold(`\`+string(kind))) }) {
			r.missing = append(r.missing, MissingHive{"hive " + string(kind), placesOf(kind, "", "ControlSet001", "0001"), errNoHive})
		}
	}
	for _, p := range r.profiles() {
		if _, account := cutFold(p.sid, "S-1-5-21-"); account && !has(HiveUser, p.sid) {
			r.missing = append(r.missing, MissingHive{"NTUSER.DAT of " + p.folder, placesOf(HiveUser, p.sid, "", ""), errNoHive})
		}
	}
}

// findGiven takes the hives that the user names. OpenArtifacts has checked
// that they are there.
func (r *Registry) findGiven() {
	for _, g := range r.opt.Given {
		h := &Hive{File: g.File, Loose: true}
		h.mountAt(g.Mount)
		if err := r.settleFile(h); err != nil {
			r.missing = append(r.missing, MissingHive{g.File, append(h.places, possiblePlaces(HiveMounted, []string{"*"})...), err})
			continue
		}
		r.hives = append(r.hives, h)
	}
}

func (r *Registry) settleFile(h *Hive) error {
	abs, err := filepath.Abs(h.File)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return err
	}
	folder, err := openDir(filepath.Dir(abs), false)
	if err != nil {
		return err
	}
	r.files = append(r.files, folder)
	h.fsys = &linkTree{folder: folder, resolver: &resolver{tree: folder, fold: true}}
	h.path = Join("/", filepath.Base(abs))
	return nil
}

// mountAt puts a hive where the user says.
func (h *Hive) mountAt(mount string) {
	if mount == "" {
		return
	}
	root, rest := SplitRegistryPath(mount)
	first, key, _ := strings.Cut(rest, `\`)
	hive := root
	if root == MachineRoot || root == UsersRoot {
		hive = JoinKeys(root, first)
	} else {
		key = rest
	}
	h.places = []Place{newPlace("", hive, key)}
	switch {
	case key != "":
		return
	case root == MachineRoot:
		for _, kind := range []HiveKind{HiveSystem, HiveSoftware, HiveSAM, HiveSecurity} {
			if ioc.EqualFold(first, string(kind)) {
				h.Kind = kind
			}
		}
	case root == UserRoot:
		h.Kind = HiveUser
	case root == UsersRoot && first != "":
		h.Kind, h.SID = HiveUser, first
		if sid, ok := strings.CutSuffix(first, "_Classes"); ok {
			h.Kind, h.SID = HiveClasses, sid
		}
	}
	if h.Kind != HiveMounted {
		h.places = placesOf(h.Kind, h.SID, "", "")
	}
}

// CheckHive tells what is wrong with a hive that the user names: its place in
// the registry, or its file.
func CheckHive(g GivenHive) error {
	if root, _ := SplitRegistryPath(g.Mount); g.Mount != "" && root == "" {
		return fmt.Errorf("%s is no place in the registry, such as HKLM\\SOFTWARE", g.Mount)
	}
	info, err := os.Stat(g.File)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w", g.File, ErrNotRegular)
	}
	return nil
}
