package document

import (
	"context"
	"iter"

	"iocscan/scan/internal/task"
	"iocscan/scan/source"
)

// tasks is TaskItem: what is started later, at a time or by an event.
var tasks = Table[taskRow]{
	name:    "TaskItem",
	summary: "scheduled tasks of Windows; crontabs, at jobs and systemd timers of Linux",
	needs:   []source.Capability{source.Tasks},
	label:   func(r *taskRow) string { return r.label() },
	fields:  taskFields,
	on: map[source.Platform]lister[taskRow]{
		source.Windows: listTasks(systemFolders, noWindows, (*taskFinder).onWindows),
		source.Linux:   listTasks([]string{"/etc"}, "the evidence has no folder /etc", (*taskFinder).onLinux),
	},
	open: openTasks,
}

// A taskRow is a task, or a gap.
type taskRow struct {
	file    artefact
	req     *Request
	gap     *gap
	names   []string
	virtual string // Windows: the place among the tasks, \Microsoft\Windows\…
	user    string // Unix: the owner of the crontab
	cron    *task.CronEntry

	parse  func([]byte) (*task.Task, error) // nil: task or err is there
	task   *task.Task
	err    error
	parsed bool

	view    *taskView
	started []*program // by action; nil where it starts none
}

// label is the path of the file, with the line of a crontab.
func (r *taskRow) label() string {
	if r.cron == nil {
		return r.file.shown()
	}
	line := []rune(r.cron.Schedule() + " " + r.cron.Command)
	const most = 120
	if len(line) > most {
		line = append(line[:most], '…')
	}
	return r.file.shown() + ": " + string(line)
}

// load reads the file, once.
func (r *taskRow) load() (*task.Task, error) {
	if r.parse == nil || r.parsed {
		return r.task, r.err
	}
	r.parsed = true
	data, err := r.file.read(task.MaxFile)
	if err == nil {
		r.req.Progress.addBytes(len(data))
		r.task, err = r.parse(data)
	}
	if r.err = err; err != nil {
		r.req.trouble(r.file.shown(), err)
	}
	return r.task, r.err
}

func (r *taskRow) windows() bool { return r.virtual != "" }

// listTasks lists the tasks of a system, which home folders show to be one.
func listTasks(home []string, missing string, on func(*taskFinder, source.Volume) bool) lister[taskRow] {
	return func(ctx context.Context, req *Request, list *Listing) iter.Seq2[taskRow, error] {
		return func(yield func(taskRow, error) bool) {
			t := &taskFinder{finder[taskRow]{ctx, req, list, yield, func(g *gap) taskRow { return taskRow{gap: g} }}}
			if t.given(source.Tasks, t.loose) {
				return
			}
			if !t.exists(home...) {
				list.stop(missing)
				return
			}
			for _, v := range req.Source.Volumes() {
				if !on(t, v) {
					return
				}
			}
			list.Full = list.Unlisted == 0
		}
	}
}

// A taskFinder lists tasks. Its methods report whether to go on.
type taskFinder struct{ finder[taskRow] }
