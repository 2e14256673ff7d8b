package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// The command-line library takes flags that stand after an argument for
// arguments. For a scanner that would mean to scan for something else than was
// asked, so arguments are put in order before it sees them.

// inOrder puts the flags of a command before its arguments, which it sets off
// by "--". Everything after a "--" of the user's is an argument.
func inOrder(args []string, flags []cli.Flag) []string {
	takesValue := map[string]bool{}
	for _, f := range flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, n := range f.Names() {
			takesValue[n] = !isBool
		}
	}
	var front, back []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			back = append(back, args[i+1:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			back = append(back, a)
			continue
		}
		front = append(front, a)
		if name := strings.TrimLeft(a, "-"); takesValue[name] && i+1 < len(args) {
			i++
			front = append(front, args[i])
		}
	}
	return append(append(front, "--"), back...)
}

// later are options that the contract names and this version has not got.
var later = map[string]string{
	"image": "disk images", "volume": "disk images", "drive-letter": "disk images", "hash-image": "disk images",
	"deleted": "disk images", "archive": "triage archives",
	"evtx": "event logs", "channels": "event logs", "since": "event logs", "until": "event logs", "datetime": "event logs",
	"hive": "registry hives", "keys": "registry hives", "no-replay": "registry hives",
	"artifact": "loose artefacts", "retro": "the retrospective scan", "process-data": "processes",
}

// checkFlags refuses flags that the command has not got, in words that help.
func checkFlags(args []string, command *cli.Command) error {
	known := map[string]bool{"help": true, "h": true}
	for _, f := range command.Flags {
		for _, n := range f.Names() {
			known[n] = true
		}
	}
	for _, a := range inOrder(args, command.Flags) {
		if a == "--" {
			return nil
		}
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		if a[0] != '-' || len(a) < 2 || known[name] {
			continue
		}
		if what, ok := later[name]; ok && command.Name == "scan" {
			return hinted{fmt.Errorf("--%s: this version does not read %s yet", name, what),
				"iocscan terms shows what it reads"}
		}
		err := fmt.Errorf("%s has no option %s", command.Name, a)
		if near := cli.SuggestFlag(command.Flags, name, true); near != "" {
			return hinted{err, "did you mean " + near + "?"}
		}
		return hinted{err, "iocscan " + command.Name + " --help lists the options"}
	}
	return nil
}
