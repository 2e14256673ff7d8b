package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"iocscan/ioc"
	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/source"
)

func (a *app) scanCommand() *cli.Command {
	return &cli.Command{
		Name: "scan", Usage: "search for the indicators", ArgsUsage: "IOC_PATH…",
		Description: "IOC_PATH is an OpenIOC file, a folder of them (searched below), a zip file of them, or - for\n" +
			"standard input. Without --root, --image or --archive the running host is scanned. Evidence is only read.",
		Flags:  scanFlags(),
		Action: a.scan,
	}
}

// scan reads the arguments into a scan.Config, plans and runs.
func (a *app) scan(c *cli.Context) error {
	opt, err := readScanOptions(c)
	if err != nil {
		return err
	}
	binary := hashOwnBinary()
	coll, err := ioc.Load(opt.iocs, ioc.Options{MaxSize: opt.maxIOCSize, Exclude: opt.excludeIOC, Stdin: a.stdin})
	switch {
	case errors.Is(err, path.ErrBadPattern):
		return fmt.Errorf("--exclude-ioc: %w", err)
	case err != nil:
		return err
	}
	for _, x := range coll.Unused {
		a.warn("--exclude-ioc %q fits no IOC file", x)
	}
	loose, err := findLoose(opt)
	if err != nil {
		return err
	}
	src, disk, err := openSource(c.Context, opt, loose)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := sparesImage(disk, opt.output.files); err != nil {
		return err
	}

	registry := source.NewRegistry(src, source.RegistryOptions{Given: loose.hives, NoReplay: opt.noReplay})
	defer registry.Close()

	cfg := a.config(opt, coll, src)
	cfg.Registry, cfg.Logs, cfg.Given = registry, loose.logs, loose.artifacts
	if opt.hashImage {
		cfg.Image = disk
	}
	cfg.Header.Tool.SHA256 = <-binary
	plan, err := scan.NewPlan(c.Context, cfg)
	if err != nil {
		return err
	}
	for _, p := range plan.Scope.Absent {
		a.warn("--scope %s: the evidence has nothing there", p)
	}
	if opt.plan {
		if len(opt.output.files) > 0 {
			a.warn("--plan writes no report: -o is not used")
		}
		if err := c.Context.Err(); err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		return a.printPlan(plan, opt.output.format)
	}
	for _, o := range inside(opt.root, opt.output.files) {
		a.warn("-o %s writes into the evidence", o)
	}
	return a.runPlan(c.Context, plan, opt)
}

func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.stderr, "iocscan: warning: %s\n", oneLine(fmt.Sprintf(format, args...)))
}

// inside are those of the files that would be written below a folder.
func inside(root string, files []string) []string {
	if root == "" {
		return nil
	}
	top, err := filepath.Abs(root)
	if err != nil {
		return nil
	}
	var out []string
	for _, name := range paths(files) {
		if rel, err := filepath.Rel(real(top), filepath.Join(real(filepath.Dir(name)), filepath.Base(name))); err == nil && filepath.IsLocal(rel) {
			out = append(out, name)
		}
	}
	return out
}

// real is a path without links, or the path itself where that cannot be found.
func real(name string) string {
	if p, err := filepath.EvalSymlinks(name); err == nil {
		return p
	}
	return name
}

func (a *app) runPlan(ctx context.Context, plan *scan.Plan, opt *scanOptions) error {
	out, err := a.openOutputs(opt.output)
	if err != nil {
		return err
	}
	progress := &document.Progress{}
	var sink scan.Sink = out.sink()
	if opt.progress && isTerminal(a.stderr) {
		bar := newProgress(a.stderr, sink, progress)
		defer bar.stop()
		sink = bar
	}
	// Workers are more than processors where that helps; this is what keeps a
	// scan with few --jobs from taking the whole machine.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(min(opt.jobs, runtime.GOMAXPROCS(0))))
	makeRoom()
	result, err := plan.Run(ctx, sink, progress)
	if err != nil {
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	if s := result.Summary.ExitStatus; s != scan.ExitClear {
		return exitStatus(s)
	}
	return nil
}

// config is the scan as the options, the collection and the source make it.
func (a *app) config(opt *scanOptions, coll *ioc.Collection, src source.Source) scan.Config {
	user, elevated := source.CurrentUser()
	host := opt.hostname
	if host == "" {
		host = source.HostName(src)
	}
	cfg := scan.Config{
		Collection: coll, Source: src,
		Drives: opt.drives, Scopes: opt.scopes, Timeout: opt.timeout, Since: opt.since, Until: opt.until, Retro: opt.retro,
		Header: scan.Header{
			Schema: scan.SchemaName,
			Tool: scan.Tool{Name: "iocscan", Version: fullVersion(), Go: runtime.Version(),
				Platform: runtime.GOOS + "/" + runtime.GOARCH},
			Scan: scan.Info{
				Started: time.Now().UTC().Format(time.RFC3339), Host: host, User: user, Elevated: elevated,
				Command: slices.Clone(a.args), CollectionSHA256: collectionHash(coll),
				Source:  scan.Source{Kind: src.Kind(), Path: sourcePath(src), Platform: string(src.Platform())},
				Options: opt.reported(),
				Scope:   scan.Scope{Exclude: opt.exclude},
			},
		},
	}
	if src.Kind() == "host" {
		cfg.OwnFiles = ownFiles(coll, opt.output.files)
	}
	return cfg
}

// sourcePath is where the evidence lies; empty for this host.
func sourcePath(src source.Source) string {
	if src.Kind() == "host" {
		return ""
	}
	return src.Name()
}

// ownFiles are what would be found because the scan itself put it there: the
// IOC files, which contain every indicator, the reports and the program.
func ownFiles(coll *ioc.Collection, reports []string) []string {
	names := paths(reports)
	if exe, err := os.Executable(); err == nil {
		names = append(names, exe)
	}
	var files []string
	for _, f := range coll.Files {
		name := f.Path
		if i := strings.Index(strings.ToLower(name), ".zip/"); i >= 0 {
			name = name[:i+len(".zip")]
		}
		files = append(files, name)
	}
	names = append(names, paths(files)...)
	slices.Sort(names)
	return slices.Compact(names)
}

// collectionHash identifies the collection by the content of its files,
// wherever they lie.
func collectionHash(coll *ioc.Collection) string {
	var sums []string
	for _, f := range coll.Files {
		if f.Status != ioc.Excluded {
			sums = append(sums, f.SHA256)
		}
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return hex.EncodeToString(sum[:])
}

// hashOwnBinary reads the running program beside the other preparations; the
// result is empty if it cannot be read.
func hashOwnBinary() <-chan string {
	out := make(chan string, 1)
	go func() {
		sum, err := hashExecutable()
		if err != nil {
			sum = ""
		}
		out <- sum
	}()
	return out
}

func hashExecutable() (sum string, err error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(exe)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
