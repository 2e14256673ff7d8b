package document

import "strings"

// kernelNames turns the names that the kernel of Windows has for files and keys
// into those that people use.
type kernelNames struct {
	drives []driveDevice
}

// A driveDevice is a letter and the device that it stands for.
type driveDevice struct {
	letter string // "C:"
	device string // \Device\HarddiskVolume3
}

// file is a path as people write it: with the drive's letter, or for a share
// the two backslashes in front; ok is false for a file of a volume without one
// and for anything else.
func (k kernelNames) file(name string) (path string, ok bool) {
	for _, prefix := range [...]string{`\??\`, `\DosDevices\`} {
		if rest, found := cutFold(name, prefix); found {
			if share, found := cutFold(rest, `UNC\`); found {
				return `\\` + share, true
			}
			return rest, hasLetter(rest)
		}
	}
	for _, d := range k.drives {
		if rest, found := cutFold(name, d.device); found && strings.HasPrefix(rest, `\`) {
			return d.letter + rest, true
		}
	}
	if rest, found := cutFold(name, `\Device\Mup\`); found && !strings.HasPrefix(rest, ";") { // ;LanmanRedirector\…
		return `\\` + rest, true
	}
	return "", false
}

// forms are the further names of an object of a type.
func (k kernelNames) forms(kind, name string) []string {
	switch kind {
	case "File":
		if pipe, ok := cutFold(name, `\Device\NamedPipe\`); ok && pipe != "" {
			return []string{`\\.\pipe\` + pipe}
		}
		if slot, ok := cutFold(name, `\Device\Mailslot\`); ok && slot != "" {
			return []string{`\\.\mailslot\` + slot}
		}
		if path, ok := k.file(name); ok {
			return []string{path}
		}
	case "Key":
		return keyForms(name)
	}
	return nil
}

// keyForms are the names of a key below the predefined ones: for a key of a
// user also that below HKEY_CURRENT_USER, which it is to its user.
func keyForms(name string) []string {
	if rest, ok := cutFold(name, `\REGISTRY\MACHINE`); ok && (rest == "" || rest[0] == '\\') {
		return []string{"HKEY_LOCAL_MACHINE" + rest}
	}
	rest, ok := cutFold(name, `\REGISTRY\USER`)
	if !ok || rest != "" && rest[0] != '\\' {
		return nil
	}
	forms := []string{"HKEY_USERS" + rest}
	user, below, _ := strings.Cut(strings.TrimPrefix(rest, `\`), `\`)
	if below != "" {
		below = `\` + below
	}
	switch user, classes := strings.CutSuffix(strings.ToUpper(user), "_CLASSES"); {
	case !strings.HasPrefix(user, "S-1-5-21-") && !strings.HasPrefix(user, "S-1-12-"):
	case classes:
		forms = append(forms, `HKEY_CURRENT_USER\Software\Classes`+below)
	default:
		forms = append(forms, "HKEY_CURRENT_USER"+below)
	}
	return forms
}

// cutFold cuts a beginning without regard to case; the beginning is ASCII.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// pageProtection is how Windows names a region's protection, PAGE_READWRITE,
// with what modifies it behind: PAGE_READWRITE|PAGE_GUARD.
func pageProtection(protect uint32) string {
	words := [...]string{"PAGE_NOACCESS", "PAGE_READONLY", "PAGE_READWRITE", "PAGE_WRITECOPY",
		"PAGE_EXECUTE", "PAGE_EXECUTE_READ", "PAGE_EXECUTE_READWRITE", "PAGE_EXECUTE_WRITECOPY"}
	text := ""
	for n, word := range words {
		if protect&(1<<n) != 0 {
			text = word
		}
	}
	for n, word := range [...]string{"PAGE_GUARD", "PAGE_NOCACHE", "PAGE_WRITECOMBINE"} {
		if protect&(0x100<<n) != 0 {
			text += "|" + word
		}
	}
	return strings.TrimPrefix(text, "|")
}

// pageReadable: the process could read it without a fault that means something
// to the process.
func pageReadable(protect uint32) bool { return protect&0xee != 0 && protect&0x100 == 0 }

func pageExecutable(protect uint32) bool { return protect&0xf0 != 0 }
