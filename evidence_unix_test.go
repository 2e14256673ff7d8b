//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"iocscan/scan"
)

// unprivileged runs the program as a user who may not read everything: root
// becomes nobody. The IOC comes on standard input.
func unprivileged(t *testing.T, ioc string, args ...string) (status int, stdout []byte, stderr string) {
	t.Helper()
	cmd := exec.Command("iocscan", args...)
	if os.Geteuid() == 0 {
		if runtime.GOOS != "linux" {
			t.Skip("run it as another user than root")
		}
		// The folder of the test binary is closed to others, the link is not.
		cmd.Path = "/proc/self/exe"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	cmd.Dir = "/"
	cmd.Stdin = strings.NewReader(ioc)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Skip("cannot be run as another user: ", err)
	}
	return cmd.ProcessState.ExitCode(), out.Bytes(), errs.String()
}

// open is a folder of the test that other users reach.
func openFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lockedRoot is a system with a file and a folder that only root can read.
func lockedRoot(t *testing.T) string {
	t.Helper()
	root := openFolder(t)
	for _, dir := range []string{"etc", "usr", "home/locked"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "etc", "shadow"), "secret")
	write(t, filepath.Join(root, "home", "locked", "inside.exe"), "inside")
	for _, name := range []string{"etc/shadow", "home/locked"} {
		name = filepath.Join(root, name)
		if err := os.Chmod(name, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(name, 0o700) })
	}
	return root
}

// TestUnreadable: what could not be read leaves open whatever it could have
// decided, and nothing else.
func TestUnreadable(t *testing.T) {
	root := lockedRoot(t)
	const wanted = "5ebe2294ecd0e0f08eab7690d2a6ee69" // of "secret"
	for _, c := range []struct {
		name, ioc string
		verdict   string
		status    int
		trouble   string // the object of the only one; empty: none
		args      []string
	}{
		{"content of an unreadable file", simpleIOC("x", "FileItem/Md5sum", "is", wanted), "undetermined", 3, "/etc/shadow",
			[]string{"--exclude", "/home"}},
		{"name of an unreadable file", simpleIOC("x", "FileItem/FileName", "is", "shadow"), "matched", 1, "",
			[]string{"--exclude", "/home"}},
		{"name in an unreadable folder", simpleIOC("x", "FileItem/FileName", "is", "inside.exe"), "undetermined", 3, "/home/locked", nil},
		{"path in an unreadable folder", simpleIOC("x", "FileItem/FullPath", "is", "/home/locked/inside.exe"), "undetermined", 3, "/home/locked", nil},
		{"path elsewhere", simpleIOC("x", "FileItem/FullPath", "is", "/etc/inside.exe"), "clear", 0, "/home/locked", nil},
		{"unreadable folder excluded", simpleIOC("x", "FileItem/FileName", "is", "inside.exe"), "clear", 0, "", []string{"--exclude", "/home"}},
		{"unreadable folder as the area", simpleIOC("x", "FileItem/FileName", "is", "inside.exe"), "undetermined", 3, "/home/locked",
			[]string{"--scope", "/home/locked"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := unprivileged(t, c.ioc, append([]string{"scan", "-", "--root", root, "--format", "json"}, c.args...)...)
			if status != c.status || stderr != "" {
				t.Fatalf("exit status %d, not %d: %s", status, c.status, stderr)
			}
			r := decoded(t, stdout)
			if got := r.IOCs[0].Verdict; got != c.verdict {
				t.Errorf("verdict %s, not %s", got, c.verdict)
			}
			if c.verdict == "undetermined" && (len(r.IOCs[0].Unchecked) != 1 || r.IOCs[0].Unchecked[0].Reason == "") {
				t.Errorf("unchecked %+v", r.IOCs[0].Unchecked)
			}
			var objects []string
			for _, x := range r.Troubles {
				objects = append(objects, x.Object)
				if !strings.Contains(x.Error, "permission denied") {
					t.Errorf("trouble %+v", x)
				}
			}
			if got := strings.Join(objects, " "); got != c.trouble {
				t.Errorf("troubles with %q, not %q", got, c.trouble)
			}
			partial := len(r.Troubles) > 0
			if d := r.Documents[0]; (d.Status == "partial") != partial || (d.Reason != "") != partial {
				t.Errorf("document %+v", d)
			}
		})
	}
}

// TestNotAllowed: a source, a collection or a place for the report that is
// closed to the user is status 2 with its name.
func TestNotAllowed(t *testing.T) {
	root := lockedRoot(t)
	ioc := simpleIOC("x", "FileItem/FileName", "is", "small.exe")
	closed := filepath.Join(openFolder(t), "closed.ioc")
	write(t, closed, ioc)
	for name, mode := range map[string]os.FileMode{closed: 0, filepath.Join(root, "usr"): 0o555} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		args []string
		says string
	}{
		{"root", []string{"-", "--root", filepath.Join(root, "home", "locked")}, "home/locked"},
		{"collection", []string{closed, "--root", root}, "closed.ioc"},
		{"report", []string{"-", "--root", root, "-o", filepath.Join(root, "usr", "r.json")}, "r.json"},
	} {
		status, stdout, stderr := unprivileged(t, ioc, append([]string{"scan"}, c.args...)...)
		if status != 2 || len(stdout) > 0 || !strings.Contains(stderr, c.says) || !strings.Contains(stderr, "permission denied") {
			t.Errorf("%s: exit status %d: %s%s", c.name, status, stdout, stderr)
		}
	}
	// In a folder it is one file that cannot be used.
	status, stdout, stderr := unprivileged(t, ioc, "scan", filepath.Dir(closed), "-", "--root", root, "--format", "json", "--exclude", "/home")
	if status != 3 {
		t.Fatalf("exit status %d: %s", status, stderr)
	}
	r := decoded(t, stdout)
	if r.Summary.Rejected != 1 || r.Summary.Clear != 1 {
		t.Errorf("summary %+v", r.Summary)
	}
}

// TestMovingTree scans while files appear, grow and vanish. Whatever it meets,
// the report is whole, and the file that stays is found.
func TestMovingTree(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"etc", "usr", "moving"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "stays.exe"), "secret")
	stop, stopped := make(chan bool), make(chan error)
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			name := filepath.Join(root, "moving", fmt.Sprint(i%200))
			switch i / 200 % 3 {
			case 0:
				os.WriteFile(name, bytes.Repeat([]byte("grows "), 2000), 0o666)
			case 1:
				if f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0); err == nil {
					f.WriteString("more")
					f.Truncate(int64(i % 5000))
					f.Close()
				}
			case 2:
				os.Remove(name)
			}
		}
	}()
	iocs := iocFolder(t, simpleIOC("stays", "FileItem/Md5sum", "is", "5ebe2294ecd0e0f08eab7690d2a6ee69"),
		simpleIOC("nowhere", "FileItem/StringList/string", "is", "nowhere to be found"))
	for range 20 {
		r := scanned(t, 1, iocs, "--root", root)
		checkMoving(t, r)
	}
	close(stop)
	<-stopped
}

func checkMoving(t *testing.T, r *scan.Result) {
	t.Helper()
	if v := r.IOCs[0].Verdict; v != "matched" {
		t.Errorf("the file that stays: %s", v)
	}
	if v := r.IOCs[1].Verdict; v != "clear" && v != "undetermined" {
		t.Errorf("the text that is nowhere: %s", v)
	}
	for _, x := range r.Troubles {
		if !strings.HasPrefix(x.Object, "/moving") || strings.Contains(x.Error, "panic") {
			t.Errorf("trouble %+v", x)
		}
	}
}
