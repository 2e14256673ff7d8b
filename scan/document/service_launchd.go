package document

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"iocscan/scan/internal/plist"
	"iocscan/scan/source"
)

// listLaunchd lists the jobs of launchd (launchd.plist(5)): daemons, which run
// as root unless they say otherwise, and agents, which run for each user that
// logs in.
func listLaunchd(ctx context.Context, req *Request, list *Listing) iter.Seq2[service, error] {
	return listServices(ctx, req, list, func(h *serviceHost) {
		off, err := h.disabledJobs()
		for _, folder := range [...]string{"/System/Library/LaunchDaemons", "/Library/LaunchDaemons"} {
			h.jobs(folder, "LaunchDaemon", "root", off, err)
		}
		for _, folder := range [...]string{"/System/Library/LaunchAgents", "/Library/LaunchAgents"} {
			h.jobs(folder, "LaunchAgent", "", off, err)
		}
		at, homes := h.folder("/Users")
		for _, e := range homes {
			if e.Type == source.Dir {
				h.jobs(source.Join(at, e.Name)+"/Library/LaunchAgents", "LaunchAgent", e.Name, off, err)
			}
		}
		h.jobs("/private/var/root/Library/LaunchAgents", "LaunchAgent", "root", off, err)
	})
}

func (h *serviceHost) jobs(folder, kind, account string, off map[string]bool, offErr error) {
	at, entries := h.folder(folder)
	for _, e := range entries {
		if h.done {
			return
		}
		if (e.Type == source.Regular || e.Type == source.Link) && strings.HasSuffix(strings.ToLower(e.Name), ".plist") {
			h.add(h.job(source.Join(at, e.Name), kind, account, off, offErr))
		}
	}
}

func (h *serviceHost) job(path, kind, account string, off map[string]bool, offErr error) service {
	s := service{file: path, kind: some(kind), account: account}
	d, err := h.readPlist(path)
	if err != nil {
		s.why = fmt.Errorf("launchd job: %w", err)
		return s
	}
	s.name, _ = d.Text("Label")
	s.user, _ = d.Text("UserName")
	s.group, _ = d.Text("GroupName")
	s.title, _ = d.Text("ServiceDescription")
	if kind == "LaunchDaemon" { // an agent cannot be another user
		s.account = cmp.Or(s.user, account)
	}
	s.mach = slices.Sorted(maps.Keys(d.Dict("MachServices")))
	s.mode, s.modeErr = jobMode(d, off, s.name), offErr
	s.commands = jobCommand(d)
	return s
}

// jobCommand is what a job starts: Program, or else the first of
// ProgramArguments, which are the arguments and before them the name that the
// program is given.
func jobCommand(d plist.Dict) []command {
	program, named := d.Text("Program")
	words := d.Texts("ProgramArguments")
	if !named && len(words) > 0 {
		program = words[0]
	}
	if program == "" {
		return nil
	}
	arguments := strings.Join(words[min(1, len(words)):], " ")
	return []command{{program, arguments, strings.TrimSpace(program + " " + arguments)}}
}

// jobMode: what launchctl was told outweighs the job's own word.
func jobMode(d plist.Dict, off map[string]bool, label string) []string {
	is, told := off[label]
	if !told {
		is, _ = d.Bool("Disabled")
	}
	if is {
		return []string{"disabled", disabled}
	}
	atLoad, _ := d.Bool("RunAtLoad")
	alive, _ := d.Bool("KeepAlive")
	if _, conditions := d["KeepAlive"].(plist.Dict); atLoad || alive || conditions {
		return []string{"enabled", autoStart}
	}
	return []string{"enabled", demandStart}
}

// disabledJobs are the labels that launchctl enable and disable were told of.
func (h *serviceHost) disabledJobs() (map[string]bool, error) {
	const path = "/private/var/db/com.apple.xpc.launchd/disabled.plist"
	off := map[string]bool{}
	d, err := h.readPlist(path)
	if missing(err) {
		return off, nil
	}
	if err != nil {
		h.req.trouble(path, err)
	}
	for label := range d {
		if is, ok := d.Bool(label); ok {
			off[label] = is
		}
	}
	return off, err
}
