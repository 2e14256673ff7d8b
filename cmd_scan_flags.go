package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"iocscan/scan"
	"iocscan/scan/document"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

const (
	lookFor = "1. What to look for"
	where   = "2. Where to look"
	much    = "3. How much"
	say     = "4. What to say"
)

// maxJobs bounds the memory of the workers' queues.
const maxJobs = 1024

func scanFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "path", Aliases: []string{"ioc"}, Category: lookFor, Usage: "a further IOC `PATH` (repeats)"},
		&cli.StringSliceFlag{Name: "exclude-ioc", Category: lookFor, Usage: "leave out IOC files by `GLOB|ID` (repeats)"},
		&cli.StringFlag{Name: "max-ioc-size", Category: lookFor, Value: "3M", Usage: "largest IOC file, in `BYTES` or with K, M, G"},

		&cli.StringFlag{Name: "root", Category: where, Usage: "a mounted or copied system at `DIR` instead of this host"},
		&cli.StringFlag{Name: "image", Category: where, Usage: "a disk image `FILE` instead of this host: raw, E01, VHD, VHDX, VMDK, QCOW2; of several segments the first"},
		&cli.StringSliceFlag{Name: "volume", Category: where, Usage: "of the image only the volume with the number `N`, as iocscan image counts (repeats)"},
		&cli.StringFlag{Name: "drive-letter", Category: where, Usage: "the letter `X:` of the image's volume with Windows on it, or else of its first, where the evidence does not tell"},
		&cli.BoolFlag{Name: "hash-image", Category: where, Usage: "put the SHA-256 of the image's disk into the report, and compare the hashes that the image has stored"},
		&cli.BoolFlag{Name: "deleted", Category: where, Usage: "files: of the image also what is deleted, marked so"},
		&cli.StringFlag{Name: "archive", Category: where, Usage: "a triage archive `FILE` instead of this host: zip, tar or tar.gz of Velociraptor, KAPE or UAC, or of a system's root"},
		&cli.StringSliceFlag{Name: "hive", Category: where, Usage: "a registry hive `[KEY=]FILE` and nothing else, or instead of the root's own; KEY is its place, such as HKLM\\SOFTWARE (repeats)"},
		&cli.StringSliceFlag{Name: "evtx", Category: where, Usage: "an event log or a folder of them at `PATH` and nothing else, or instead of the root's own (repeats)"},
		&cli.StringSliceFlag{Name: "artifact", Category: where, Usage: "a loose artefact or a folder of them at `PATH`, known by its content: event log, hive, prefetch file, task; nothing else, or instead of the root's own (repeats)"},
		&cli.BoolFlag{Name: "no-replay", Category: where, Usage: "leave the transaction logs beside hives alone"},
		&cli.StringFlag{Name: "platform", Category: where, Usage: "windows, linux or darwin, where the root, image or archive does not show it"},
		&cli.StringFlag{Name: "hostname", Category: where, Usage: "`NAME` of the host that the evidence is from"},

		&cli.StringSliceFlag{Name: "documents", Category: much, Usage: "only these documents `A,B` (repeats)"},
		&cli.StringSliceFlag{Name: "skip", Category: much, Usage: "not these documents `A,B` (repeats)"},
		&cli.StringFlag{Name: "drives", Category: much, Usage: "areas for files: all, system, critical or custom (default critical on this host, else all)"},
		&cli.StringSliceFlag{Name: "scope", Category: much, Usage: "only files at or below `PATH` (repeats)"},
		&cli.StringSliceFlag{Name: "exclude", Category: much, Usage: "no files that fit `GLOB`; ** crosses folders (repeats)"},
		&cli.StringSliceFlag{Name: "keys", Category: much, Usage: "registry: predefined, all, or all below `KEY` (repeats; default predefined on this host, else all)"},
		&cli.StringSliceFlag{Name: "channels", Category: much, Usage: "event logs: only the channel `NAME`, or all (repeats; default Application, System, Security and what the IOCs need; with --evtx or --artifact all)"},
		&cli.StringFlag{Name: "since", Aliases: []string{"datetime"}, Category: much, Usage: "event logs: only records of `TIME` or later, such as 2024-05-31 or 2024-05-31T08:00:00Z"},
		&cli.StringFlag{Name: "until", Category: much, Usage: "event logs: only records of `TIME` or earlier"},
		&cli.StringSliceFlag{Name: "process-data", Category: much, Usage: "processes: look only at `PART`: basic, handles, modules, ports or strings (repeats; default what the IOCs ask for)"},
		&cli.StringFlag{Name: "retro", Category: much, Usage: "what the evidence remembers of the interval `FROM..TO`, both ends included, such as 2024-05-30..2024-05-31; default: from yesterday 00:00 to the end of today"},
		&cli.StringFlag{Name: "hint", Category: much, Usage: "only files whose full path fits `REGEX`"},
		&cli.StringFlag{Name: "max-file-size", Category: much, Value: "0", Usage: "do not read the content of files above `BYTES` (or with K, M, G); 0: read all"},
		&cli.StringFlag{Name: "timeout", Category: much, Usage: "end after `DURATION`, such as 30m, with a report of what was found"},
		&cli.StringFlag{Name: "jobs", Category: much, Usage: "how many workers, `N` (default: one for each processor)"},
		&cli.StringFlag{Name: "max-objects", Category: much, Value: "1000", Usage: "how many matches are listed for each IOC file, `N`; all are counted; 0: list all"},

		&cli.StringFlag{Name: "format", Category: say, Value: "human", Usage: "human, json, jsonl or csv on standard output"},
		&cli.StringSliceFlag{Name: "o", Category: say, Usage: "write `FILE`, its format by its ending: .json, .jsonl, .csv, .txt (repeats)"},
		&cli.BoolFlag{Name: "plan", Category: say, Usage: "print what would be read and what nothing can answer, and stop"},
		&cli.BoolFlag{Name: "accept-incomplete", Category: say, Usage: "end with status 0 instead of 3"},
		&cli.BoolFlag{Name: "no-progress", Category: say, Usage: "no progress on the terminal"},
		&cli.BoolFlag{Name: "no-color", Category: say, Usage: "no colours"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: say, Usage: "only findings and the last line"},
		&cli.BoolFlag{Name: "verbose", Category: say, Usage: "every field, every list to its end"},
	}
}

