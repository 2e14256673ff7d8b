package main

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadmeExample keeps the run that README shows true. It is the first
// fenced block that begins with "$ go run . scan": the command, which may be
// continued after a backslash, and what it prints.
func TestReadmeExample(t *testing.T) {
	body, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	args, want, ok := example(string(body))
	if !ok {
		t.Fatal("README.md has no fenced block that begins with $ go run . scan")
	}
	if runtime.GOOS == "windows" {
		t.Skip("README shows paths with slashes")
	}
	_, stdout, stderr := inProcess(t, args...)
	if stderr != "" {
		t.Errorf("the example writes to standard error: %s", stderr)
	}
	if diff := cmp.Diff(normal(want), normal(stdout)); diff != "" {
		t.Errorf("README shows something else than iocscan %s prints (-README +run):\n%s\nThe output:\n%s",
			strings.Join(args, " "), diff, stdout)
	}
}

// example finds the arguments and the output of the shown run.
func example(readme string) (args []string, output string, ok bool) {
	const command = "$ go run . scan"
	for i, block := range strings.Split(strings.ReplaceAll(readme, "\r\n", "\n"), "\n```") {
		// Between the fences that open and those that close every other part
		// is a block; its first line is what stands behind the fence.
		_, text, _ := strings.Cut(block, "\n")
		if i%2 == 0 || !strings.HasPrefix(text, command) {
			continue
		}
		line, output, _ := strings.Cut(text, "\n")
		return strings.Fields(strings.TrimPrefix(line, "$ go run . ")), output + "\n", true
	}
	return nil, "", false
}
