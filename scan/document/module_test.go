package document

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"iocscan/scan/internal/modinfo/modinfotest"
	"iocscan/scan/source"
)

func moduleRoot() *source.Mem {
	wifi := modinfotest.Signed(modinfotest.Module("license=GPL v2", "alias=usb:v1", "alias=usb:v2", "depends=cfg80211,mac80211", "intree=Y", "retpoline=Y",
		"srcversion=0123456789ABCDEF", "vermagic=6.1.0 SMP", "parm=debug:how much (int)", "parmtype=debug:int"), "Example key", 0x12ab, []byte{1, 2})
	return source.NewMem(source.Linux).
		AddLink("/lib", "usr/lib").
		Add("/usr/lib/modules/6.1.0/kernel/net/wi-fi.ko.zst", zstandard(string(wifi))).
		Add("/usr/lib/modules/6.1.0/updates/old.ko.xz", "\xfd7zXZ").
		Add("/usr/lib/modules/6.1.0/modules.dep", "").
		AddLink("/usr/lib/modules/6.1.0/build", "/usr/src/linux").
		Add("/usr/lib/modules/5.9.0/extra/wi-fi.ko", string(modinfotest.Module("license=none")))
}

// withoutHashes takes the hashes off, which for a compressed file depend on
// what compressed it.
func withoutHashes(got telling) telling {
	var b strings.Builder
	for line := range strings.Lines(got.text) {
		if !strings.Contains(line, "sum = ") {
			b.WriteString(line)
		}
	}
	got.text = b.String()
	return got
}

func TestModulesInstalled(t *testing.T) {
	got := tell(t, &kernelModules, moduleRoot())
	sum := fmt.Sprintf("  Sha256sum = %x\n", sha256.Sum256(modinfotest.Module("license=none")))
	if !strings.Contains(got.text, sum) {
		t.Errorf("%q is not in\n%s", sum, got.text)
	}
	withoutHashes(got).says(t, `
		/lib/modules/5.9.0/extra/wi-fi.ko
		  Module = wi_fi | wi-fi
		  Filename = /lib/modules/5.9.0/extra/wi-fi.ko
		  Status = ?
		  Address = ?
		  Size = ?
		  UsedByList/Module = ?
		  License = none
		  Intree = false
		  Retpoline = false
		/lib/modules/6.1.0/kernel/net/wi-fi.ko.zst
		  Module = wi_fi | wi-fi
		  Filename = /lib/modules/6.1.0/kernel/net/wi-fi.ko.zst
		  Status = ?
		  Address = ?
		  Size = ?
		  UsedByList/Module = ?
		  DependsList/Depends/Module = cfg80211 | mac80211
		  AliasList/Alias/Name = usb:v1 | usb:v2
		  ParmList/Parm/Name = debug
		  License = GPL v2
		  Vermagic = 6.1.0 SMP
		  SrcVersion = 0123456789ABCDEF
		  Intree = true
		  Retpoline = true
		  Signer = Example key
		  SigKey = 12:AB
		  SigHashAlgorithm = sha256
		  Signat = 01:02
		/lib/modules/6.1.0/updates/old.ko.xz
		  Module = old
		  Filename = /lib/modules/6.1.0/updates/old.ko.xz
		  Status = ?
		  Address = ?
		  Size = ?
		  UsedByList/Module = ?
		  DependsList/Depends/Module = !
		  AliasList/Alias/Name = !
		  ParmList/Parm/Name = !
		  License = !
		  Vermagic = !
		  SrcVersion = !
		  Intree = !
		  Retpoline = !
		  Signer = !
		  SigKey = !
		  SigHashAlgorithm = !
		  Signat = !
	`)
	if !got.Complete || got.Full || len(got.Notes) == 0 {
		t.Errorf("%+v", got.Listing)
	}
}

