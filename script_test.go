package main

import (
	"archive/zip"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the transcripts expect")

// TestScripts runs the transcripts of testdata/script. A script finds the
// example IOCs and machines in testdata, as from the project's own folder.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the transcripts write paths with slashes")
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), UpdateScripts: *update, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			for _, dir := range []string{"ioc/example", "ioc/machine", "roots", "image"} {
				from := filepath.Join("testdata", filepath.FromSlash(dir))
				if err := os.CopyFS(filepath.Join(env.WorkDir, from), os.DirFS(from)); err != nil {
					return err
				}
			}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("no such condition")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "normal": normalise, "put": put, "zip": zipped, "unpack": unpack, "deep": deep, "fifo": fifo,
		},
	})
}

// exits STATUS PROGRAM ARGUMENTS… runs a program that has to end so.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARGUMENTS…")
	}
	status := 0
	err := ts.Exec(args[1], args[2:]...)
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		status = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; strconv.Itoa(status) != want {
		ts.Fatalf("exit status %d, not %s", status, want)
	}
}

// normal FILE NEW writes a text without what differs between runs; FILE may be
// stdout or stderr.
func normalise(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: normal FILE NEW")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(normal(text)), 0o666))
}

// put NAME CONTENT writes a file; both may have the escapes of a Go string.
func put(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: put NAME CONTENT")
	}
	for i := range args {
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(args[i], `"`, `\"`) + `"`)
		ts.Check(err)
		args[i] = text
	}
	name := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o777))
	ts.Check(os.WriteFile(name, []byte(args[1]), 0o666))
}

// zip FILE MEMBERS… makes an archive.
func zipped(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: zip FILE MEMBERS…")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z := zip.NewWriter(f)
	for _, member := range args[1:] {
		w, err := z.Create(member)
		ts.Check(err)
		_, err = w.Write([]byte(ts.ReadFile(member)))
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(f.Close())
}
