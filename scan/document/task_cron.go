package document

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"iocscan/scan/internal/task"
	"iocscan/scan/source"
)

// onLinux lists crontabs, what run-parts starts, at jobs and timers.
func (t *taskFinder) onLinux(v source.Volume) bool {
	for _, c := range []struct {
		path string
		kind task.CronKind
	}{{"/etc/crontab", task.SystemCron}, {"/etc/anacrontab", task.AnaCron}} {
		if !t.crontab(artefact{vol: v, path: c.path}, c.kind, "root") {
			return false
		}
	}
	system := func(a artefact) bool { return t.crontab(a, task.SystemCron, "") }
	if !t.folder(v, "/etc/cron.d", false, system) {
		return false
	}
	for _, every := range []string{"hourly", "daily", "weekly", "monthly", "yearly"} {
		if !t.folder(v, "/etc/cron."+every, false, func(a artefact) bool { return t.part(a, every) }) {
			return false
		}
	}
	return t.folder(v, "/var/spool/cron", true, t.spooled) &&
		t.folder(v, "/var/spool/at", true, t.spooled) &&
		t.timers(v)
}

// crontab hands out the entries of a crontab; user is whom those without a
// user of their own run as.
func (t *taskFinder) crontab(a artefact, kind task.CronKind, user string) bool {
	data, err := a.read(task.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		return t.standFor(a.shown(), err)
	}
	t.req.Progress.addBytes(len(data))
	entries, err := task.ParseCron(data, kind)
	if err != nil { // cron passes such a line over too
		t.req.trouble(a.shown(), err)
	}
	for n := range entries {
		e := &entries[n]
		runs := e.User
		if runs == "" {
			runs = user
		}
		if !t.hand(taskRow{file: a, req: t.req, names: []string{source.Base(a.path)}, user: runs, cron: e, task: &task.Task{
			Principals: []task.Principal{{Account: runs}},
			Actions:    []task.Action{task.Command(e.Command)},
			Triggers:   []task.Trigger{{Kind: e.Schedule(), Delay: e.Delay}},
		}}) {
			return false
		}
	}
	return true
}

// part is a program in a folder that run-parts goes through as root.
func (t *taskFinder) part(a artefact, every string) bool {
	name := source.Base(a.path)
	if strings.HasPrefix(name, ".") {
		return true
	}
	return t.hand(taskRow{file: a, req: t.req, names: []string{name}, user: "root", task: &task.Task{
		Principals: []task.Principal{{Account: "root"}},
		Actions:    []task.Action{{Kind: task.Exec, Path: a.shown()}},
		Triggers:   []task.Trigger{{Kind: every}},
	}})
}

// spooled is a file below /var/spool/cron or /var/spool/at: the crontab of the
// user that it is named after, or a job of at. What at prints, the times of
// last runs and crontabs being edited are neither.
func (t *taskFinder) spooled(a artefact) bool {
	name, folder := source.Base(a.path), source.Base(source.Parent(a.path))
	switch {
	case folder == "atjobs" || folder == "at":
		if !task.IsAt(name) {
			return true
		}
		return t.hand(taskRow{file: a, req: t.req, names: []string{name}, parse: func(b []byte) (*task.Task, error) {
			return task.ParseAt(name, b)
		}})
	case folder == "atspool" || folder == "spool" || folder == "lastrun" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "tmp."):
		return true
	}
	return t.crontab(a, task.UserCron, name)
}

// unitFolders hold the units of the system. A unit in an earlier one hides
// those of its name in later ones.
var unitFolders = []string{
	"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
}

const timerEnding = ".timer"

func (t *taskFinder) timers(v source.Volume) bool {
	seen := map[string]bool{}
	for _, folder := range unitFolders {
		if !t.folder(v, folder, false, func(a artefact) bool {
			name := source.Base(a.path)
			if !strings.HasSuffix(name, timerEnding) || seen[name] {
				return true
			}
			seen[name] = true
			return t.timer(a, name)
		}) {
			return false
		}
	}
	return true
}

// timer hands out a timer with the service that it starts. One that is masked
// is none.
func (t *taskFinder) timer(a artefact, name string) bool {
	row := taskRow{file: a, req: t.req, names: []string{name, strings.TrimSuffix(name, timerEnding)}}
	timer, err := t.unit(a.vol, name)
	if err == nil && len(timer) == 0 {
		return true
	}
	if err == nil {
		starts := timer.Get("Timer", "Unit")
		if starts == "" {
			starts = strings.TrimSuffix(name, timerEnding) + ".service"
		}
		var service task.Unit
		if service, err = t.unit(a.vol, starts); err == nil {
			row.task = task.Timer(timer, service)
			row.user = row.task.Principals[0].Account
		}
	}
	if row.err = err; err != nil {
		t.req.trouble(a.shown(), err)
	}
	return t.hand(row)
}

// unit is a unit with what is dropped in to change it; empty where there is no
// such unit, or it is masked: an empty file, or a link to /dev/null.
func (t *taskFinder) unit(v source.Volume, name string) (task.Unit, error) {
	if strings.Contains(name, "/") {
		return nil, nil // no name of a unit
	}
	u := task.Unit{}
	for _, folder := range unitFolders {
		if target, err := v.FS.Readlink(source.Join(folder, name)); err == nil && target == "/dev/null" {
			return u, nil
		}
		data, err := (&artefact{vol: v, path: source.Join(folder, name)}).read(task.MaxFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = u.Add(data)
		}
		if err != nil || len(u) == 0 {
			return u, err
		}
		break
	}
	changes, err := t.dropIns(v, name+".d")
	if err != nil {
		return nil, err
	}
	for _, path := range changes {
		data, err := (&artefact{vol: v, path: path}).read(task.MaxFile)
		if err == nil {
			err = u.Add(data)
		}
		if err != nil {
			return nil, err
		}
	}
	return u, nil
}

// dropIns are the paths of the .conf files in the folders of the name, in the
// order of their names; of several of one name the first.
func (t *taskFinder) dropIns(v source.Volume, name string) ([]string, error) {
	found := map[string]string{}
	for _, folder := range unitFolders {
		dir, err := v.FS.Resolve(source.Join(folder, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for e, err := range v.FS.ReadDir(t.ctx, dir) {
			if err != nil {
				return nil, err
			}
			if _, hidden := found[e.Name]; !hidden && e.Type != source.Dir && strings.HasSuffix(e.Name, ".conf") {
				found[e.Name] = source.Join(dir, e.Name)
			}
		}
	}
	var names []string
	for n := range found {
		names = append(names, n)
	}
	slices.Sort(names)
	for i, n := range names {
		names[i] = found[n]
	}
	return names, nil
}
