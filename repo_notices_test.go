package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestNoticesNameEveryModule compares THIRD-PARTY-NOTICES with what is linked
// on the targets. The texts are compared by .ci/run, which makes the file anew.
func TestNoticesNameEveryModule(t *testing.T) {
	notices, err := os.ReadFile("THIRD-PARTY-NOTICES")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	lines := strings.Split(string(notices), "\n")
	for i := 2; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "  source: ") {
			listed = append(listed, lines[i-2])
		}
	}
	targets, err := os.ReadFile(".ci/targets")
	if err != nil {
		t.Fatal(err)
	}
	var linked []string
	for target := range strings.FieldsSeq(string(targets)) {
		system, machine, _ := strings.Cut(target, "/")
		list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", ".")
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0", "GOPROXY=off")
		out, err := list.CombinedOutput()
		if err != nil {
			t.Fatalf("list the modules for %s: %v\n%s", target, err, out)
		}
		linked = append(linked, strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })...)
	}
	slices.Sort(linked)
	linked = slices.Compact(linked)
	if len(linked) == 0 || !slices.Equal(listed, linked) {
		t.Errorf("THIRD-PARTY-NOTICES lists\n%s\nlinked are\n%s\ngo run ./.ci/notices > THIRD-PARTY-NOTICES makes it anew",
			strings.Join(listed, "\n"), strings.Join(linked, "\n"))
	}
}
