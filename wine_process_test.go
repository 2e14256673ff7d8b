package main

import (
	"bufio"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wineImplant is a program that has what a scan has to find: objects of the
// kernel by name, a file, a key and a library, a port and a connection to it,
// code with the head of a program in memory of its own, and a text in memory
// that is in no file. It ends with its standard input.
const wineImplant = `package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

func main() {
	kernel := syscall.NewLazyDLL("kernel32.dll")
	call := func(function string, args ...uintptr) uintptr {
		r, _, err := kernel.NewProc(function).Call(args...)
		if r == 0 || r == ^uintptr(0) {
			fmt.Println(function, err)
			os.Exit(1)
		}
		return r
	}
	text := func(s string) *uint16 {
		p, err := syscall.UTF16PtrFromString(s)
		check(err)
		return p
	}
	name := func(s string) uintptr { return uintptr(unsafe.Pointer(text(s))) }
	call("CreateMutexW", 0, 0, name("iocscan-mutex"))
	call("CreateMutexW", 0, 0, name("Global\\iocscan-global"))
	call("CreateEventW", 0, 1, 0, name("iocscan-event"))
	call("CreateFileMappingW", ^uintptr(0), 0, 4, 0, 4096, name("iocscan-section"))
	pipe := call("CreateNamedPipeW", name("\\\\.\\pipe\\iocscan-pipe"), 3, 0, 1, 512, 512, 0, 0)
	go kernel.NewProc("ConnectNamedPipe").Call(pipe, 0) // waits without end
	code := call("VirtualAlloc", 0, 8192, 0x3000, 0x40)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(code)), 64), "MZ and no more of a program")
	_, err := syscall.LoadDLL("winmm.dll")
	check(err)
	var key syscall.Handle
	check(syscall.RegOpenKeyEx(syscall.HKEY_LOCAL_MACHINE, text("SOFTWARE\\Microsoft\\Windows\\CurrentVersion"), 0, syscall.KEY_READ, &key))
	f, err := os.Create(os.Args[1])
	check(err)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	check(err)
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go io.Copy(c, c)
		}
	}()
	c, err := net.Dial("tcp4", l.Addr().String())
	check(err)
	_, err = c.Write([]byte("x"))
	check(err)
	_, err = c.Read(make([]byte, 1))
	check(err)
	marker := []byte(strings.ToLower("MARK" + fmt.Sprint("ER-IN-MEMORY-OF-", os.Getpid(), "-ENDS")))
	fmt.Println("ready", os.Getpid(), l.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(marker)
	runtime.KeepAlive(f)
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
`

// A wineProcess is the implant as it runs.
type wineProcess struct {
	pid, port int
	md5       string
}

func (m *wineMachine) startImplant(t *testing.T) (p wineProcess) {
	dir := t.TempDir()
	source, exe := filepath.Join(dir, "main.go"), m.path("drive_c/run/implant.exe")
	if err := os.WriteFile(source, []byte(wineImplant), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", exe, source)
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	body, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	p.md5 = fmt.Sprintf("%x", md5.Sum(body))
	c := m.command(`C:\run\implant.exe`, `C:\run\open-file.dat`, "an argument of its own")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(line, "ready %d %d", &p.pid, &p.port); err != nil {
		t.Fatalf("the implant says %q", line)
	}
	return p
}

// TestWineProcess finds a program that runs by what Windows tells about it.
func TestWineProcess(t *testing.T) {
	m := newWineMachine(t)
	p := m.startImplant(t)
	pid, port := fmt.Sprint(p.pid), fmt.Sprint(p.port)
	const handle, region, socket = "ProcessItem/HandleList/Handle/", "ProcessItem/SectionList/MemorySection/", "ProcessItem/PortList/PortItem/"
	word := func(term, condition, content string) []string { return []string{term, condition, "string", content} }
	cases := map[string]struct {
		words   [][]string
		verdict string
	}{
		"p name":      {[][]string{word("ProcessItem/name", "is", "IMPLANT.exe")}, "matched"},
		"p path":      {[][]string{word("ProcessItem/path", "is", `c:\run\implant.exe`), word("ProcessItem/path", "is", "run")}, "matched"},
		"p arguments": {[][]string{word("ProcessItem/arguments", "ends-with", `"an argument of its own"`)}, "matched"},
		"p user":      {[][]string{word("ProcessItem/SecurityID", "starts-with", "S-1-5-21-"), word("ProcessItem/SecurityType", "is", "SidTypeUser"), word("ProcessItem/Username", "matches", `^[^\\]+\\[^\\]+$`)}, "matched"},
		"p started":   {[][]string{word("ProcessItem/startTime", "greater-than", "2024-01-01T00:00:00Z")}, "matched"},
		"p times":     {[][]string{word("ProcessItem/kernelTime", "starts-with", "00:00:"), word("ProcessItem/userTime", "starts-with", "00:00:")}, "matched"},
		"p parent":    {[][]string{word("ProcessItem/parentpid", "is", pid)}, "clear"},
		"p mutex":     {[][]string{word(handle+"Name", "is", "iocscan-mutex"), word(handle+"Type", "is", "Mutant")}, "matched"},
		"p local":     {[][]string{word(handle+"Name", "is", `Local\iocscan-mutex`)}, "matched"},
		"p global":    {[][]string{word(handle+"Name", "is", `Global\iocscan-global`), word(handle+"Name", "is", `\BaseNamedObjects\iocscan-global`)}, "matched"},
		"p event":     {[][]string{word(handle+"Name", "is", "iocscan-event"), word(handle+"Type", "is", "Event")}, "matched"},
		"p section":   {[][]string{word(handle+"Name", "is", "iocscan-section"), word(handle+"Type", "is", "Section")}, "matched"},
		"p pipe":      {[][]string{word(handle+"Name", "is", `\\.\pipe\iocscan-pipe`), word(handle+"Name", "is", `\Device\NamedPipe\iocscan-pipe`)}, "matched"},
		"p file":      {[][]string{word(handle+"Name", "is", `C:\run\open-file.dat`), word(handle+"Type", "is", "File")}, "matched"},
		"p key":       {[][]string{word(handle+"Name", "is", `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion`), word(handle+"Type", "is", "Key")}, "matched"},
		"p no object": {[][]string{word(handle+"Name", "is", "iocscan-nowhere")}, "clear"},
		"p library":   {[][]string{word(region+"Name", "is", `C:\windows\system32\winmm.dll`), word(region+"Mapped", "is", "true")}, "matched"},
		"p image":     {[][]string{word(region+"Md5sum", "is", p.md5), word(region+"PEInfo/Type", "is", "Executable")}, "matched"},
		"p injected":  {[][]string{word(region+"Injected", "is", "true"), word(region+"Protection", "is", "PAGE_EXECUTE_READWRITE")}, "matched"},
		"p string":    {[][]string{word("ProcessItem/StringList/string", "contains", "marker-in-memory-of-"+pid+"-ends")}, "matched"},
		"p no string": {[][]string{word("ProcessItem/StringList/string", "contains", "marker-in-memory"+"-of-nobody")}, "clear"},
		// Wine knows the process of a socket only once it has been written to.
		"p port":        {[][]string{word(socket+"remotePort", "is", port), word(socket+"remoteIP", "is", "127.0.0.1"), word(socket+"process", "is", "implant.exe")}, "matched"},
		"p listens":     {[][]string{word("PortItem/localPort", "is", port), word("PortItem/state", "is", "LISTENING"), word("PortItem/protocol", "is", "TCP")}, "matched"},
		"p connection":  {[][]string{word("PortItem/remotePort", "is", port), word("PortItem/state", "is", "ESTABLISHED"), word("PortItem/pid", "is", pid), word("PortItem/process", "is", "implant.exe")}, "matched"},
		"p not the own": {[][]string{word("ProcessItem/name", "is", "iocscan.exe")}, "clear"},
	}
	args := []string{"scan", "--format", "json"}
	for name, c := range cases {
		own := [][]string{word("ProcessItem/pid", "is", pid)}
		if !strings.HasPrefix(c.words[0][0], "ProcessItem/") || name == "p parent" || name == "p not the own" {
			own = nil
		}
		m.write("drive_c/run/iocs/"+name+".ioc", strings.Replace(wineIOC("AND", slices.Concat(append(own, c.words...)...)...), "NAME", name, 1))
		args = append(args, `iocs\`+name+".ioc")
	}
	r := m.report(t, args...)
	for _, i := range r.IOCs {
		name := strings.TrimSuffix(strings.TrimPrefix(i.File, `iocs\`), ".ioc")
		if want := cases[name].verdict; i.Verdict != want {
			t.Errorf("%s: %s, want %s; unchecked %v", name, i.Verdict, want, i.Unchecked)
		}
	}
	for _, d := range r.Documents {
		if d.Status != "complete" {
			t.Errorf("%s: %s: %s", d.Name, d.Status, d.Reason)
		}
	}
	t.Logf("troubles %v", r.Troubles)
}

// report is that of a scan, in whatever way it ends.
func (m *wineMachine) report(t *testing.T, args ...string) (r wineReport) {
	t.Helper()
	stdout, stderr, _ := m.run(t, args...)
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%q: %v\n%s%s", args, err, stdout, stderr)
	}
	return r
}

// TestWineProcessData leaves unknown what the user does not want looked at.
func TestWineProcessData(t *testing.T) {
	m := newWineMachine(t)
	for name, term := range map[string]string{
		"d basic": "ProcessItem/name", "d handles": "ProcessItem/HandleList/Handle/Name",
		"d modules": "ProcessItem/SectionList/MemorySection/Name", "d ports": "ProcessItem/PortList/PortItem/state", "d strings": "ProcessItem/StringList/string",
	} {
		m.write("drive_c/run/iocs/"+name+".ioc", strings.Replace(wineIOC("AND", term, "is", "string", "there-is-"+"none"), "NAME", name, 1))
	}
	r := m.report(t, "scan", "--format", "json", "--process-data", "handles", "--process-data", "basic",
		`iocs\d basic.ioc`, `iocs\d handles.ioc`, `iocs\d modules.ioc`, `iocs\d ports.ioc`, `iocs\d strings.ioc`)
	for n, want := range []string{"clear", "clear", "undetermined", "undetermined", "undetermined"} {
		i := r.IOCs[n]
		if i.Verdict != want || want != "clear" && !strings.Contains(fmt.Sprint(i.Unchecked), "switched off by --process-data") {
			t.Errorf("%s: %s, want %s; unchecked %v", i.File, i.Verdict, want, i.Unchecked)
		}
	}
}

// TestWineNetwork asks for the tables of the network. What is in them is the
// machine's below; that Wine has no names in its cache and knows no neighbours
// of IPv6 is Wine's.
func TestWineNetwork(t *testing.T) {
	m := newWineMachine(t)
	verdicts := map[string][]string{"n arp": {"undetermined"}, "n route": {"clear"}, "n dns": {"clear"}, "n port": {"clear"}}
	for name, term := range map[string]string{"n arp": "ArpEntryItem/Interface", "n route": "RouteEntryItem/Interface", "n dns": "DnsEntryItem/Host", "n port": "PortItem/process"} {
		m.write("drive_c/run/iocs/"+name+".ioc", strings.Replace(wineIOC("AND", term, "is", "string", "there-is-none"), "NAME", name, 1))
	}
	r := m.report(t, "scan", "--format", "json", `iocs\n arp.ioc`, `iocs\n dns.ioc`, `iocs\n port.ioc`, `iocs\n route.ioc`)
	for _, i := range r.IOCs {
		name := strings.TrimSuffix(strings.TrimPrefix(i.File, `iocs\`), ".ioc")
		if !slices.Contains(verdicts[name], i.Verdict) {
			t.Errorf("%s: %s %v, want %s", name, i.Verdict, i.Unchecked, verdicts[name])
		}
	}
	for _, tr := range r.Troubles {
		if !strings.Contains(tr.Error, "neighbours of IPv6") {
			t.Errorf("trouble: %+v", tr)
		}
	}
}
