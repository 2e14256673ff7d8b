package document

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"iocscan/scan/source"
	"iocscan/scan/source/sourcetest"
)

func TestProcessesOfProc(t *testing.T) {
	const stat = " S 1 7 7 0 -1 4194304 100 0 0 0 366100 200 0 0 20 0 1 0 4242 1000 10 0 0"
	src := source.NewMem(source.Linux).Offer(source.Live).
		Add("/etc/passwd", "root:x:0:0::/root:/bin/sh\nboris:x:1000:1000::/home/boris:/bin/sh\n").
		Add("/proc/stat", "cpu 1 2 3\nbtime 1700000000\n").
		Add("/proc/net/tcp", "sl\n0: 0100007F:1F90 00000000:0000 0A 0:0 00:00000000 00000000 1000 0 500 1\n").
		Add("/proc/2/stat", "2 (kthreadd)"+strings.Replace(stat, "4194304", "2129984", 1)).
		Add("/proc/2/cmdline", "").Add("/proc/2/status", "Uid:\t0\t0\t0\t0\n").Add("/proc/2/maps", "").Add("/proc/2/mem", "").
		Put("/proc/2/fd", source.MemNode{Info: source.Info{Type: source.Dir}}).
		Add("/proc/7/stat", "7 (nc) x)"+stat).AddLink("/proc/7/exe", "/usr/bin/nc (deleted)").
		Add("/proc/7/cmdline", "nc\x00-l\x00a b\x00").Add("/proc/7/status", "Uid:\t1000\t1000\t0\t0\n").
		AddLink("/proc/7/fd/3", "socket:[500]").AddLink("/proc/7/fd/4", "/tmp/loot.zip (deleted)").AddLink("/proc/7/fd/5", "pipe:[77]").
		Add("/proc/7/maps", "0-10 r-xp 00000000 08:01 9      /usr/lib/x 1.so\n20-30 rw-p 00000000 00:00 0\n").
		Add("/usr/lib/x 1.so", "no program").
		Add("/proc/7/mem", "0123456789abcdefxxxxxxxxxxxxxxxxHello, world\x00\x01\x02\x03")
	got := tell(t, &processes, src)
	got.want(t, `
		2 kthreadd
		  pid = 2
		  parentpid = 1
		  name = kthreadd
		  Username = root
		  startTime = 2023-11-14T22:14:02.42Z
		  kernelTime = 00:00:02 | 2
		  userTime = 01:01:01 | 3661
		7 /usr/bin/nc
		  pid = 7
		  parentpid = 1
		  name = nc | nc) x
		  path = /usr/bin/nc | /usr/bin | usr/bin
		  arguments = nc -l a b
		  cmdLine = nc -l a b
		  Username = boris
		  startTime = 2023-11-14T22:14:02.42Z
		  kernelTime = 00:00:02 | 2
		  userTime = 01:01:01 | 3661
		  HandleList/Handle/Name = socket:[500] | /tmp/loot.zip | pipe:[77]
		  HandleList/Handle/Type = Socket | File | Pipe
		  HandleList/Handle/Index = 3 | 4 | 5
		  HandleList/Handle/FileDescriptor = 3 | 4 | 5
		  HandleList/Handle/INode = 500 | 77
		  HandleList/Handle/SocketProtocol = TCP
		  HandleList/Handle/SocketLocalAddress = 127.0.0.1
		  HandleList/Handle/SocketLocalPort = 8080
		  HandleList/Handle/SocketState = LISTENING
		  SectionList/MemorySection/Name = /usr/lib/x 1.so | x 1.so
		  SectionList/MemorySection/Mapped = true | false
		  SectionList/MemorySection/RegionStart = 0 | 32
		  SectionList/MemorySection/RegionSize = 16 | 16
		  SectionList/MemorySection/Protection = r-xp | rw-p
		  SectionList/MemorySection/RawFlags = ?
		  SectionList/MemorySection/Injected = ?
		  SectionList/MemorySection/Md5sum = 0bae897d14d26ba8281a6edcf082db24
		  SectionList/MemorySection/Sha1sum = 9750b81790549428ed8bdb52c80a6119cb994690
		  SectionList/MemorySection/Sha256sum = 77c81fb66a43b886cf465ef2634a071856e9529e7509b908ab5c2e70f6e2ddd9
		  PortList/PortItem/protocol = TCP
		  PortList/PortItem/localIP = 127.0.0.1
		  PortList/PortItem/localPort = 8080
		  PortList/PortItem/state = LISTENING | LISTEN
		  PortList/PortItem/CreationTime = ?
		  PortList/PortItem/pid = 7
		  PortList/PortItem/process = nc
		  PortList/PortItem/path = /usr/bin/nc | /usr/bin | usr/bin
		  StringList/string = 0123456789abcdef | Hello, world
	`)

	checkVerdicts(t, &processes, src, []verdictCase{
		{"HandleList/Handle/Type is File\nHandleList/Handle/Name contains loot", "matched"},
		{"HandleList/Handle/Type is Mutant\nHandleList/Handle/Name contains loot", "clear"},
		{"StringList/string contains hello\nname is nc", "matched"},
		{"StringList/string contains efxx", "clear"}, // regions that do not touch
		{"StringList/string contains Hello\npid is 2", "clear"},
		{"PortList/PortItem/localPort is 8080\narguments contains -l a", "matched"},
		{"SectionList/MemorySection/Injected is true", "undetermined"},
		{"SectionList/MemorySection/Name ends-with x 1.so\nSectionList/MemorySection/Md5sum is 0bae897d14d26ba8281a6edcf082db24", "matched"},
	})
}

