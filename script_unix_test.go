//go:build unix

package main

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// deep FOLDER makes folders in a folder, one in the other, until their path is
// longer than a system call takes, and a file bottom.exe in the last.
func deep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deep FOLDER")
	}
	ts.Check(makeDeep(ts.MkAbs(args[0])))
}

func makeDeep(folder string) error {
	fd, err := unix.Open(folder, unix.O_DIRECTORY, 0)
	name := strings.Repeat("p", 200)
	for range 25 {
		if err == nil {
			err = unix.Mkdirat(fd, name, 0o777)
		}
		if err != nil {
			return err
		}
		var next int
		next, err = unix.Openat(fd, name, unix.O_DIRECTORY, 0)
		unix.Close(fd)
		fd = next
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	bottom, err := unix.Openat(fd, "bottom.exe", unix.O_CREAT|unix.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(bottom), "bottom.exe")
	if _, err := f.WriteString("far down\n"); err != nil {
		return err
	}
	return f.Close()
}

// fifo NAME makes a named pipe that nobody writes to.
func fifo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fifo NAME")
	}
	ts.Check(unix.Mkfifo(ts.MkAbs(args[0]), 0o666))
}