// scanOptions is what was typed, checked as far as that goes without touching
// evidence.
type scanOptions struct {
	iocs, excludeIOC []string
	maxIOCSize       int64

	root, hostname     string
	image, archive     string
	volumes            []int
	letter             string // "X:" or empty
	hashImage, deleted bool
	platform           source.Platform

	hives                  []source.GivenHive
	noReplay               bool
	evtx, channels         []string
	artifact               []string
	since, until, retro    string
	processData            []string
	keys                   []string
	documents, skip        []string
	drives, hint           string
	scopes, exclude        []string
	maxFileSize            int64
	timeout                time.Duration
	jobs, maxObjects       int
	plan, accept, progress bool
	output                 outputOptions
}

func readScanOptions(c *cli.Context) (*scanOptions, error) {
	o := &scanOptions{
		iocs:       append(c.Args().Slice(), c.StringSlice("path")...),
		excludeIOC: c.StringSlice("exclude-ioc"),
		root:       c.String("root"), hostname: c.String("hostname"),
		image: c.String("image"), archive: c.String("archive"), hashImage: c.Bool("hash-image"), deleted: c.Bool("deleted"),
		documents: commas(c.StringSlice("documents")), skip: commas(c.StringSlice("skip")),
		drives: c.String("drives"), hint: c.String("hint"),
		scopes: c.StringSlice("scope"), exclude: c.StringSlice("exclude"),
		noReplay: c.Bool("no-replay"), keys: c.StringSlice("keys"),
		evtx: c.StringSlice("evtx"), artifact: c.StringSlice("artifact"), channels: c.StringSlice("channels"), since: c.String("since"), until: c.String("until"), retro: c.String("retro"), processData: c.StringSlice("process-data"),
		plan: c.Bool("plan"), accept: c.Bool("accept-incomplete"),
		progress: !c.Bool("no-progress") && !c.Bool("quiet"),
		output: outputOptions{
			format: c.String("format"), files: c.StringSlice("o"), color: !c.Bool("no-color"),
			quiet: c.Bool("quiet"), verbose: c.Bool("verbose"),
		},
	}
	if len(o.iocs) == 0 {
		return nil, hinted{errors.New("scan needs the IOC files to search for"), "iocscan scan IOC_PATH… [--root DIR]"}
	}
	var err error
	if o.maxIOCSize, err = size(c, "max-ioc-size"); err != nil {
		return nil, err
	}
	if o.maxFileSize, err = size(c, "max-file-size"); err != nil {
		return nil, err
	}
	if o.platform, err = platform(c.String("platform")); err != nil {
		return nil, err
	}
	if o.jobs, err = number(c, "jobs", runtime.GOMAXPROCS(0)); err != nil {
		return nil, err
	}
	if o.maxObjects, err = number(c, "max-objects", 0); err != nil {
		return nil, err
	}
	if o.hives, err = givenHives(c.StringSlice("hive")); err != nil {
		return nil, err
	}
	if o.timeout, err = timeLimit(c); err != nil {
		return nil, err
	}
	if err := o.output.check(); err != nil {
		return nil, err
	}
	if o.letter, err = driveLetter(c.String("drive-letter")); err != nil {
		return nil, err
	}
	if o.volumes, err = volumeNumbers(c.StringSlice("volume")); err != nil {
		return nil, err
	}
	if err := goesWithImage(c); err != nil {
		return nil, err
	}
	if err := knownParts(o.processData); err != nil {
		return nil, err
	}
	switch {
	case o.platform != source.Unknown && o.root == "" && o.image == "" && o.archive == "":
		return nil, errors.New("--platform goes with --root, --image or --archive: this host knows what it is")
	case o.maxIOCSize == 0:
		return nil, errors.New("--max-ioc-size 0 leaves no IOC file")
	case o.jobs < 1:
		return nil, errors.New("--jobs 0: at least one worker is needed")
	case o.jobs > maxJobs:
		return nil, fmt.Errorf("--jobs %d: at most %d workers", o.jobs, maxJobs)
	}
	switch o.drives {
	case "", scope.All, scope.System, scope.Critical, scope.Custom:
	default:
		return nil, fmt.Errorf("--drives %q: all, system, critical or custom", o.drives)
	}
	if o.drives == scope.Custom && len(o.scopes) == 0 {
		return nil, errors.New("--drives custom needs at least one --scope")
	}
	return o, nil
}

