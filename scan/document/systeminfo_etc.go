package document

import (
	"strings"

	"iocscan/scan/source"
)

// unknown makes facts unknown. What is missing is not told, what cannot be
// read is.
func unknown(req *Request, path string, err error, facts ...*fact) {
	if missing(err) {
		err = errNotCarried
	} else {
		req.trouble(path, err)
	}
	for _, f := range facts {
		f.why = err
	}
}

func (f *fact) is(values ...string) {
	for _, v := range values {
		if v != "" {
			f.values = append(f.values, v)
		}
	}
}

// sure is a fact of those of the values that are not empty.
func sure(values ...string) (f fact) {
	f.is(values...)
	return f
}

// readLinuxSystem reads what systemd's machine descriptions and the older files
// beside them say: hostname(5), os-release(5), localtime(5), resolv.conf(5).
func readLinuxSystem(e etc, req *Request) systemInfo {
	s := systemInfo{}
	s.platform.is("linux")
	linuxNames(e, req, &s)

	release, err := firstFile(e, "/etc/os-release", "/usr/lib/os-release")
	if err != nil {
		unknown(req, "/etc/os-release", err, &s.os, &s.product, &s.version, &s.build)
	} else {
		set := assignments(release)
		s.os.is(set["PRETTY_NAME"])
		if s.os.values == nil {
			s.os.is(strings.TrimSpace(set["NAME"] + " " + set["VERSION"]))
		}
		s.product.is(set["NAME"])
		s.version.is(set["VERSION_ID"])
		s.build.is(set["BUILD_ID"])
	}
	readZone(e, req, &s.zone, "/etc/localtime")
	if name, err := e.read("/etc/timezone"); s.zone.values == nil && err == nil { // Debian
		if name = strings.TrimSpace(name); name != "" {
			s.zone = fact{values: []string{name}}
		}
	}
	return s
}

// linuxNames: the name as it is configured, and without its domain. The
// resolver's domain is that of the host where the name has none.
func linuxNames(e etc, req *Request, s *systemInfo) {
	body, err := e.read("/etc/hostname")
	if err != nil {
		unknown(req, "/etc/hostname", err, &s.hostname)
	}
	name := ""
	for line := range strings.Lines(body) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			name = line
			break
		}
	}
	short, domain, _ := strings.Cut(name, ".")
	s.hostname.is(name)
	if domain != "" {
		s.hostname.is(short)
		s.domain.is(domain)
		return
	}
	if err == nil && name == "" {
		s.hostname.why = errNotCarried // the name comes from elsewhere
	}
	body, err = e.read("/etc/resolv.conf")
	if err != nil {
		unknown(req, "/etc/resolv.conf", err, &s.domain)
		return
	}
	for line := range strings.Lines(body) {
		if words := strings.Fields(line); len(words) > 1 && (words[0] == "domain" || words[0] == "search") {
			s.domain.values = words[1:2]
		}
	}
	if s.domain.values == nil {
		s.domain.why = errNotCarried // it may come from the network
	}
}

func firstFile(e etc, paths ...string) (body string, err error) {
	for _, path := range paths {
		if body, err = e.read(path); !missing(err) {
			break
		}
	}
	return body, err
}

// assignments reads the lines NAME=value of a file that shells could read.
func assignments(body string) map[string]string {
	set := map[string]string{}
	for line := range strings.Lines(body) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = unescape.Replace(value[1 : n-1])
		}
		set[key] = value
	}
	return set
}

// unescape takes the backslashes away that os-release(5) asks for.
var unescape = strings.NewReplacer(`\"`, `"`, `\$`, `$`, `\\`, `\`, "\\`", "`")

// readZone takes the zone from a link into the folder of zones.
func readZone(e etc, req *Request, f *fact, path string) {
	at, err := e.Resolve(source.Parent(path))
	if err == nil {
		at = source.Join(at, source.Base(path))
		var info source.Info
		if info, err = e.Lstat(at); err == nil && info.Type != source.Link {
			f.why = errNotCarried // a copy of the zone's rules, which do not tell its name
			return
		}
	}
	target := ""
	if err == nil {
		target, err = e.Readlink(at)
	}
	if err != nil {
		unknown(req, path, err, f)
		return
	}
	if _, name, ok := strings.Cut(target, "zoneinfo/"); ok && name != "" {
		f.is(name)
	} else {
		f.why = errNotCarried
	}
}
