package document

import (
	"fmt"
	"strings"

	"iocscan/scan/source"
)

// initScripts lists the scripts of System V init. One may lie beside a unit of
// the same name, which systemd prefers; it is a start-up file all the same.
func (h *serviceHost) initScripts() {
	at, entries := h.folder("/etc/init.d")
	if at == "" {
		return
	}
	levels := h.runLevels()
	for _, e := range entries {
		if h.done {
			return
		}
		if e.Type != source.Regular && e.Type != source.Link || notAScript(e.Name) {
			continue
		}
		path := source.Join(at, e.Name)
		if e.Type == source.Link {
			real, err := h.Resolve(path)
			if err == nil {
				var info source.Info
				if info, err = h.Lstat(real); err == nil && info.Type != source.Regular {
					continue
				}
			}
			if missing(err) {
				continue
			}
		}
		s := service{
			file: path, name: e.Name, kind: some("init script"), account: "root",
			commands: []command{{path: path, arguments: "start", line: path + " start"}},
		}
		body, err := h.read(path)
		if err != nil {
			s.why = fmt.Errorf("init script: %w", err)
		}
		s.header(body)
		s.mode = []string{"disabled", demandStart}
		if levels[e.Name] {
			s.mode = []string{"enabled", autoStart}
		}
		h.add(s)
	}
}

// notAScript: what distributions keep beside the scripts.
func notAScript(name string) bool {
	return name == "README" || name == "functions" || name == "skeleton" || strings.HasPrefix(name, ".depend.") ||
		strings.Contains(name, ".dpkg-") || strings.Contains(name, ".rpm")
}

// runLevels are the scripts that some run level starts.
func (h *serviceHost) runLevels() map[string]bool {
	started := map[string]bool{}
	for _, level := range [...]string{"S", "2", "3", "4", "5"} {
		for _, folder := range [...]string{"/etc/rc" + level + ".d", "/etc/rc.d/rc" + level + ".d"} {
			_, entries := h.folder(folder)
			for _, e := range entries {
				if len(e.Name) > 3 && e.Name[0] == 'S' {
					started[e.Name[3:]] = true
				}
			}
		}
	}
	return started
}

// header reads the comment that the Linux Standard Base asks of a script.
func (s *service) header(body string) {
	_, body, ok := strings.Cut(body, "### BEGIN INIT INFO")
	if !ok {
		return
	}
	body, _, _ = strings.Cut(body, "### END INIT INFO")
	var text []byte
	last := ""
	for line := range strings.Lines(body) {
		line = strings.TrimRight(strings.TrimPrefix(line, "#"), "\r\n")
		if key, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "\t") {
			value = strings.TrimSpace(value)
			switch last = strings.TrimSpace(key); last {
			case "Provides":
				for _, name := range strings.Fields(value) {
					if name != s.name && name[0] != '$' {
						s.alias = append(s.alias, name)
					}
				}
			case "Short-Description":
				s.title = value
			case "Description":
				text = append(text[:0], value...)
			}
		} else if last == "Description" { // continued by a tab or two blanks
			text = append(append(text, ' '), strings.TrimSpace(line)...)
		}
	}
	s.text = string(text)
}
