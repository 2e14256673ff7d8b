package source

import (
	"strings"

	"iocscan/ioc"
)

// The roots of the registry, as they are written out.
const (
	MachineRoot = "HKEY_LOCAL_MACHINE"
	UserRoot    = "HKEY_CURRENT_USER"
	UsersRoot   = "HKEY_USERS"
	ClassesRoot = "HKEY_CLASSES_ROOT"
	ConfigRoot  = "HKEY_CURRENT_CONFIG"
)

// registryRoots are the ways in which a path may begin: reg.exe's short names,
// those of the registry editor and of PowerShell, and the kernel's.
var registryRoots = []struct{ written, root string }{
	{MachineRoot, MachineRoot}, {"HKLM", MachineRoot}, {`REGISTRY\MACHINE`, MachineRoot},
	{UserRoot, UserRoot}, {"HKCU", UserRoot},
	{UsersRoot, UsersRoot}, {"HKU", UsersRoot}, {`REGISTRY\USER`, UsersRoot},
	{ClassesRoot, ClassesRoot}, {"HKCR", ClassesRoot},
	{ConfigRoot, ConfigRoot}, {"HKCC", ConfigRoot},
}

// SplitRegistryPath cuts the root off a path, given in any of its usual forms,
// and names it in full; it is empty for a path that has none. The rest has
// backslashes and none at its ends.
func SplitRegistryPath(path string) (root, rest string) {
	path = strings.Trim(strings.ReplaceAll(strings.TrimSpace(path), "/", `\`), `\`)
	for _, before := range []string{`Computer\`, "Registry::"} {
		if r, ok := cutFold(path, before); ok {
			path = strings.Trim(r, `\`)
		}
	}
	for _, r := range registryRoots {
		below, ok := Below(path, r.written)
		if !ok {
			below, ok = Below(path, r.written+":")
		}
		if ok {
			return r.root, strings.Trim(below, `\`)
		}
	}
	return "", path
}

// ShortRegistryPath is a path with the short name of its root, as HKLM\SAM.
func ShortRegistryPath(path string) string {
	for _, r := range registryRoots {
		if below, ok := Below(path, r.root); ok && len(r.written) <= len("HKLM") {
			return JoinKeys(r.written, below)
		}
	}
	return path
}

// Below is what a key's path has below another key's, without regard to case;
// empty for the key itself. ok is false where it lies elsewhere.
func Below(path, key string) (rest string, ok bool) {
	if key == "" {
		return path, true
	}
	rest, ok = cutFold(path, key)
	switch {
	case !ok:
		return "", false
	case rest == "":
		return "", true
	case rest[0] != '\\':
		return "", false
	}
	return rest[1:], true
}

// JoinKeys joins the parts of a key's path that are not empty.
func JoinKeys(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\\')
		}
		b.WriteString(p)
	}
	return b.String()
}

func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !ioc.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}
