package document

import (
	"errors"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/task"
	"iocscan/scan/source"
)

// errLink answers what depends on where a shortcut leads.
var errLink = errors.New("where a shortcut leads is not read")

// Where the programs of a session's start are: of the machine, and below the
// folder of a profile; since Vista and before.
var (
	machineStartup = []string{
		"/ProgramData/Microsoft/Windows/Start Menu/Programs/Startup",
		"/Documents and Settings/All Users/Start Menu/Programs/Startup",
	}
	profileStartup = []string{
		"/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Startup",
		"/Start Menu/Programs/Startup",
	}
	profileFolders = []string{"/Users", "/Documents and Settings"}
)

// finder finds files for the items; a folder that cannot be listed is a gap.
func (l *persistenceList) finder() finder[persistence] {
	return finder[persistence]{l.ctx, l.req, l.list, func(p persistence, err error) bool {
		if !l.done {
			l.done = !l.yield(p, err)
		}
		return !l.done
	}, func(g *gap) persistence { return persistence{label: g.label, gap: g} }}
}

// folders lists what is in the startup folders.
func (l *persistenceList) folders() {
	f := l.finder()
	for _, v := range l.req.Source.Volumes() {
		folders := machineStartup
		for _, in := range profileFolders {
			at, err := v.FS.Resolve(in)
			if missing(err) || errors.Is(err, source.ErrEscapes) {
				continue
			}
			if err != nil {
				f.standFor(source.Display(v, in), err)
				continue
			}
			for e, err := range v.FS.ReadDir(l.ctx, at) {
				if err != nil {
					f.standFor(source.Display(v, at), err)
					break
				}
				for _, below := range profileStartup {
					if e.Type == source.Dir {
						folders = append(folders[:len(folders):len(folders)], source.Join(at, e.Name)+below)
					}
				}
			}
		}
		seen := map[string]bool{}
		for _, folder := range folders {
			if at, err := v.FS.Resolve(folder); err == nil {
				if seen[at] { // by a junction
					continue
				}
				seen[at] = true
			}
			if l.done || !f.folder(v, folder, false, l.startup) {
				return
			}
		}
	}
}

// startup hands out a file of a startup folder.
func (l *persistenceList) startup(a artefact) bool {
	shown := a.shown()
	name := ioc.Fold(source.Base(a.path))
	switch {
	case name == "desktop.ini": // says how the folder is shown
		return true
	case strings.HasSuffix(name, ".lnk"):
		return l.add(persistence{label: shown, kind: ofLink, link: shown, lost: errLink})
	}
	return l.add(persistence{label: shown, kind: ofFile, program: l.programs.driver(shown)})
}

// tasks lists the programs of scheduled tasks.
func (l *persistenceList) tasks() {
	t := &taskFinder{finder[taskRow]{l.ctx, l.req, &Listing{}, l.task, func(g *gap) taskRow { return taskRow{gap: g} }}}
	for _, v := range l.req.Source.Volumes() {
		if !t.onWindows(v) {
			return
		}
	}
}

// task hands out the programs of a task.
func (l *persistenceList) task(row taskRow, err error) bool {
	switch {
	case err != nil:
		l.fault(err)
		return !l.done
	case row.gap != nil:
		l.list.Unlisted++
		l.done = l.done || !l.yield(persistence{label: row.gap.label, gap: row.gap}, nil)
		return !l.done
	}
	of, err := row.load()
	if err != nil {
		return l.add(persistence{label: row.label(), kind: ofTask, lost: err})
	}
	for n := range of.Actions {
		a := &of.Actions[n]
		item := persistence{label: row.label(), kind: ofTask}
		switch {
		case a.Kind == task.Exec:
			item.program = l.programs.action(a)
			if len(of.Actions) > 1 {
				item.label += ": " + a.Path
			}
		case a.Kind == task.ComHandler:
			if list := l.classProgram("{" + strings.Trim(a.ClassID, "{}") + "}"); len(list) > 0 {
				item.program = list[0]
			}
		default:
			continue // a message or a mail starts nothing
		}
		if !l.add(item) {
			return false
		}
	}
	return !l.done
}
