package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"iocscan/scan"
)

// version is that of the release; -ldflags "-X main.version=…" sets it.
var version = "0.1.0-dev"

// app is the command line.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	cli            *cli.App
	args           []string // as given, for the report
}

const usageText = `iocscan COMMAND [options] [arguments]

Exit status of scan, whatever the format:
  0  nothing matched, and everything asked for was checked
  1  at least one IOC matched
  2  usage error, or the scan could not be run
  3  nothing matched, but something was not checked

Example:
  iocscan scan ./iocs --root /mnt/evidence -o report.json`

func newApp(stdin io.Reader, stdout, stderr io.Writer) *app {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	a.cli = &cli.App{
		Name: "iocscan", HelpName: "iocscan",
		Usage:     "search a computer or its evidence for the indicators in OpenIOC files",
		UsageText: usageText,
		Version:   fullVersion(),
		Reader:    stdin, Writer: stdout, ErrWriter: stderr,
		Commands:                  []*cli.Command{a.scanCommand(), a.imageCommand(), a.collectionCommand(), a.termsCommand(), a.reportCommand()},
		DisableSliceFlagSeparator: true,
		HideHelpCommand:           true,
		ExitErrHandler:            func(*cli.Context, error) {}, // main alone decides
		OnUsageError:              func(_ *cli.Context, err error, _ bool) error { return err },
	}
	for _, c := range a.cli.Commands {
		c.OnUsageError = a.cli.OnUsageError
		c.HideHelpCommand = true
	}
	return a
}

// fullVersion adds what the build knows of its source.
func fullVersion() string {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += "+" + s.Value[:12]
			}
		}
	}
	return v
}

func (a *app) run(ctx context.Context, args []string) error {
	a.args = args
	if len(args) < 2 {
		a.cli.Writer = a.stderr
		return errors.Join(a.cli.RunContext(ctx, []string{"iocscan", "--help"}), exitStatus(scan.ExitError))
	}
	first := args[1]
	switch first {
	case "help":
		if len(args) > 2 {
			return a.run(ctx, []string{args[0], args[2], "--help"})
		}
		return a.cli.RunContext(ctx, []string{args[0], "--help"})
	case "-h", "--help", "-v", "--version":
		return a.cli.RunContext(ctx, args[:2])
	}
	command := a.cli.Command(first)
	if command == nil {
		err := fmt.Errorf("no such command %q", first)
		if isFlag(first) {
			err = fmt.Errorf("option %s stands before the command", first)
		}
		return hinted{err, "iocscan scan IOC_PATH… searches; iocscan --help lists the commands"}
	}
	if command.SkipFlagParsing {
		return a.cli.RunContext(ctx, args)
	}
	rest, err := arrange(args[2:], command)
	if err != nil {
		return err
	}
	return a.cli.RunContext(ctx, append([]string{args[0], first}, rest...))
}

// collectionCommand is a place held for what the contract promises.
func (a *app) collectionCommand() *cli.Command {
	return &cli.Command{
		Name: "collection", Usage: "list, show, lint or export IOC files (comes later)", ArgsUsage: "list|show|lint|export IOC_PATH…",
		SkipFlagParsing: true, // of what it will have
		Action: func(*cli.Context) error {
			return hinted{errors.New("collection is not in this version"), "scan --plan shows what a collection asks and what nothing can answer"}
		},
	}
}
