package document

import "iocscan/scan/internal/plist"

// readDarwinSystem reads the property lists in which macOS keeps its version
// and its names.
func readDarwinSystem(e etc, req *Request) systemInfo {
	s := systemInfo{}
	s.platform.is("osx", "macOS", "darwin")
	const version = "/System/Library/CoreServices/SystemVersion.plist"
	if d, err := e.readPlist(version); err != nil {
		unknown(req, version, err, &s.os, &s.product, &s.version, &s.build)
	} else {
		name, _ := d.Text("ProductName")
		number, _ := d.Text("ProductVersion")
		build, _ := d.Text("ProductBuildVersion")
		s.os.is(name + " " + number)
		s.product.is(name)
		s.version.is(number)
		s.build.is(build)
	}
	darwinNames(e, req, &s)
	readZone(e, req, &s.zone, "/private/etc/localtime")
	return s
}

// darwinNames: the name for people, the one of the local network, and the one
// of the host if one is set. The domain is the network's to tell.
func darwinNames(e etc, req *Request, s *systemInfo) {
	const path = "/Library/Preferences/SystemConfiguration/preferences.plist"
	s.domain.why = errNotCarried
	d, err := e.readPlist(path)
	if err != nil {
		unknown(req, path, err, &s.hostname)
		return
	}
	system := d.Dict("System")
	for _, at := range []struct {
		in  plist.Dict
		key string
	}{{system.Dict("System"), "HostName"}, {system.Dict("System"), "ComputerName"}, {system.Dict("Network").Dict("HostNames"), "LocalHostName"}} {
		name, _ := at.in.Text(at.key)
		s.hostname.is(name)
	}
	if s.hostname.values == nil {
		s.hostname.why = errNotCarried
	}
}
