//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"iocscan/scan"
)

// slowRoot is a system in which small.exe is found at once and big.bin takes
// minutes to hash.
func slowRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"etc", "usr"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(root, "small.exe"), "small")
	big := filepath.Join(root, "big.bin")
	write(t, big, "")
	if err := os.Truncate(big, 1<<42); err != nil {
		t.Skip("no sparse file of 4 TiB: ", err)
	}
	return root
}

// The two IOCs: one that matches a name, one that asks for every hash.
var (
	nameIOC = simpleIOC("name", `FileItem/FileName`, "is", "small.exe")
	hashIOC = simpleIOC("hash", `FileItem/Md5sum`, "is", "00112233445566778899aabbccddeeff")
)

// A running is the program at work in a process of its own.
type running struct {
	*exec.Cmd
	lines  *bufio.Scanner // of standard output
	stderr bytes.Buffer
}

// start runs a scan and waits for the first line of its standard output that
// contains a text; an empty one is not waited for.
func start(t *testing.T, until string, args ...string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command("iocscan", args...)}
	out, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Stderr = &r.stderr
	r.lines = bufio.NewScanner(out)
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	// A hang ends as a killed process, whose report fails the test.
	stop := time.AfterFunc(time.Minute, func() { r.Process.Kill() })
	t.Cleanup(func() { stop.Stop(); r.Process.Kill(); r.Wait() })
	for until != "" {
		if !r.lines.Scan() {
			t.Fatalf("standard output ended before %q: %s", until, r.stderr.String())
		}
		if strings.Contains(r.lines.Text(), until) {
			break
		}
	}
	return r
}

// end waits for the program and returns its exit status.
func (r *running) end() int {
	for r.lines.Scan() {
	}
	r.Wait()
	return r.ProcessState.ExitCode()
}

// TestInterrupted ends a scan by a signal while it reads a large file. The
// report is whole and has what was found.
func TestInterrupted(t *testing.T) {
	root := slowRoot(t)
	for _, c := range []struct {
		name   string
		signal os.Signal
		iocs   []string
		status int
	}{
		{"Ctrl-C after a match", os.Interrupt, []string{nameIOC, hashIOC}, 1},
		{"end of the session after a match", syscall.SIGTERM, []string{nameIOC, hashIOC}, 1},
		{"Ctrl-C before any match", os.Interrupt, []string{hashIOC}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "r.json")
			until := `"type":"match"`
			if len(c.iocs) == 1 {
				until = `"type":"header"`
			}
			r := start(t, until, "scan", iocFolder(t, c.iocs...), "--root", root, "--format", "jsonl", "-o", file)
			if err := r.Process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if got := r.end(); got != c.status {
				t.Errorf("exit status %d, not %d: %s", got, c.status, r.stderr.String())
			}
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			report := decoded(t, body)
			checkCutShort(t, report, "interrupted", "the scan was interrupted")
			if report.Summary.Matched != len(c.iocs)-1 {
				t.Errorf("%d IOCs matched: %+v", report.Summary.Matched, report.Summary)
			}
			if report.Summary.ExitStatus != c.status {
				t.Errorf("the report says exit status %d", report.Summary.ExitStatus)
			}
		})
	}
}

// checkCutShort: the last IOC of the report asks for all hashes, and one of
// them was not computed.
func checkCutShort(t *testing.T, r *scan.Result, status, reason string) {
	t.Helper()
	if r.Scan.Status != status {
		t.Errorf("status %q, not %q", r.Scan.Status, status)
	}
	last := r.IOCs[len(r.IOCs)-1]
	if last.Verdict != "undetermined" || len(last.Unchecked) != 1 {
		t.Errorf("%s is %s, unchecked %v", last.Name, last.Verdict, last.Unchecked)
	}
	if d := r.Documents[0]; d.Status != "partial" || d.Reason != reason {
		t.Errorf("document %+v", d)
	}
	if r.Scan.Finished == nil {
		t.Error("the report has no end")
	}
}

// TestKilled: a JSONL report is complete up to the last finding even if the
// process is killed, and replays.
func TestKilled(t *testing.T) {
	root := slowRoot(t)
	file := filepath.Join(t.TempDir(), "r.jsonl")
	r := start(t, `"type":"match"`, "scan", iocFolder(t, nameIOC, hashIOC), "--root", root, "--format", "jsonl", "-o", file)
	// Standard output is told first; the file has its line a moment later.
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		body, err := os.ReadFile(file)
		if err == nil && bytes.Contains(body, []byte(`"type":"match"`)) && bytes.HasSuffix(body, []byte("\n")) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the match does not reach the file: %v %s", err, body)
		}
	}
	r.Process.Kill()
	r.end()
	status, stdout, stderr := inProcess(t, "report", file, "--format", "json")
	if status != 0 {
		t.Fatalf("report: exit status %d: %s", status, stderr)
	}
	report := decoded(t, []byte(stdout))
	if report.Scan.Status != "interrupted" || report.Summary.ExitStatus != 1 || report.Summary.Matched != 1 {
		t.Errorf("status %s, summary %+v", report.Scan.Status, report.Summary)
	}
	if len(report.IOCs) != 1 || report.IOCs[0].Matches[0].Objects[0].Label != "/small.exe" {
		t.Errorf("IOCs %+v", report.IOCs)
	}
}

// TestTimeout ends a scan by its time limit while it reads a large file.
func TestTimeout(t *testing.T) {
	root := slowRoot(t)
	r := scanned(t, 3, iocFolder(t, hashIOC), "--root", root, "--timeout", "100ms")
	checkCutShort(t, r, "timeout", "the time limit was reached")
	r = scanned(t, 1, iocFolder(t, nameIOC, hashIOC), "--root", root, "--timeout", "1s")
	checkCutShort(t, r, "timeout", "the time limit was reached")
}

// TestStdoutClosed: a reader of standard output that goes away stops neither
// the scan nor the other reports.
func TestStdoutClosed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	cmd := exec.Command("iocscan", "scan", filepath.Join("testdata", "ioc", "example"),
		"--root", filepath.Join("testdata", "roots", "windows"), "-o", file)
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &stderr
	cmd.Run()
	out.Close()
	if got := cmd.ProcessState.ExitCode(); got != 1 || stderr.Len() > 0 {
		t.Errorf("exit status %d: %s", got, stderr.String())
	}
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if r := decoded(t, body); r.Summary.Matched != 1 {
		t.Errorf("summary %+v", r.Summary)
	}
}

// TestInterruptedEarly: a scan that is interrupted before it looks at anything
// has a report all the same.
func TestInterruptedEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	args := []string{"iocscan", "scan", iocFolder(t, hashIOC), "--root", filepath.Join("testdata", "roots", "linux"), "--drives", "critical"}
	var out, errs bytes.Buffer
	status := run(ctx, append(args, "--format", "json"), strings.NewReader(""), &out, &errs)
	if status != 3 || errs.Len() > 0 {
		t.Fatalf("exit status %d: %s", status, errs.String())
	}
	checkCutShort(t, decoded(t, out.Bytes()), "interrupted", "the scan was interrupted")
	out.Reset()
	if status := run(ctx, append(args, "--plan"), strings.NewReader(""), &out, &errs); status != 2 || out.Len() > 0 || errs.Len() == 0 {
		t.Errorf("half a plan: exit status %d\n%s%s", status, out.String(), errs.String())
	}
}
