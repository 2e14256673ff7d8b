package sourcetest

import (
	"errors"
	"os"
	"path/filepath"
)

func mkfifo(string) error { return errors.ErrUnsupported }

func removeAll(path string) error {
	if list, err := os.ReadDir(path); err == nil {
		for _, e := range list {
			if !e.IsDir() {
				if err := os.Remove(filepath.Join(path, e.Name())); err != nil {
					return err
				}
			} else if err := removeAll(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}
