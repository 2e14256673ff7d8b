package document

import (
	"io/fs"
	"strings"
	"testing"

	"iocscan/scan/source"
)

func TestRunningServices(t *testing.T) {
	for _, root := range cgroupRoots {
		m := source.NewMem(source.Linux).Offer(source.Live).Add("/etc/passwd", "").
			Add("/etc/systemd/system/runs.service", "[Service]\nExecStart=/bin/a\n").
			Add("/etc/systemd/system/done.service", "[Service]\nExecStart=/bin/b\n").
			Add("/etc/systemd/system/rests.service", "[Service]\nExecStart=/bin/c\n").
			Add("/etc/systemd/system/closed.service", "[Service]\nExecStart=/bin/d\n").
			Add("/etc/systemd/system/odd.service", "[Service]\nExecStart=/bin/e\n").
			Add("/etc/systemd/user/runs.service", "[Service]\nExecStart=/bin/f\n").
			Add(root+"/system.slice/runs.service/cgroup.procs", "812\n77\n900\n").
			Add(root+"/system.slice/done.service/cgroup.procs", "").
			Put(root+"/system.slice/closed.service/cgroup.procs", source.MemNode{OpenErr: fs.ErrPermission}).
			Add(root+"/system.slice/odd.service/cgroup.procs", "12 x\n")
		got := tell(t, &services, m)
		for label, want := range map[string][2]string{
			"/etc/systemd/system/runs.service":   {"running | SERVICE_RUNNING", "77 ~"},
			"/etc/systemd/system/done.service":   {"?", "?"},
			"/etc/systemd/system/rests.service":  {"?", "?"},
			"/etc/systemd/system/closed.service": {"!", "!"},
			"/etc/systemd/system/odd.service":    {"!", "!"},
			"/etc/systemd/user/runs.service":     {"?", "?"},
		} {
			_, item, _ := strings.Cut(got.text, label+"\n")
			item, _, _ = strings.Cut(item, "\n/")
			for n, term := range [...]string{"status", "pid"} {
				if line := "  " + term + " = " + want[n] + "\n"; !strings.Contains(item+"\n", line) {
					t.Errorf("%s: %s: %q is not in\n%s", root, label, line, item)
				}
			}
		}
	}
}
