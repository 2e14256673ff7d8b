package pe

import (
	"errors"
	"strconv"
	"strings"
)

func damage(err error) bool { return errors.Is(err, ErrDamaged) }

// The types of an image.
const (
	Executable = "Executable"
	DLL        = "DLL"
	Driver     = "Driver"
	Unknown    = "Unknown"
)

const (
	fileExecutable = 0x0002
	fileDLL        = 0x2000

	subsystemNative     = 1
	subsystemEFIBoot    = 11
	subsystemEFIRuntime = 12
)

// Type is DLL by the flag of the file header; Driver for the native subsystem
// unless it imports ntdll.dll, which only programs that run before Windows is
// up do, and for drivers of EFI; Unknown for what is no image (an object that
// the linker left with errors); else Executable.
func (f *File) Type() (string, error) {
	switch {
	case f.optional == 0:
		return "", f.HeaderErr
	case f.Characteristics&fileExecutable == 0:
		return Unknown, nil
	case f.Characteristics&fileDLL != 0:
		return DLL, nil
	case f.HeaderErr != nil:
		return "", f.HeaderErr
	case f.Subsystem == subsystemEFIBoot, f.Subsystem == subsystemEFIRuntime:
		return Driver, nil
	case f.Subsystem != subsystemNative:
		return Executable, nil
	}
	modules, err := f.Imports()
	for _, m := range modules {
		if strings.EqualFold(m.Name, "ntdll.dll") {
			return Executable, nil
		}
	}
	if err != nil {
		return "", err
	}
	return Driver, nil
}

// subsystems are the IMAGE_SUBSYSTEM_* words by number.
var subsystems = map[uint16]string{
	0: "UNKNOWN", 1: "NATIVE", 2: "WINDOWS_GUI", 3: "WINDOWS_CUI", 5: "OS2_CUI", 7: "POSIX_CUI", 8: "NATIVE_WINDOWS",
	9: "WINDOWS_CE_GUI", 10: "EFI_APPLICATION", 11: "EFI_BOOT_SERVICE_DRIVER", 12: "EFI_RUNTIME_DRIVER",
	13: "EFI_ROM", 14: "XBOX", 16: "WINDOWS_BOOT_APPLICATION", 17: "XBOX_CODE_CATALOG",
}

// SubsystemWord is the subsystem without IMAGE_SUBSYSTEM_, or its number if it
// has no name.
func (f *File) SubsystemWord() string {
	if w, ok := subsystems[f.Subsystem]; ok {
		return w
	}
	return strconv.Itoa(int(f.Subsystem))
}
