package document

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"iocscan/ioc/match"
)

// fromSoftware reads what the system calls itself.
func (s *systemInfo) fromSoftware(req *Request) {
	k, err := openKey(req, windowsVersionKey)
	if err != nil {
		for _, f := range s.ofSoftware() {
			f.why = cmp.Or(f.why, err)
		}
		s.installed.why = err
		return
	}
	k.fill(&s.patch, "CSDVersion")
	k.fill(&s.productID, "ProductId")
	k.fill(&s.owner, "RegisteredOwner")
	k.fill(&s.organisation, "RegisteredOrganization")
	s.installed = k.unixTime("InstallDate")
	k.fill(&s.procType, "CurrentType")
	if s.procType.why == nil {
		s.procType.why = match.StandIn("the kind of the kernel stands in for that of the processors")
	}
	root, err := k.text("SystemRoot")
	if root != "" {
		s.directory.is(root+`\system32`, root)
	} else {
		s.directory.why = cmp.Or(err, errNotCarried)
	}
	s.ntVersion(k)
	s.ntProduct(k)
}

// ntVersion: since Windows 10 CurrentVersion stays 6.3, and other values have
// the version.
func (s *systemInfo) ntVersion(k keyValues) {
	var build fact
	k.fill(&build, "CurrentBuildNumber")
	if build.values == nil {
		k.fill(&build, "CurrentBuild") // on Windows XP it is of no use
	}
	revision, err1 := k.number("UBR")
	major, err2 := k.number("CurrentMajorVersionNumber")
	minor, err3 := k.number("CurrentMinorVersionNumber")
	s.build, s.version.why = build, errors.Join(build.why, err1, err2, err3)
	s.build.why = errors.Join(build.why, err1)
	if len(build.values) == 0 {
		s.build.why = cmp.Or(s.build.why, errNotCarried)
		s.version.why = cmp.Or(s.version.why, errNotCarried)
		return
	}
	number := build.values[0]
	full := number
	if revision.is {
		full = fmt.Sprintf("%s.%d", number, revision.n)
		s.build.values = []string{number, full}
	}
	version := fmt.Sprintf("%d.%d", major.n, minor.n)
	if !major.is {
		var err error
		if version, err = k.text("CurrentVersion"); err != nil || version == "" {
			s.version.why = cmp.Or(err, errNotCarried)
			return
		}
	}
	s.version.is(version+"."+number, version)
	if revision.is {
		s.version.is(version + "." + full)
	}
	k.fill(&s.version, "DisplayVersion")
	k.fill(&s.version, "ReleaseId")
}

// windows11 is the first build of Windows 11, which still calls itself Windows
// 10 in the registry.
const windows11 = 22000

// ntProduct: the name of the product, and as a caption with the build and the
// service pack.
func (s *systemInfo) ntProduct(k keyValues) {
	k.fill(&s.product, "ProductName")
	if s.product.values == nil {
		s.product.why = cmp.Or(s.product.why, errNotCarried)
	}
	build := strings.Join(s.build.values[:min(1, len(s.build.values))], "")
	if rest, ok := strings.CutPrefix(strings.Join(s.product.values, ""), "Windows 10"); ok {
		if n, err := strconv.Atoi(build); err == nil && n >= windows11 {
			s.product.is("Windows 11" + rest)
		}
	}
	s.os.why = s.product.why
	for _, name := range s.product.values {
		s.os.is(name, strings.Join(append([]string{name, build}, s.patch.values...), " "))
	}
}

// ntZone: the names of the zone. Where they are those of a library's texts, the
// list of zones has them in words.
func (s *systemInfo) ntZone(req *Request, control keyValues) {
	k, ok := control.openPart(`Control\TimeZoneInformation`, &s.zone, &s.offset, &s.standard, &s.daylight)
	if !ok {
		return
	}
	var key fact
	k.fill(&key, "TimeZoneKeyName")
	k.fill(&s.standard, "StandardName")
	k.fill(&s.daylight, "DaylightName")
	zones := windowsVersionKey + `\Time Zones\` + strings.Join(key.values, "")
	for _, f := range []struct {
		f    *fact
		name string
	}{{&s.standard, "Std"}, {&s.daylight, "Dlt"}} {
		if len(f.f.values) == 0 || !strings.HasPrefix(f.f.values[0], "@") {
			continue
		}
		f.f.values = nil
		if list, err := openKey(req, zones); err == nil && key.values != nil {
			list.fill(f.f, f.name)
		}
		if f.f.values == nil {
			f.f.why = cmp.Or(f.f.why, errNotCarried)
		}
	}
	s.zone = key
	if s.zone.values == nil { // to Windows Vista
		s.zone = s.standard
	}
	bias, err := k.number("ActiveTimeBias")
	if !bias.is {
		s.offset.why = cmp.Or(err, errNotCarried)
		return
	}
	s.offset.is(offsetText(int32(uint32(bias.n))))
	s.offset.why = match.StandIn("the offset is that of when the system last set it, written as ±hh:mm")
}

// offsetText is an offset from UTC, given as minutes to be added to local time.
func offsetText(bias int32) string {
	sign, minutes := '-', int64(bias)
	if minutes <= 0 {
		sign, minutes = '+', -minutes
	}
	return fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}