func TestModulesLoaded(t *testing.T) {
	m := moduleRoot().Offer(source.Live).
		Add("/proc/sys/kernel/osrelease", "6.1.0\n").
		Add("/proc/modules", "wi_fi 4096 0 - Live 0xffffffffc0a00000\ncfg80211 8192 2 wi_fi,mac80211, Live 0xffffffffc0b00000\nhidden 16384 1 - Live 0x0000000000000000 (OE)\n").
		Add("/sys/module/hidden/srcversion", "FEDCBA\n")
	got := tell(t, &kernelModules, m)
	withoutHashes(got).says(t, `
		/lib/modules/5.9.0/extra/wi-fi.ko
		  Module = wi_fi | wi-fi
		  Filename = /lib/modules/5.9.0/extra/wi-fi.ko
		  License = none
		  Intree = false
		  Retpoline = false
		/lib/modules/6.1.0/kernel/net/wi-fi.ko.zst
		  Module = wi_fi | wi-fi
		  Filename = /lib/modules/6.1.0/kernel/net/wi-fi.ko.zst ~
		  Status = Live
		  Address = 0xffffffffc0a00000 | 18446744072646295552
		  Size = 4096
		  DependsList/Depends/Module = cfg80211 | mac80211 ~
		  AliasList/Alias/Name = usb:v1 | usb:v2 ~
		  ParmList/Parm/Name = debug ~
		  License = GPL v2 ~
		  Vermagic = 6.1.0 SMP ~
		  SrcVersion = 0123456789ABCDEF ~
		  Intree = true ~
		  Retpoline = true ~
		  Signer = Example key ~
		  SigKey = 12:AB ~
		  SigHashAlgorithm = sha256 ~
		  Signat = 01:02 ~
		/lib/modules/6.1.0/updates/old.ko.xz
		  Module = old
		  Filename = /lib/modules/6.1.0/updates/old.ko.xz
		  DependsList/Depends/Module = !
		  AliasList/Alias/Name = !
		  ParmList/Parm/Name = !
		  License = !
		  Vermagic = !
		  SrcVersion = !
		  Intree = !
		  Retpoline = !
		  Signer = !
		  SigKey = !
		  SigHashAlgorithm = !
		  Signat = !
		cfg80211
		  Module = cfg80211
		  Filename = ?
		  Status = Live
		  Address = 0xffffffffc0b00000 | 18446744072647344128
		  Size = 8192
		  UsedByList/Module = wi_fi | mac80211
		  AliasList/Alias/Name = ?
		  ParmList/Parm/Name = ?
		  License = ?
		  Vermagic = ?
		  SrcVersion = ?
		  Intree = ?
		  Retpoline = ?
		  Signer = ?
		  SigKey = ?
		  SigHashAlgorithm = ?
		  Signat = ?
		hidden
		  Module = hidden
		  Filename = ?
		  Status = Live
		  Address = !
		  Size = 16384
		  AliasList/Alias/Name = ?
		  ParmList/Parm/Name = ?
		  License = ?
		  Vermagic = ?
		  SrcVersion = FEDCBA
		  Intree = false
		  Retpoline = ?
		  Signer = ?
		  SigKey = ?
		  SigHashAlgorithm = ?
		  Signat = ?
	`)
	if !got.Full {
		t.Errorf("%+v", got.Listing)
	}
}

func TestModulesThatCannotBeRead(t *testing.T) {
	for _, c := range []struct {
		src  source.Source
		says string
	}{
		{moduleRoot().Offer(source.Live).Put("/proc/modules", source.MemNode{OpenErr: fs.ErrPermission}), "/proc/modules"},
		{moduleRoot().Offer(source.Live).Add("/proc/modules", "short line\n"), "no module"},
		{moduleRoot().Offer(source.Live).Add("/proc/modules", "a many 0 - Live 0x0\n"), "no size"},
		{moduleRoot().Offer(source.Live).Add("/proc/modules", "").Put("/usr/lib/modules", source.MemNode{Info: source.Info{Type: source.Dir}, ReadErr: fs.ErrPermission}), "/usr/lib/modules"},
	} {
		got := tell(t, &kernelModules, c.src)
		if got.Complete || got.Full || !strings.Contains(strings.Join(got.troubles, "; "), c.says) {
			t.Errorf("%q: %+v", c.says, got)
		}
	}
}
