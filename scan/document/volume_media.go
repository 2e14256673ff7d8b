package document

import (
	"fmt"
	"strconv"
	"strings"

	"iocscan/ioc"
)

// interfacePath finds the path of a device in a key's name: from the name of its
// bus to the GUID of the interface's class. Its backslashes are number signs.
func interfacePath(name string) (path, rest string, ok bool) {
	at := strings.LastIndex(strings.ToUpper(name), "_??_")
	if at < 0 {
		return "", "", false
	}
	path = name[at+4:]
	end := strings.IndexByte(path, '}')
	if end < 0 {
		return "", "", false
	}
	return path[:end+1], path[end+1:], true
}

// readyBoost reads a note of ReadyBoost, which tests media for their speed: the
// key's name ends in the label of the volume, "_" and its serial number in
// decimal.
func readyBoost(k keyValues) (m medium, ok bool, err error) {
	path, rest, ok := interfacePath(k.name())
	if !ok {
		return m, false, nil
	}
	i := strings.LastIndexByte(rest, '_')
	if i < 0 {
		return m, false, nil
	}
	return medium{device: path, label: rest[:i], serial: rest[i+1:]}, true, nil
}

// portableDevice reads a device of Windows Portable Devices, whose friendly
// name is the label of the volume, or its letter where it has none.
func portableDevice(k keyValues) (m medium, ok bool, err error) {
	path, _, ok := interfacePath(k.name())
	if !ok {
		return m, false, nil
	}
	name, err := k.text("FriendlyName")
	if len(name) == 3 && ioc.EqualFold(name[1:], `:\`) {
		name = ""
	}
	return medium{device: path, label: name}, err == nil, err
}

// serialForms are the ways in which the serial number of a volume is written.
func serialForms(decimal string) []string {
	n, err := strconv.ParseUint(decimal, 10, 32)
	if err != nil {
		return nil
	}
	return []string{fmt.Sprintf("%08X", n), fmt.Sprintf("%04X-%04X", n>>16, n&0xffff), decimal}
}
