package document

import (
	"errors"
	"fmt"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/prefetch"
	"iocscan/scan/source"
)

const (
	prefetchVolume  = "PrefetchItem/VolumeList/VolumeItem"
	prefetchLoaded  = "PrefetchItem/AccessedFileList/AccessedFile"
	prefetchProgram = "PrefetchItem/ApplicationFullPath"
)

// prefetchFields are all terms of PrefetchItem.
var prefetchFields = []Field[prefetchFile]{
	field(match.Field{Term: "PrefetchItem/FullPath", Kind: ioc.Path, Same: samePath, Identity: true}, prefetchPath),
	field(match.Field{Term: "PrefetchItem/SizeInBytes", Kind: ioc.Int, Cost: match.Stat}, prefetchSize),
	field(match.Field{Term: "PrefetchItem/Created", Kind: ioc.Time, Cost: match.Stat}, prefetchCreated),

	field(match.Field{Term: "PrefetchItem/ApplicationFileName", Kind: ioc.Text, Cost: match.Parse, Same: sameProgram, Identity: true}, programName),
	field(match.Field{Term: prefetchProgram, Kind: ioc.Path, Cost: match.Parse, Multi: true}, programPath),
	field(match.Field{Term: "PrefetchItem/PrefetchHash", Kind: ioc.Text, Cost: match.Parse, Same: sameHex}, prefetchHash),
	field(match.Field{Term: "PrefetchItem/ReportedSizeInBytes", Kind: ioc.Int, Cost: match.Parse}, fromPrefetch(func(i *prefetch.Info, yield func(ioc.Value) bool) {
		yield(ioc.IntValue(uint64(i.Size)))
	})),
	field(match.Field{Term: "PrefetchItem/TimesExecuted", Kind: ioc.Int, Cost: match.Parse, Identity: true}, fromPrefetch(func(i *prefetch.Info, yield func(ioc.Value) bool) {
		yield(ioc.IntValue(uint64(i.Runs)))
	})),
	field(match.Field{Term: "PrefetchItem/LastRun", Kind: ioc.Time, Cost: match.Parse, Multi: true, Identity: true}, fromPrefetch(func(i *prefetch.Info, yield func(ioc.Value) bool) {
		for _, at := range i.LastRuns {
			if !yield(ioc.TicksValue(at)) {
				return
			}
		}
	})),
	field(match.Field{Term: prefetchLoaded, Kind: ioc.Path, Cost: match.Parse, Multi: true}, loadedFiles),
	field(match.Field{Term: prefetchVolume + "/DevicePath", Kind: ioc.Path, Cost: match.Parse, Multi: true, Element: prefetchVolume},
		prefetchVolumes(func(v *prefetch.Volume, yield func(ioc.Value) bool) bool { return yield(ioc.PathValue(v.Device)) })),
	field(match.Field{Term: prefetchVolume + "/CreationTime", Kind: ioc.Time, Cost: match.Parse, Multi: true, Element: prefetchVolume},
		prefetchVolumes(func(v *prefetch.Volume, yield func(ioc.Value) bool) bool {
			return v.Created == 0 || yield(ioc.TicksValue(v.Created))
		})),
	field(match.Field{Term: prefetchVolume + "/SerialNumber", Kind: ioc.Text, Cost: match.Parse, Multi: true, Element: prefetchVolume},
		prefetchVolumes(func(v *prefetch.Volume, yield func(ioc.Value) bool) bool {
			plain := fmt.Sprintf("%08X", v.Serial)
			return yield(ioc.TextValue(plain)) && yield(ioc.TextValue(plain[:4]+"-"+plain[4:]))
		})),
}

var (
	errNoProgram = errors.New("the program's own file is not among those that were noted")
	errCutName   = errors.New("only the first 29 characters of the name were noted")
	errLetter    = errors.New("the drive letter of the volume is not known")
)

// fromPrefetch answers from the parsed file.
func fromPrefetch(get func(*prefetch.Info, func(ioc.Value) bool)) func(*prefetchFile, func(ioc.Value) bool) error {
	return func(p *prefetchFile, yield func(ioc.Value) bool) error {
		info, err := p.load()
		if err == nil {
			get(info, yield)
		}
		return err
	}
}

// prefetchVolumes answers for one volume after the other.
func prefetchVolumes(get func(*prefetch.Volume, func(ioc.Value) bool) bool) func(*prefetchFile, func(ioc.Value) bool) error {
	return fromPrefetch(func(i *prefetch.Info, yield func(ioc.Value) bool) {
		for n := range i.Volumes {
			if !get(&i.Volumes[n], func(v ioc.Value) bool { return yield(v.At(n)) }) {
				return
			}
		}
	})
}

// prefetchPath is the path of the file, with the drive and without.
func prefetchPath(p *prefetchFile, yield func(ioc.Value) bool) error {
	shown := p.file.shown()
	switch more := yield(ioc.PathValue(shown)); {
	case p.file.loose != nil:
		return errLoosePlace
	case more && p.file.vol.Name != "":
		yield(ioc.PathValue(shown[len(p.file.vol.Name):]))
	}
	return nil
}

func prefetchStat(p *prefetchFile) (source.Info, error) {
	info, err := p.file.stat()
	if err != nil {
		p.req.trouble(p.file.shown(), err)
	}
	return info, err
}

