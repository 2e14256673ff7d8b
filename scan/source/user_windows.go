package source

import (
	"os/user"

	"golang.org/x/sys/windows"
)

// CurrentUser is who runs the scanner, and whether with all rights.
func CurrentUser() (name string, elevated bool) {
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return name, windows.GetCurrentProcessToken().IsElevated()
}