// The hash of a mapped file is that of the file at its path only where that is
// the same file.
func TestMappedFiles(t *testing.T) {
	const stat = " S 1 7 7 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 4242 1000 10 0 0"
	for name, c := range map[string]struct{ line, verdict string }{
		"there":           {"0-10 r-xp 00000000 08:01 9      /usr/lib/x.so", "matched"},
		"twice":           {"0-10 r-xp 00000000 08:01 9 /usr/lib/x.so\n10-20 r--p 00000000 08:01 9 /usr/lib/x.so", "matched"},
		"deleted":         {"0-10 r-xp 00000000 08:01 9      /usr/lib/x.so (deleted)", "undetermined"},
		"gone":            {"0-10 r-xp 00000000 08:01 9      /usr/lib/y.so", "undetermined"},
		"of no file":      {"0-10 rw-p 00000000 00:00 0", "clear"},
		"shared":          {"0-10 rw-s 00000000 00:01 5      /dev/zero (deleted)", "clear"},
		"another content": {"0-10 r-xp 00000000 08:01 9      /usr/lib/z.so", "clear"},
	} {
		src := source.NewMem(source.Linux).Offer(source.Live).Add("/etc/passwd", "").Add("/proc/stat", "btime 1\n").
			Add("/usr/lib/x.so", "no program").Add("/usr/lib/z.so", "something else").
			Add("/proc/7/stat", "7 (x)"+stat).AddLink("/proc/7/exe", "/usr/lib/x.so").Add("/proc/7/maps", c.line+"\n")
		t.Run(name, func(t *testing.T) {
			checkVerdicts(t, &processes, src, []verdictCase{{"SectionList/MemorySection/Md5sum is 0bae897d14d26ba8281a6edcf082db24", c.verdict}})
		})
	}
}