func prefetchSize(p *prefetchFile, yield func(ioc.Value) bool) error {
	info, err := prefetchStat(p)
	if err == nil {
		yield(ioc.IntValue(uint64(max(0, info.Size))))
	}
	return err
}

// prefetchCreated: every file of Windows has the time; a copy may lack it.
func prefetchCreated(p *prefetchFile, yield func(ioc.Value) bool) error {
	info, err := prefetchStat(p)
	if err != nil {
		return err
	}
	if info.Created == 0 {
		return errNotCarried
	}
	yield(ioc.TicksValue(info.Created))
	return nil
}

// prefetchHash is in hexadecimal, as in the name of the file, and with 0x.
func prefetchHash(p *prefetchFile, yield func(ioc.Value) bool) error {
	info, err := p.load()
	if err != nil {
		return err
	}
	plain := fmt.Sprintf("%08X", info.Hash)
	if yield(ioc.TextValue(plain)) {
		yield(ioc.TextValue("0x" + plain))
	}
	return nil
}

func sameHex(a, b string) bool {
	bare := func(s string) string { return strings.TrimPrefix(ioc.Fold(strings.TrimSpace(s)), "0x") }
	return bare(a) == bare(b)
}

// cutName is how long a name is that Windows may have cut.
const cutName = 29

func isCut(name string) bool { return len([]rune(name)) >= cutName }

// programName is the name as noted, and where that is cut the whole one from
// the file that was loaded.
func programName(p *prefetchFile, yield func(ioc.Value) bool) error {
	info, err := p.load()
	if err != nil {
		return err
	}
	if !yield(ioc.TextValue(info.Executable)) || !isCut(info.Executable) {
		return nil
	}
	paths := programPaths(info)
	for _, path := range paths {
		if !yield(ioc.TextValue(path[strings.LastIndexByte(path, '\\')+1:])) {
			return nil
		}
	}
	if len(paths) == 0 {
		return errCutName
	}
	return nil
}

// sameProgram: one content may be the other, cut.
func sameProgram(a, b string) bool {
	a, b = ioc.Fold(strings.TrimSpace(a)), ioc.Fold(strings.TrimSpace(b))
	return a == b || isCut(a) && strings.HasPrefix(b, a) || isCut(b) && strings.HasPrefix(a, b)
}

// programPaths are the loaded files that have the name of the program.
func programPaths(info *prefetch.Info) []string {
	var list []string
	for _, f := range info.Files {
		base := f[strings.LastIndexByte(f, '\\')+1:]
		if ioc.EqualFold(base, info.Executable) ||
			isCut(info.Executable) && strings.HasPrefix(ioc.Fold(base), ioc.Fold(info.Executable)) {
			list = append(list, f)
		}
	}
	return list
}

// programPath is not noted as such: it is the loaded file of the program's
// name.
func programPath(p *prefetchFile, yield func(ioc.Value) bool) error {
	info, err := p.load()
	if err != nil {
		return err
	}
	paths := programPaths(info)
	if len(paths) == 0 {
		return errNoProgram
	}
	if !p.paths(paths, yield) {
		return nil
	}
	if len(paths) > 1 {
		return match.StandIn("one of several loaded files that have the name of the program")
	}
	return nil
}

func loadedFiles(p *prefetchFile, yield func(ioc.Value) bool) error {
	info, err := p.load()
	if err == nil {
		p.paths(info.Files, yield)
	}
	return err
}

// paths yields each path as noted, from the root of its volume, and on the
// volume of the system with its letter.
func (p *prefetchFile) paths(list []string, yield func(ioc.Value) bool) bool {
	system := systemDevice(p.info)
	for _, path := range list {
		if !yield(ioc.PathValue(path)) {
			return false
		}
		device, below := splitDevice(path)
		if below == "" {
			continue
		}
		if !yield(ioc.PathValue(below)) {
			return false
		}
		if drive := p.file.vol.Name; drive != "" && ioc.EqualFold(device, system) && !yield(ioc.PathValue(drive+below)) {
			return false
		}
	}
	return true
}

// splitDevice takes \DEVICE\HARDDISKVOLUME1 or \VOLUME{…} off a path.
func splitDevice(path string) (device, below string) {
	begins := func(with string) bool { return len(path) > len(with) && strings.EqualFold(path[:len(with)], with) }
	parts := 1
	if begins(`\DEVICE\`) {
		parts = 2
	} else if !begins(`\VOLUME{`) {
		return "", ""
	}
	end := 0
	for range parts {
		next := strings.IndexByte(path[end+1:], '\\')
		if next < 0 {
			return "", ""
		}
		end += 1 + next
	}
	return path[:end], path[end:]
}

// systemDevice is the volume that Windows runs from: every program loads
// ntdll.dll, and from nowhere else. The prefetch files are on it too, so it
// has their letter.
func systemDevice(info *prefetch.Info) string {
	for _, f := range info.Files {
		if device, below := splitDevice(f); ioc.EqualFold(below, `\WINDOWS\SYSTEM32\NTDLL.DLL`) || ioc.EqualFold(below, `\WINNT\SYSTEM32\NTDLL.DLL`) {
			return device
		}
	}
	return ""
}
