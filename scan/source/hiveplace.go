package source

import "strings"

// HiveKind is what a hive is to Windows.
type HiveKind string

const (
	HiveSystem   HiveKind = "SYSTEM"
	HiveSoftware HiveKind = "SOFTWARE"
	HiveSAM      HiveKind = "SAM"
	HiveSecurity HiveKind = "SECURITY"
	HiveDefault  HiveKind = "DEFAULT"      // the profile of the system itself
	HiveUser     HiveKind = "NTUSER.DAT"   // a user's
	HiveClasses  HiveKind = "UsrClass.dat" // a user's classes
	HiveAmcache  HiveKind = "Amcache.hve"
	HiveBCD      HiveKind = "BCD"
	HiveMounted  HiveKind = "" // where the user says, or nobody knows
)

// A Place says that the keys below From in a hive are found in the registry
// below Key of Hive. One key has several: what Windows shows under a second
// name, by a link or a view, is the same key.
type Place struct {
	From string
	Hive string // with its root written out, such as HKEY_LOCAL_MACHINE\SOFTWARE
	Key  string
	// Short is Hive with the short name of its root, as HKLM\SOFTWARE; empty
	// where the root has none.
	Short string
}

func newPlace(from, hive, key string) Place {
	short := ShortRegistryPath(hive)
	if short == hive {
		short = ""
	}
	return Place{from, hive, key, short}
}

const wow = "Wow6432Node"

// placesOf are the places of a hive, the proper one first. control is the
// name of the control set in use and profile that of the hardware profile in
// it; a user's hive has the user's SID, or what stands in for it.
func placesOf(kind HiveKind, sid, control, profile string) []Place {
	switch kind {
	case HiveSystem:
		const system = MachineRoot + `\SYSTEM`
		p := []Place{newPlace("", system, "")}
		if control != "" {
			p = append(p, newPlace(control, system, "CurrentControlSet"))
			if profile != "" {
				from := control + `\Hardware Profiles\` + profile
				p = append(p, newPlace(from, ConfigRoot, ""), newPlace(from, system, `CurrentControlSet\Hardware Profiles\Current`))
			}
		}
		return p
	case HiveSoftware:
		const software = MachineRoot + `\SOFTWARE`
		return []Place{
			newPlace("", software, ""),
			newPlace("Classes", ClassesRoot, ""),
			newPlace(wow, software, ""), // what 32-bit programs see
			newPlace(wow+`\Classes`, software, `Classes\`+wow),
			newPlace(wow+`\Classes`, ClassesRoot, wow),
			newPlace(wow+`\Classes`, ClassesRoot, ""),
			newPlace(`Classes\`+wow, software, wow+`\Classes`),
			newPlace(`Classes\`+wow, software, "Classes"),
			newPlace(`Classes\`+wow, ClassesRoot, ""),
		}
	case HiveSAM, HiveSecurity:
		return []Place{newPlace("", MachineRoot+`\`+string(kind), "")}
	case HiveBCD:
		return []Place{newPlace("", MachineRoot+`\BCD00000000`, "")}
	case HiveDefault:
		return append(userPlaces(".DEFAULT"), newPlace("", UsersRoot+`\S-1-5-18`, ""))
	case HiveUser:
		return userPlaces(sid)
	case HiveClasses:
		var p []Place
		if sid != "" {
			p = append(p, newPlace("", UsersRoot+`\`+sid+"_Classes", ""))
		}
		for _, from := range []string{"", wow} {
			if sid != "" {
				p = append(p, newPlace(from, UsersRoot+`\`+sid, `Software\Classes`))
			}
			p = append(p, newPlace(from, UserRoot, `Software\Classes`), newPlace(from, ClassesRoot, ""))
		}
		return p
	case HiveAmcache: // loaded by programs for themselves, under no name
		return []Place{newPlace("", "Amcache.hve", "")}
	}
	return nil
}

func userPlaces(sid string) []Place {
	var p []Place
	if sid != "" {
		p = append(p, newPlace("", UsersRoot+`\`+sid, ""))
	}
	p = append(p, newPlace("", UserRoot, ""))
	for _, in := range p {
		p = append(p, newPlace(`Software\`+wow, in.Hive, "Software"))
	}
	return append(p, newPlace(`Software\Classes`, ClassesRoot, "")) // to Windows 2000; later a link
}

// possiblePlaces are those that a hive of a kind, or any hive, may have.
func possiblePlaces(kind HiveKind, sids []string) []Place {
	var p []Place
	if kind == HiveMounted {
		for _, k := range []HiveKind{HiveSystem, HiveSoftware, HiveSAM, HiveSecurity, HiveBCD, HiveDefault} {
			p = append(p, placesOf(k, "", "ControlSet001", "0001")...)
		}
		p = append(p, placesOf(HiveUser, "", "", "")...)
		p = append(p, placesOf(HiveClasses, "", "", "")...)
	}
	for _, sid := range sids {
		if kind != HiveClasses {
			p = append(p, newPlace("", UsersRoot+`\`+sid, ""))
		}
		if kind != HiveUser {
			p = append(p, newPlace("", UsersRoot+`\`+sid+"_Classes", ""), newPlace("", UsersRoot+`\`+sid, `Software\Classes`))
		}
	}
	return p
}

// Places calls f for each place of a key of the hive: the hive's name in the
// registry and the key below that.
func Places(places []Place, key string, f func(p *Place, rest string)) {
	for i := range places {
		if rest, ok := Below(key, places[i].From); ok {
			f(&places[i], rest)
		}
	}
}

// locate lists the keys of the hive that a path of the registry names. For a
// path above the hive that is all of it.
func locate(places []Place, path string) (keys []string) {
	for _, p := range places {
		at := JoinKeys(p.Hive, p.Key)
		if rest, ok := Below(path, at); ok {
			keys = append(keys, JoinKeys(p.From, rest))
		} else if _, above := Below(at, path); above {
			keys = append(keys, p.From)
		}
	}
	return keys
}

// Reaches reports whether a path of the registry leads into a hive at the
// places, or to a key above it.
func Reaches(places []Place, path string) bool { return len(locate(places, path)) > 0 }

// isSID: S-1- and numbers.
func isSID(s string) bool {
	rest, ok := cutFold(s, "S-1-")
	return ok && rest != "" && strings.Trim(rest, "0123456789-") == ""
}
