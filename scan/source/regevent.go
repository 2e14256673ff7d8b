package source

import "strings"

// PlacesOfPath finds the hive that a path of the registry of a running system
// leads into, as events name it: \REGISTRY\MACHINE\…, HKLM\…, HKU\SID\…. The
// places are those of the hive and key is the path below its root. A path that
// begins with no root has no places.
//
// The control set that a path names by its number is taken for the one in use,
// since that is the one which running programs change.
func PlacesOfPath(path string) (places []Place, key string) {
	root, rest := SplitRegistryPath(path)
	first, below, _ := strings.Cut(rest, `\`)
	switch root {
	case MachineRoot:
		switch kind := HiveKind(strings.ToUpper(first)); kind {
		case HiveSystem:
			set, _, _ := strings.Cut(below, `\`)
			if _, ok := cutFold(set, "ControlSet0"); !ok {
				set = ""
			}
			return placesOf(kind, "", set, ""), below
		case HiveSoftware, HiveSAM, HiveSecurity:
			return placesOf(kind, "", "", ""), below
		}
	case UsersRoot:
		sid, classes := first, false
		if n := len(first) - len("_Classes"); n > 0 {
			if _, classes = cutFold(first[n:], "_Classes"); classes {
				sid = first[:n]
			}
		}
		switch {
		case classes:
			return placesOf(HiveClasses, sid, "", ""), below
		case isSID(sid):
			return placesOf(HiveUser, sid, "", ""), below
		case sid != "":
			return placesOf(HiveDefault, "", "", ""), below
		}
	case ClassesRoot: // Sysmon's short form of the machine's classes
		return placesOf(HiveSoftware, "", "", ""), JoinKeys("Classes", rest)
	case "":
		return nil, rest
	}
	if first == "" {
		return []Place{newPlace("", root, "")}, ""
	}
	if root == MachineRoot || root == UsersRoot {
		return []Place{newPlace("", root+`\`+first, "")}, below
	}
	return []Place{newPlace("", root, "")}, rest
}
