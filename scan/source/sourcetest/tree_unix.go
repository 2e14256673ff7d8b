//go:build unix

package sourcetest

import (
	"os"
	"syscall"
)

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }

func removeAll(dir string) error { return os.RemoveAll(dir) }
