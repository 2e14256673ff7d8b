package document

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

func someDrivers() (*source.Mem, string) {
	image := string(tinyProgram().Bytes())
	return windowsMachine(map[string]string{"SYSTEM": systemHive(append(someServices(),
		regftest.Key{Name: "evildrv", Values: []regftest.Value{dword("Type", 1), dword("Start", 1), sz("ImagePath", `\??\C:\Windows\Temp\e v.sys`)}},
		regftest.Key{Name: "locked", Values: []regftest.Value{dword("Type", 1), sz("ImagePath", `\SystemRoot\locked.sys`)}},
	)...)}).
		Add(`C:\Windows\Temp\e v.sys`, image).
		Put(`C:\Windows\locked.sys`, source.MemNode{OpenErr: fs.ErrPermission}), image
}

func TestDrivers(t *testing.T) {
	m, image := someDrivers()
	got := tellWindows(t, &drivers, m, nil, "DriverName", "Md5sum", "SignatureExists", "PEInfo/Type", "PEInfo/Exports/DllName", "PEInfo/Sections/Section/Name")
	got.says(t, `
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\evildrv
		  DriverName = evildrv | \Driver\evildrv | e v.sys
		  Md5sum = `+md5Of(image)+`
		  SignatureExists = false
		  PEInfo/Type = DLL
		  PEInfo/Sections/Section/Name = .text | UPX1 | .idata | .edata | .rsrc
		  PEInfo/Exports/DllName = svc.dll
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\locked
		  DriverName = locked | \Driver\locked | locked.sys
		  Md5sum = !
		  SignatureExists = !
		  PEInfo/Type = !
		  PEInfo/Sections/Section/Name = !
		  PEInfo/Exports/DllName = !
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\null
		  DriverName = null | \Driver\null | null.sys
		HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\rdbss
		  DriverName = rdbss | \FileSystem\rdbss | rdbss.sys
		`)
	got.tells(t, `C:\Windows\locked.sys`)
	if !got.Complete || got.Full || len(got.Notes) != 1 || got.Objects != 4 {
		t.Errorf("%+v", got.Listing)
	}
}

// readDrivers reads the content of each driver as the engine does.
type readDrivers struct {
	t    *testing.T
	read map[string]string
}

func (r *readDrivers) Close() error { return nil }

func (r *readDrivers) Item(it match.Item) error {
	var b bytes.Buffer
	c := it.(match.ContentItem)
	err := c.Read([]int{drivers.field("DriverItem/Sha1sum")}, func(p []byte) { b.Write(p) })
	switch {
	case errors.Is(err, match.ErrNoContent):
		r.read[it.Label()] = "none"
	case err != nil:
		r.read[it.Label()] = "error"
	default:
		r.read[it.Label()] = b.String()
		head := make([]byte, 2)
		if n, err := c.ReadAt(head, 0); n != 2 || err != nil || string(head) != "MZ" || c.Size() != int64(b.Len()) {
			r.t.Errorf("read again: %q, %v, %d bytes", head[:n], err, c.Size())
		}
		if err := it.Each(drivers.field("DriverItem/StringList/string"), func(v ioc.Value) bool { return true }); err != nil {
			r.t.Error(err)
		}
	}
	return nil
}

func TestContentOfDrivers(t *testing.T) {
	m, image := someDrivers()
	reg := source.NewRegistry(m, source.RegistryOptions{})
	defer reg.Close()
	r := &readDrivers{t, map[string]string{}}
	if _, err := drivers.Run(context.Background(), &Request{Source: m, Registry: reg}, 1, func() Worker { return r }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"evildrv": image, "locked": "error", "null": "none", "rdbss": "none"} {
		if got := r.read[`HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\`+name]; got != want {
			t.Errorf("%s: %.40q", name, got)
		}
	}
	if !strings.HasPrefix(image, "MZ") {
		t.Error("no program")
	}
}
