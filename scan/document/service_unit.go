package document

import "strings"

// A unit is what counts here of a unit file and its drop-ins
// (systemd.unit(5), systemd.service(5)).
type unit struct {
	description string
	kind        string
	user, group string
	install     bool
	exec        map[string][]string // by key: the command lines
}

// execKeys are the commands that run when a service starts, in that order but
// for the service's own, which comes first.
var execKeys = [...]string{"ExecStart", "ExecCondition", "ExecStartPre", "ExecStartPost"}

// add reads a unit file or a drop-in. What is not understood is passed over, as
// systemd does; an empty value takes back what was said before.
func (u *unit) add(body string) {
	section := ""
	var pending []byte
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
			continue // also between the parts of a continued line
		}
		if rest, ok := strings.CutSuffix(line, `\`); ok {
			pending = append(append(pending, rest...), ' ')
			continue
		}
		if len(pending) > 0 {
			trimmed, pending = strings.TrimSpace(string(append(pending, line...))), nil
		}
		if strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]") {
			section = trimmed[1 : len(trimmed)-1]
			u.install = u.install || section == "Install"
			continue
		}
		if key, value, ok := strings.Cut(trimmed, "="); ok {
			u.set(section, strings.TrimSpace(key), strings.TrimSpace(value))
		}
	}
	if key, value, ok := strings.Cut(strings.TrimSpace(string(pending)), "="); ok { // the file ends in a backslash
		u.set(section, strings.TrimSpace(key), strings.TrimSpace(value))
	}
}

func (u *unit) set(section, key, value string) {
	switch section + "/" + key {
	case "Unit/Description":
		u.description = value
	case "Service/Type":
		u.kind = value
	case "Service/User":
		u.user = value
	case "Service/Group":
		u.group = value
	case "Service/ExecStart", "Service/ExecCondition", "Service/ExecStartPre", "Service/ExecStartPost":
		if u.exec == nil {
			u.exec = map[string][]string{}
		}
		if value == "" {
			u.exec[key] = nil
		} else {
			u.exec[key] = append(u.exec[key], value)
		}
	}
}

func (u *unit) commands() []command {
	var list []command
	for _, key := range execKeys {
		for _, line := range u.exec[key] {
			list = appendCommands(list, line)
		}
	}
	return list
}

// appendCommands takes the commands of a line apart, which a lone semicolon
// parts. Prefixes say how the command is run; after "@" the word that follows
// the path is the name it is given, and not an argument.
func appendCommands(list []command, line string) []command {
	for _, part := range strings.Split(line, " ; ") {
		part = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(part), " ;"))
		rest := strings.TrimLeft(part, "@-:+!|")
		named := strings.Contains(part[:len(part)-len(rest)], "@")
		path, rest := cutWord(rest)
		if path == "" {
			continue
		}
		c := command{path: path, line: strings.TrimSpace(path + " " + rest)}
		if named {
			_, rest = cutWord(rest)
		}
		c.arguments = rest
		list = append(list, c)
	}
	return list
}

// cutWord cuts the first word off, out of its quotes.
func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		if word, rest, ok := strings.Cut(s[1:], s[:1]); ok {
			return word, strings.TrimSpace(rest)
		}
	}
	end := strings.IndexAny(s, " \t")
	if end < 0 {
		return s, ""
	}
	return s[:end], strings.TrimSpace(s[end:])
}
