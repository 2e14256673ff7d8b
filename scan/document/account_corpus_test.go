package document

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"iocscan/scan/source"
)

// corpusHives are a system of Windows of hives of the shared corpus.
func corpusHives(t *testing.T, files map[string]string) *source.Mem {
	t.Helper()
	m := source.NewMem(source.Windows)
	for name, file := range files {
		b, err := os.ReadFile(filepath.Join("../../../shared/corpus/evidence/registry", file))
		if os.IsNotExist(err) {
			t.Skip("the shared corpus is not here: ", file)
		}
		if err == nil && strings.HasSuffix(file, ".gz") {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(b)); err == nil {
				b, err = io.ReadAll(z)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		m.Add(`C:\Windows\System32\config\`+name, string(b))
	}
	return m
}

// Facts that reglookup shows of the same hives. Those of SYSTEM were not written
// to their end, which leaves their facts in doubt.
func TestCorpusOfHives(t *testing.T) {
	for _, c := range []struct {
		name  string
		doc   Document
		files map[string]string
		says  []string
	}{
		{"users of Windows 10", &users, map[string]string{"SAM": "Velocidex-velociraptor/SAM"}, []string{
			"test\n  Username = test\n  userid = 1001\n  SecurityID = S-1-5-21-3442094626-3791537600-2028639842-1001\n",
			"WDAGUtilityAccount\n  Username = WDAGUtilityAccount\n  description = A user account managed and used by the system for Windows Defender Application Guard scenarios.\n",
			"  disabled = false\n  lockedout = false\n  passwordrequired = false\n  autologin = ?\n  LastLogin = 2021-12-01T12:40:21.8112981Z\n",
			"Guest\n  Username = Guest\n  description = Built-in account for guest access to the computer/domain\n  userid = 501\n",
		}},
		{"groups of Windows 10", &groups, map[string]string{"SAM": "Velocidex-velociraptor/SAM"}, []string{
			"Administrators\n  GroupName = Administrators\n  gid = 544\n  userlist/username = Administrator | S-1-5-21-3442094626-3791537600-2028639842-500 | test | S-1-5-21-3442094626-3791537600-2028639842-1001\n",
			"None\n  GroupName = None\n  gid = 513\n  userlist/username = Administrator | S-1-5-21-3442094626-3791537600-2028639842-500 | Guest |",
		}},
		{"users of Windows 7", &users, map[string]string{"SAM": "mkorman90-regipy/SAM"}, []string{
			"Preston\n  Username = Preston\n  userid = 1000\n  SecurityID = S-1-5-21-1760460187-1592185332-161725925-1000\n",
			"  grouplist/groupname = Administrators | None | Users\n",
		}},
		{"users of a damaged hive", &users, map[string]string{"SAM": "EricZimmerman-Registry/SAMBadHBinHeader"}, nil},
		{"users of a hive with a name twice", &users, map[string]string{"SAM": "EricZimmerman-Registry/SAM_DUPENAME"}, nil},
		{"system of a PC", &system, map[string]string{"SYSTEM": "mkorman90-regipy/SYSTEM_2.gz", "SECURITY": "mkorman90-regipy/SECURITY"}, []string{
			"  hostname = SENSEI!\n", "  domain = WORKGROUP!\n", "  OSbitness = 64-bit!\n", "  timezone = Pacific Standard Time!\n", "  gmtoffset = -08:00 ~\n",
			"  processor = Intel64 Family 6 Model 60 Stepping 3, GenuineIntel ~\n", "ipArray/ipInfo/ipAddress = 192.168.56.103!\n",
			"dhcpServerArray/dhcpServer = 192.168.56.1!\n", "dhcpLeaseObtained = 2015-12-12T03:26:42Z!\n", " | Ethernet | ",
		}},
		{"system of a later PC", &system, map[string]string{"SYSTEM": "mkorman90-regipy/SYSTEM_WIN_10_1709.gz"}, []string{
			"  hostname = DESKTOP-2KGM189!\n", "  gmtoffset = -07:00 ~\n", "  drives = C: | D: | E: | F: | C:,D:,E:,F: ~\n",
			"ipGatewayArray/ipGateway = 192.168.146.2!\n", "dhcpLeaseExpires = 2020-04-24T05:45:08Z!\n",
		}},
		{"volumes of a PC", &volumes, map[string]string{"SYSTEM": "mkorman90-regipy/SYSTEM_2.gz"}, []string{
			"C:\n  DriveLetter = C:\n  VolumeName = \\\\?\\Volume{a08efec3-a076-11e5-824f-806e6f6e6963}\\ |",
			"  VolumeID = 273E4CFE ~\n", "D:\n  DriveLetter = D:\n  VolumeName = \\\\?\\Volume{a08efec7-a076-11e5-824f-806e6f6e6963}\\ |", "  Type = DRIVE_CDROM\n",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := tell(t, c.doc, corpusHives(t, c.files))
			for _, want := range c.says {
				if !strings.Contains(got.text, want) {
					t.Errorf("%q is not in\n%s", want, got.text)
				}
			}
			if got.Full != (c.doc == Document(&system)) || strings.Contains(strings.Join(got.troubles, "\n"), "fault of the scanner") {
				t.Errorf("full %v, troubles %q", got.Full, got.troubles)
			}
		})
	}
}
