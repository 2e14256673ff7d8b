package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"iocscan/scan"
)

// A bait is what a test puts on the running host for a scan to find.
type bait struct {
	pid    int    // of a process
	argued string // only its command line has it
	opened string // a file that only it has open
	port   int    // where this test listens
}

func setBait(t *testing.T) bait {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Skip("cannot listen: ", err)
	}
	t.Cleanup(func() { listener.Close() })
	b := bait{opened: filepath.Join(t.TempDir(), "open-for-the-scan"), port: listener.Addr().(*net.TCPAddr).Port}
	file, err := os.Create(b.opened)
	if err != nil {
		t.Fatal(err)
	}
	b.argued = fmt.Sprint(1e6 + os.Getpid()) // seconds: nobody else waits that long
	cmd := exec.Command("sleep", b.argued)
	cmd.ExtraFiles = []*os.File{file}
	err = cmd.Start()
	file.Close()
	if err != nil {
		t.Skip("no program to start: ", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // a child of this test
		cmd.Wait()
	})
	b.pid = cmd.Process.Pid
	return b
}

// scanHost scans the running host. An IOC comes on standard input.
func scanHost(t *testing.T, ioc string, args ...string) (status int, stdout []byte) {
	t.Helper()
	if ioc != "" {
		args = append(args, "-")
	}
	cmd := exec.Command("iocscan", append([]string{"scan", "--format", "json"}, args...)...)
	cmd.Stdin = strings.NewReader(ioc)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Errorf("standard error: %s", errs.String())
	}
	return cmd.ProcessState.ExitCode(), out.Bytes()
}

