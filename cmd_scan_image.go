package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"iocscan/scan/source"
)

// goesWithImage refuses options of images where there is none.
func goesWithImage(c *cli.Context) error {
	given := ""
	for _, name := range []string{"image", "root", "archive"} {
		switch {
		case !c.IsSet(name):
		case given != "":
			return fmt.Errorf("--%s and --%s: one of them at a time", given, name)
		default:
			given = name
		}
	}
	if given == "image" {
		return nil
	}
	for _, name := range []string{"volume", "drive-letter", "hash-image", "deleted"} {
		if c.IsSet(name) {
			return fmt.Errorf("--%s goes with --image", name)
		}
	}
	return nil
}

// driveLetter reads --drive-letter: x, X: or X:\.
func driveLetter(s string) (string, error) {
	letter := strings.ToUpper(strings.TrimSuffix(strings.TrimRight(s, `\/`), ":"))
	switch {
	case s == "":
		return "", nil
	case len(letter) != 1 || letter[0] < 'A' || letter[0] > 'Z':
		return "", fmt.Errorf("--drive-letter %q is no drive letter", s)
	}
	return letter + ":", nil
}

// volumeNumbers reads --volume.
func volumeNumbers(args []string) (numbers []int, err error) {
	for _, a := range args {
		n, err := strconv.ParseUint(strings.TrimSpace(a), 10, 31)
		if err != nil {
			return nil, fmt.Errorf("--volume %q is not a number; iocscan image FILE lists the volumes", a)
		}
		numbers = append(numbers, int(n))
	}
	return numbers, nil
}

// sparesImage refuses reports that would take the place of the image's files.
func sparesImage(disk *source.DiskImage, reports []string) error {
	if disk == nil {
		return nil
	}
	for _, report := range reports {
		there, err := os.Stat(report)
		if err != nil {
			continue // nothing that could be lost
		}
		for _, name := range disk.Segments {
			segment, err := os.Stat(filepath.Join(filepath.Dir(disk.Path), name))
			if err == nil && os.SameFile(there, segment) {
				return fmt.Errorf("-o %s is a file of the image", report)
			}
		}
	}
	return nil
}
