// Command notices prints THIRD-PARTY-NOTICES: every module that is linked into
// iocscan on any of its targets, with its licence.
//
//	go run ./.ci/notices > THIRD-PARTY-NOTICES
//
// It reads the module cache, asks nobody, and stops at a licence that it does
// not know.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	text, err := notices()
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
	os.Stdout.WriteString(text)
}

// A module is one that is linked, with the texts that come with it.
type module struct {
	path, version, dir string
	files              []licenceFile
}

type licenceFile struct {
	name, text string
	licences   []string // SPDX names; none of a notice or a grant of patents
}

func notices() (string, error) {
	modules, err := linked()
	if err != nil {
		return "", err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("find Go: %w", err)
	}
	std := module{path: "Go", version: "standard library and runtime", dir: strings.TrimSpace(string(root))}
	modules = append([]module{std}, modules...)
	for i := range modules {
		if err := modules[i].read(); err != nil {
			return "", fmt.Errorf("%s %s: %w", modules[i].path, modules[i].version, err)
		}
	}
	return write(modules)
}

// linked lists the modules of all targets, in order of path.
func linked() ([]module, error) {
	targets, err := os.ReadFile(".ci/targets")
	if err != nil {
		return nil, err
	}
	found := map[string]module{}
	for target := range strings.FieldsSeq(string(targets)) {
		system, machine, _ := strings.Cut(target, "/")
		list := exec.Command("go", "list", "-deps", "-f",
			"{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", ".")
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0")
		list.Stderr = os.Stderr
		out, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("list the modules for %s: %w", target, err)
		}
		for line := range strings.Lines(string(out)) {
			if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
				found[f[0]] = module{path: f[0], version: f[1], dir: f[2]}
			}
		}
	}
	var modules []module
	for _, m := range found {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return modules, nil
}

var legal = regexp.MustCompile(`(?i)^(licen[sc]e|unlicense|copying|notice|patents|attrib|third[-_]party)([-._].*)?$`)

func (m *module) read() error {
	entries, err := os.ReadDir(m.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		// The licence of a module's picture: no program has it in it.
		if e.IsDir() || !legal.MatchString(e.Name()) || strings.HasSuffix(e.Name(), "-LOGO") {
			continue
		}
		body, err := os.ReadFile(filepath.Join(m.dir, e.Name()))
		if err != nil {
			return err
		}
		f := licenceFile{name: e.Name(), text: tidy(string(body))}
		if f.licences, err = classify(f); err != nil {
			return err
		}
		m.files = append(m.files, f)
	}
	if !slices.ContainsFunc(m.files, func(f licenceFile) bool { return len(f.licences) > 0 }) {
		return errors.New("no licence was found")
	}
	return nil
}

// tidy makes texts that differ in ends of lines only the same.
func tidy(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Trim(strings.ReplaceAll(s, "\r\n", "\n"), "\n") + "\n") {
		b.WriteString(strings.TrimRight(line, " \t\n") + "\n")
	}
	return b.String()
}

// marks are sentences by which a licence is known, the more special first.
var marks = []struct{ licence, sentence string }{
	{"Apache-2.0", "Apache License Version 2.0, January 2004"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License, version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge"},
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-2-Clause", "Redistribution and use in source and binary forms"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software"},
	{"Unlicense", "This is free and unencumbered software released into the public domain"},
}

func classify(f licenceFile) ([]string, error) {
	words := strings.Join(strings.Fields(f.text), " ")
	var names []string
	for _, m := range marks {
		plainer := m.licence == "BSD-2-Clause" && slices.Contains(names, "BSD-3-Clause")
		if strings.Contains(words, m.sentence) && !plainer && !slices.Contains(names, m.licence) {
			names = append(names, m.licence)
		}
	}
	if name := strings.ToLower(f.name); len(names) == 0 && (strings.HasPrefix(name, "licen") || strings.HasPrefix(name, "copying")) {
		return nil, fmt.Errorf("%s is a licence that this program does not know", f.name)
	}
	return names, nil
}

func (m *module) licences() string {
	var names []string
	for _, f := range m.files {
		names = append(names, f.licences...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return strings.Join(names, " AND ")
}

var (
	copyright = regexp.MustCompile(`^(?://|/?\*|#)?\s*(Copyright\b.*)$`)
	holder    = regexp.MustCompile(`(?i)copyright\s+(\(c\)|©|[0-9])`)
)

// copyrights are the lines of the licence files, and where those name nobody,
// as the Apache License does, those at the top of the source files.
func (m *module) copyrights() ([]string, error) {
	var lines []string
	add := func(text string) {
		for line := range strings.Lines(text) {
			c := copyright.FindStringSubmatch(strings.TrimSpace(line))
			if c != nil && holder.MatchString(c[1]) && !strings.Contains(c[1], "[yyyy]") && !slices.Contains(lines, c[1]) {
				lines = append(lines, c[1])
			}
		}
	}
	for _, f := range m.files {
		add(f.text)
	}
	if len(lines) > 0 && !strings.Contains(m.licences(), "Apache-2.0") {
		return lines, nil
	}
	err := filepath.WalkDir(m.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go") {
			return err
		}
		body, err := os.ReadFile(p)
		top, _, _ := bytes.Cut(body, []byte("\npackage "))
		add(string(top))
		return err
	})
	if len(lines) == 0 {
		lines = []string{"Copyright of the authors of " + m.path + ", whose files do not name them"}
	}
	slices.Sort(lines)
	return lines, err
}

const rule = "================================================================================\n"

// write prints the list, then each text once with the modules that it is of.
func write(modules []module) (string, error) {
	var b strings.Builder
	b.WriteString("iocscan contains the software below, each under its own licence. This file is\n" +
		"written by .ci/notices.\n\n")
	of := map[string][]string{}
	var texts []string
	for _, m := range modules {
		lines, err := m.copyrights()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s %s\n  licence: %s\n", m.path, m.version, m.licences())
		if m.path != "Go" {
			fmt.Fprintf(&b, "  source:  https://pkg.go.dev/%s@%s\n", m.path, m.version)
		}
		for _, l := range lines {
			fmt.Fprintf(&b, "  %s\n", l)
		}
		b.WriteString("\n")
		for _, f := range m.files {
			if of[f.text] == nil {
				texts = append(texts, f.text)
			}
			of[f.text] = append(of[f.text], fmt.Sprintf("%s: %s", m.path, f.name))
		}
	}
	for _, text := range texts {
		b.WriteString(rule + strings.Join(of[text], "\n") + "\n" + rule + "\n" + text + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}
