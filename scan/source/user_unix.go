//go:build unix

package source

import (
	"os"
	"os/user"
	"strconv"
)

// CurrentUser is who runs the scanner, and whether with all rights.
func CurrentUser() (name string, elevated bool) {
	id := os.Geteuid()
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username, id == 0
	}
	return strconv.Itoa(id), id == 0
}