// labels are those of all objects that were found.
func labels(r *scan.Result) (list []string) {
	for _, i := range r.IOCs {
		for _, m := range i.Matches {
			for _, o := range m.Objects {
				list = append(list, o.Label)
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestLiveHost finds what really runs here: a process by its command line and
// by what it has open, a listener, the interface of the system itself.
func TestLiveHost(t *testing.T) {
	b := setBait(t)
	me := os.Getpid()
	for _, c := range []struct{ term, condition, content, label string }{
		{"ProcessItem/arguments", "is", "sleep " + b.argued, fmt.Sprintf("%d ", b.pid)},
		{"ProcessItem/pid", "is", strconv.Itoa(b.pid), fmt.Sprintf("%d ", b.pid)},
		{"ProcessItem/HandleList/Handle/Name", "is", b.opened, fmt.Sprintf("%d ", b.pid)},
		{"ProcessItem/PortList/PortItem/localPort", "is", strconv.Itoa(b.port), fmt.Sprintf("%d ", me)},
		{"PortItem/localPort", "is", strconv.Itoa(b.port), fmt.Sprintf("TCP 127.0.0.1:%d LISTENING (process %d)", b.port, me)},
		{"SystemInfoItem/networkArray/networkInfo/ipArray/ipInfo/ipAddress", "is", "127.0.0.1", ""},
		{"UserItem/Username", "is", "root", "root"},
		{"VolumeItem/IsMounted", "is", "true", ""},
	} {
		status, out := scanHost(t, simpleIOC("x", c.term, c.condition, c.content))
		r := decoded(t, out)
		found := slices.ContainsFunc(labels(r), func(s string) bool { return strings.HasPrefix(s, c.label) })
		if status != 1 || !found {
			t.Errorf("%s %s %q: status %d, no object %q in %+v", c.term, c.condition, c.content, status, c.label, r.IOCs[0].Matches)
		}
	}
}

// TestScannerIsNoFinding: what the scanner itself has of the indicators is not
// taken for evidence, and other processes that have the same are.
func TestScannerIsNoFinding(t *testing.T) {
	mark := "mark" + fmt.Sprint(os.Getpid())
	dir := t.TempDir()
	ioc := filepath.Join(dir, mark+".ioc")
	report := filepath.Join(dir, mark+".json")
	write(t, ioc, simpleIOC("x", "ProcessItem/arguments", "contains", mark))
	write(t, filepath.Join(dir, "handles.ioc"), simpleIOC("y", "ProcessItem/HandleList/Handle/Name", "contains", mark))
	status, out := scanHost(t, "", dir, "-o", report)
	r := decoded(t, out)
	if status == 1 {
		t.Errorf("the scanner found itself: %q", labels(r))
	}
	if !slices.ContainsFunc(r.Documents, func(d scan.Document) bool {
		return d.Name == "ProcessItem" && slices.Contains(d.Notes, "the scanner's own process was left out")
	}) {
		t.Errorf("the report does not say so: %+v", r.Documents)
	}
	cmd := exec.Command("sleep", "1000", "0", "0")
	cmd.Args[0] = mark
	if err := cmd.Start(); err != nil {
		t.Skip("no program to start: ", err)
	}
	defer func() {
		cmd.Process.Kill() // a child of this test
		cmd.Wait()
	}()
	want := fmt.Sprintf("%d ", cmd.Process.Pid)
	if status, out := scanHost(t, "", ioc); status != 1 || !strings.HasPrefix(strings.Join(labels(decoded(t, out)), "|"), want) {
		t.Errorf("another process with the same command line: status %d, %q", status, labels(decoded(t, out)))
	}
}

// TestTwoRunsAtOnce: they do not disturb each other.
func TestTwoRunsAtOnce(t *testing.T) {
	b := setBait(t)
	ioc := simpleIOC("x", "ProcessItem/arguments", "is", "sleep "+b.argued)
	var found [2]string
	var wg sync.WaitGroup
	for i := range found {
		wg.Go(func() {
			_, out := scanHost(t, ioc)
			found[i] = strings.Join(labels(decoded(t, out)), "|")
		})
	}
	wg.Wait()
	if found[0] != found[1] || !strings.HasPrefix(found[0], fmt.Sprintf("%d ", b.pid)) {
		t.Errorf("process %d: %q", b.pid, found)
	}
}

// TestLiveUnprivileged: a user finds what is shown to all, and is told of what
// is not.
func TestLiveUnprivileged(t *testing.T) {
	b := setBait(t)
	if status, _, errs := unprivileged(t, simpleIOC("x", "ProcessItem/arguments", "is", "sleep "+b.argued), "scan", "-", "--format", "json"); status != 1 || errs != "" {
		t.Errorf("by its command line: status %d, %s", status, errs)
	}
	if os.Geteuid() != 0 {
		return // the process is the user's own
	}
	status, out, errs := unprivileged(t, simpleIOC("x", "ProcessItem/HandleList/Handle/Name", "is", b.opened), "scan", "-", "--format", "json")
	r := decoded(t, out)
	if status != 3 || errs != "" || len(r.IOCs[0].Unchecked) == 0 || !strings.Contains(r.IOCs[0].Unchecked[0].Reason, "needs root") {
		t.Errorf("by what it has open: status %d, %+v, %s", status, r.IOCs[0].Unchecked, errs)
	}
	told := 0
	for _, x := range r.Troubles {
		if strings.Contains(x.Error, "what processes have open") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times: %+v", told, r.Troubles)
	}
}

// TestAllLiveDocuments asks every document that a running Linux answers.
func TestAllLiveDocuments(t *testing.T) {
	dir := t.TempDir()
	terms := []string{
		"ArpEntryItem/Interface", "RouteEntryItem/Interface", "ProcessItem/arguments", "ProcessItem/HandleList/Handle/Name",
		"ProcessItem/SectionList/MemorySection/Name", "PortItem/process", "ModuleItem/License", "DnsEntryItem/Host", "TaskItem/Name",
		"SystemInfoItem/loggedOnUser", "VolumeItem/DevicePath", "DiskItem/DiskName", "ServiceItem/name", "LoginHistoryItem/Username",
		"UserItem/Username", "GroupItem/groupname",
	}
	for n, term := range terms {
		write(t, filepath.Join(dir, fmt.Sprintf("%d.ioc", n)), simpleIOC(fmt.Sprintf("i%d", n), term, "is", "nothing has this"))
	}
	status, out := scanHost(t, "", dir)
	if status != 0 && status != 3 {
		t.Errorf("status %d", status)
	}
	r := decoded(t, out)
	for _, d := range r.Documents {
		if d.Status != scan.Complete && d.Status != scan.Partial {
			t.Errorf("%+v", d)
		}
	}
	for _, x := range r.Troubles {
		if strings.Contains(x.Error, "fault of the scanner") {
			t.Errorf("%+v", x)
		}
	}
	if len(r.Documents) < 14 {
		t.Errorf("documents %+v", r.Documents)
	}
}
