package main

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"iocscan/report"
)

func (a *app) reportCommand() *cli.Command {
	return &cli.Command{
		Name: "report", Usage: "turn a saved JSON or JSONL report into another format", ArgsUsage: "REPORT",
		Description: "REPORT is a file, or - for standard input. A JSONL report whose end is missing is taken as interrupted.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Value: "human", Usage: "human, json, jsonl or csv on standard output"},
			&cli.StringSliceFlag{Name: "o", Usage: "write `FILE`, its format by its ending (repeats)"},
			&cli.BoolFlag{Name: "no-color", Usage: "no colours"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "only findings and the last line"},
			&cli.BoolFlag{Name: "verbose", Usage: "every field, every list to its end"},
		},
		Action: a.replay,
	}
}

func (a *app) replay(c *cli.Context) error {
	if c.NArg() != 1 {
		return hinted{fmt.Errorf("report takes one saved report, not %d", c.NArg()), "iocscan report REPORT --format human"}
	}
	opt := outputOptions{
		format: c.String("format"), files: c.StringSlice("o"), color: !c.Bool("no-color"),
		quiet: c.Bool("quiet"), verbose: c.Bool("verbose"),
	}
	if err := opt.check(); err != nil {
		return err
	}
	for _, o := range opt.files {
		if sameFile(o, c.Args().First()) {
			return fmt.Errorf("-o %s is the report that is to be read", o)
		}
	}
	in, name, err := a.open(c.Args().First())
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := a.openOutputs(opt)
	if err != nil {
		return err
	}
	if err := report.Replay(in, out.sink()); err != nil {
		out.discard()
		return fmt.Errorf("%s: %w", name, err)
	}
	return out.finish()
}

// open opens a file to read, "-" being standard input.
func (a *app) open(name string) (io.ReadCloser, string, error) {
	if name == "-" {
		return io.NopCloser(a.stdin), "standard input", nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, name, err
	}
	return f, name, nil
}

// sameFile: a JSONL report is emptied before the first line is written.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
