package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"iocscan/scan/source"
)

// looseFiles is what the user gives as evidence beside a root, or alone.
type looseFiles struct {
	hives     []source.GivenHive // nil: none
	logs      []source.LooseFile // nil: none
	artifacts source.Artifacts
	names     []string // as given
	option    string   // the last that gives any
	offers    []source.Capability
}

// findLoose finds the files of --evtx, --hive and --artifact.
func findLoose(opt *scanOptions) (l looseFiles, err error) {
	offer := func(option string, names []string, c ...source.Capability) {
		l.option, l.names, l.offers = option, append(l.names, names...), append(l.offers, c...)
	}
	if l.logs, err = givenLogs(opt.evtx); err != nil {
		return l, err
	}
	if len(opt.artifact) > 0 {
		if l.artifacts, err = source.FindArtifacts(opt.artifact); err != nil {
			return l, fmt.Errorf("--artifact: %w", err)
		}
		if len(l.artifacts) == 0 {
			return l, fmt.Errorf("--artifact %s: no file there", strings.Join(opt.artifact, ", "))
		}
	}
	l.hives = slices.Clone(opt.hives)
	for _, a := range l.artifacts.Of(source.Hives) {
		l.hives = append(l.hives, source.GivenHive{File: a.Path})
	}
	l.logs = append(l.logs, l.artifacts.Of(source.Logs).Files()...)
	if len(opt.hives) > 0 {
		var names []string
		for _, h := range opt.hives {
			names = append(names, h.File)
		}
		offer("--hive", names, source.Hives)
	}
	if len(opt.evtx) > 0 {
		offer("--evtx", opt.evtx, source.Logs)
	}
	if len(opt.artifact) > 0 {
		offer("--artifact", opt.artifact, l.artifacts.Offers()...)
	}
	return l, nil
}

// openSource opens the evidence. The disk is nil where that is no image.
func openSource(ctx context.Context, opt *scanOptions, l looseFiles) (src source.Source, disk *source.DiskImage, err error) {
	switch {
	case opt.root != "":
		src, err = source.OpenRoot(opt.root, opt.platform)
	case opt.image != "":
		src, disk, err = openImage(ctx, opt)
	case opt.archive != "":
		src, _, err = source.OpenArchive(ctx, opt.archive, source.ArchiveOptions{Platform: opt.platform})
	case l.option != "":
		return source.OpenArtifacts(strings.Join(l.names, ", "), l.offers...), nil, nil
	default:
		src, err = source.OpenHost(source.HostOptions{Name: opt.hostname})
	}
	if err != nil || l.option == "" {
		return src, disk, err
	}
	if p := src.Platform(); p == source.Linux || p == source.Darwin {
		src.Close()
		return nil, nil, fmt.Errorf("%s goes alone or with a Windows %s: %s is %s", l.option, src.Kind(), src.Name(), p)
	}
	return source.With(src, l.offers...), disk, nil
}

// givenLogs finds the event logs that --evtx names; nil where it is not given.
func givenLogs(paths []string) ([]source.LooseFile, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	const ending, magic = ".evtx", "ElfFile\x00"
	logs, err := source.LooseFiles(paths, ending, magic)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--evtx: %w", err)
	case len(logs) == 0:
		return nil, fmt.Errorf("--evtx %s: no event log there", strings.Join(paths, ", "))
	}
	return logs, nil
}