// What a user may not see is unknown, and told once.
func TestHiddenProcesses(t *testing.T) {
	src := source.NewMem(source.Linux).Offer(source.Live).
		Add("/proc/stat", "btime 1700000000\n").Add("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
	for _, pid := range []string{"5", "6"} {
		src.Add("/proc/"+pid+"/stat", pid+" (a_name_cut_shor) S 1 7 7 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 4242 1000 10 0 0").
			Add("/proc/"+pid+"/cmdline", "x\x00").Add("/proc/"+pid+"/status", "Uid:\t0\t0\t0\t0\n").
			Put("/proc/"+pid+"/exe", source.MemNode{Info: source.Info{Type: source.Link}, LstatErr: os.ErrPermission}).
			Put("/proc/"+pid+"/fd", source.MemNode{Info: source.Info{Type: source.Dir}, OpenErr: os.ErrPermission}).
			Put("/proc/"+pid+"/maps", source.MemNode{OpenErr: os.ErrPermission}).
			Put("/proc/"+pid+"/mem", source.MemNode{OpenErr: os.ErrPermission})
	}
	got := tell(t, &processes, src)
	if !strings.Contains(got.text, "HandleList/Handle/Name = !") || !strings.Contains(got.text, "StringList/string = !") {
		t.Error(got.text)
	}
	got.tells(t, "what processes have open of other users", "what processes have mapped of other users", "the memory of processes of other users")
}

func TestProcessParts(t *testing.T) {
	for term, want := range map[string]string{
		"ProcessItem/pid": "basic", "ProcessItem/arguments": "basic", "ProcessItem/HandleList/Handle/Type": "handles",
		"ProcessItem/SectionList/MemorySection/Md5sum": "modules", "ProcessItem/PortList/PortItem/localPort": "ports", "ProcessItem/StringList/string": "strings",
	} {
		off := switchedOff(processFields, []string{want})
		if n := processes.field(term); n < 0 || off[n] {
			t.Errorf("%s is switched off with %s on", term, want)
		}
		for _, other := range ProcessData {
			if other != want && !switchedOff(processFields, []string{other})[processes.field(term)] {
				t.Errorf("%s is on with only %s on", term, other)
			}
		}
		if switchedOff(processFields, nil)[processes.field(term)] {
			t.Errorf("%s is switched off with nothing chosen", term)
		}
	}
}

const childVariable = "IOCSCAN_TEST_CHILD"

// TestChild is the process that TestProcessesOfThisMachine looks for.
func TestChild(t *testing.T) {
	dir := os.Getenv(childVariable)
	if dir == "" {
		t.Skip("runs in a process of its own")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "open-file"))
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte(strings.ToLower("MARK" + fmt.Sprint(os.Getpid()) + "ENDS"))
	fmt.Println("ready", l.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(secret)
	runtime.KeepAlive(f)
}

func TestProcessesOfThisMachine(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		t.Skip("processes are read on Linux and Windows only")
	}
	dir := sourcetest.TempDir(t)
	child := exec.Command(os.Args[0], "-test.run=^TestChild$", "an argument of its own")
	child.Env = append(os.Environ(), childVariable+"="+dir)
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	defer in.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	port := strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	host, err := source.OpenHost(source.HostOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	pid := fmt.Sprint(child.Process.Pid)
	if runtime.GOOS == "linux" { // Wine keeps the process of such a socket to itself
		checkVerdicts(t, &processes, host, []verdictCase{
			{"pid is " + pid + "\nHandleList/Handle/SocketLocalPort is " + port, "matched"},
			{"pid is " + pid + "\nPortList/PortItem/localPort is " + port, "matched"},
		})
	}
	checkVerdicts(t, &processes, host, []verdictCase{
		{"pid is " + pid + "\narguments contains an argument of its own\nparentpid is " + fmt.Sprint(os.Getpid()), "matched"},
		{"pid is " + pid + "\nname is " + filepath.Base(os.Args[0]), "matched"},
		{"pid is " + pid + "\nHandleList/Handle/Name is " + filepath.Join(dir, "open-file"), "matched"},
		{"pid is " + pid + "\nSectionList/MemorySection/Name contains " + filepath.Base(os.Args[0]), "matched"},
		{"pid is " + pid + "\nStringList/string contains mark" + pid + "ends", "matched"},
		{"pid is " + fmt.Sprint(os.Getpid()), "clear"}, // the scanner is not its own finding
	})
}