// reported are the options as the report repeats them.
func (o *scanOptions) reported() scan.Options {
	r := scan.Options{
		Documents: list(o.documents), Skip: list(o.skip), Hint: o.hint,
		MaxFileSize: o.maxFileSize, MaxIOCSize: o.maxIOCSize, MaxObjects: o.maxObjects,
		Jobs: o.jobs, ExcludeIOC: list(o.excludeIOC), AcceptIncomplete: o.accept,
		Keys: list(o.keys), NoReplay: o.noReplay, Channels: list(o.channels), ProcessData: list(o.processData),
	}
	if o.timeout > 0 {
		r.Timeout = o.timeout.String()
	}
	return r
}

// knownParts checks --process-data.
func knownParts(parts []string) error {
	for _, p := range parts {
		if !slices.Contains(document.ProcessData[:], p) {
			return hinted{fmt.Errorf("--process-data %q: %s", p, strings.Join(document.ProcessData[:], ", ")), "for several, repeat the option"}
		}
	}
	return nil
}

// givenHives reads --hive: a file, or its place in the registry and the file.
func givenHives(args []string) ([]source.GivenHive, error) {
	var hives []source.GivenHive
	for _, a := range args {
		h := source.GivenHive{File: a}
		if place, file, ok := strings.Cut(a, "="); ok {
			if root, _ := source.SplitRegistryPath(place); root != "" {
				h = source.GivenHive{File: file, Mount: place}
			}
		}
		if err := source.CheckHive(h); err != nil {
			return nil, fmt.Errorf("--hive %s: %w", a, err)
		}
		hives = append(hives, h)
	}
	return hives, nil
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// commas splits the two lists that may be written A,B.
func commas(in []string) []string {
	var out []string
	for _, s := range in {
		for part := range strings.SplitSeq(s, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func platform(s string) (source.Platform, error) {
	switch p := source.Platform(strings.ToLower(s)); p {
	case source.Unknown, source.Windows, source.Linux, source.Darwin:
		return p, nil
	case "macos", "osx":
		return source.Darwin, nil
	}
	return "", fmt.Errorf("--platform %q: windows, linux or darwin", s)
}

// size reads bytes, with K, M or G for powers of 1024.
func size(c *cli.Context, name string) (int64, error) {
	s := strings.ToUpper(strings.TrimSpace(c.String(name)))
	digits := strings.TrimSuffix(strings.TrimSuffix(s, "B"), "I")
	shift := 0
	for i, unit := range "KMG" {
		if d, ok := strings.CutSuffix(digits, string(unit)); ok {
			digits, shift = d, 10*(i+1)
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("--%s %q is not a size: bytes, or a number with K, M or G", name, c.String(name))
	}
	return n << shift, nil
}

// number reads a count; absent is what it is where none is given.
func number(c *cli.Context, name string, absent int) (int, error) {
	s := strings.TrimSpace(c.String(name))
	if s == "" && !c.IsSet(name) {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--%s %q is not a number", name, c.String(name))
	}
	return int(n), nil
}

// timeLimit reads --timeout; 0 is none.
func timeLimit(c *cli.Context) (time.Duration, error) {
	if !c.IsSet("timeout") {
		return 0, nil
	}
	d, err := time.ParseDuration(strings.TrimSpace(c.String("timeout")))
	switch {
	case err != nil:
		return 0, fmt.Errorf("--timeout %q is not a duration, such as 90s, 30m or 2h", c.String("timeout"))
	case d <= 0:
		return 0, fmt.Errorf("--timeout %s leaves no time", c.String("timeout"))
	}
	return d, nil
}
