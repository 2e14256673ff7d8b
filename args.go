package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// The command-line library takes flags that stand after an argument for
// arguments, and the argument after a flag for its value whatever it is. For a
// scanner that would mean to scan for something else than was asked, so
// arguments are put in order before the library sees them, and whatever could
// be a slip is refused in words that help.

// arrange puts the flags of a command before its arguments, each with its value
// behind "=" and under its first name, and sets the arguments off by "--".
// Everything after a "--" of the user's is an argument.
func arrange(args []string, command *cli.Command) ([]string, error) {
	flags := map[string]cli.Flag{"help": cli.HelpFlag, "h": cli.HelpFlag}
	for _, f := range command.Flags {
		for _, n := range f.Names() {
			flags[n] = f
		}
	}
	var front, back []string
	given := map[cli.Flag]bool{}
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			back = append(back, args[i+1:]...)
			break
		}
		if !isFlag(a) {
			back = append(back, a)
			continue
		}
		name, value, joined := splitFlag(a)
		f := flags[name]
		if f == nil {
			return nil, noSuchFlag(a, name, command)
		}
		if f == cli.HelpFlag {
			return []string{"--help"}, nil // with arguments it would look for a topic of that name
		}
		option, _, _ := strings.Cut(a, "=")
		name = "--" + f.Names()[0]
		if _, ok := f.(*cli.BoolFlag); ok {
			if _, err := strconv.ParseBool(value); joined && err != nil {
				return nil, fmt.Errorf("%s is on or off: %q is neither true nor false", option, value)
			}
			front = append(front, name+a[len(option):])
			continue
		}
		if !joined {
			if i++; i == len(args) || args[i] == "--" {
				return nil, fmt.Errorf("%s needs a value", option)
			}
			value = args[i]
			if next, _, _ := splitFlag(value); isFlag(value) && flags[next] != nil {
				return nil, hinted{fmt.Errorf("%s needs a value, and %s is an option", option, value),
					"if it is meant as the value, write " + option + "=" + value}
			}
		}
		if value == "" {
			return nil, fmt.Errorf("%s is empty", option)
		}
		if _, list := f.(*cli.StringSliceFlag); given[f] && !list {
			return nil, fmt.Errorf("%s is given twice", option)
		}
		given[f] = true
		front = append(front, name+"="+value)
	}
	if slices.Contains(back, "") {
		return nil, fmt.Errorf("an argument of %s is empty", command.Name)
	}
	return append(append(front, "--"), back...), nil
}

// isFlag: "-" alone is standard input or output.
func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' }

// splitFlag takes "--name=value" or "-name=value" apart.
func splitFlag(arg string) (name, value string, joined bool) {
	return strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
}

func noSuchFlag(arg, name string, command *cli.Command) error {
	option, _, _ := strings.Cut(arg, "=")
	err := fmt.Errorf("%s has no option %s", command.Name, option)
	if near := cli.SuggestFlag(command.Flags, name, true); near != "" && len(name) > 2 {
		return hinted{err, "did you mean " + near + "?"}
	}
	return hinted{err, "iocscan " + command.Name + " --help lists the options"}
}
