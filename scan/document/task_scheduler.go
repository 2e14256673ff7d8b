package document

import (
	"strings"

	"iocscan/scan/internal/task"
	"iocscan/scan/source"
)

// loose hands out a task that the user gives, as if it lay in the topmost folder.
func (t *taskFinder) loose(kind source.Artifact, a artefact) bool {
	name := source.Base(a.path)
	row := taskRow{file: a, req: t.req, parse: task.ParseXML, names: []string{name}, virtual: `\` + name}
	if _, job := kind.OfTask(); job {
		row.parse = task.ParseJob
		if n := len(name) - len(".job"); n > 0 && strings.EqualFold(name[n:], ".job") {
			row.names, row.virtual = append(row.names, name[:n]), `\`+name[:n]
		}
	}
	return t.hand(row)
}

// onWindows lists the tasks of the Task Scheduler: XML since Vista, of which
// 32-bit programs see a folder of their own, and .job files.
func (t *taskFinder) onWindows(v source.Volume) bool {
	for _, system := range systemFolders {
		for _, folder := range []string{"/System32/Tasks", "/SysWOW64/Tasks"} {
			depth := strings.Count(system+folder, "/") + 1
			if !t.folder(v, system+folder, true, func(a artefact) bool {
				parts := strings.SplitN(a.path, "/", depth+1)
				return t.hand(taskRow{
					file: a, req: t.req, parse: task.ParseXML, names: []string{source.Base(a.path)},
					virtual: `\` + strings.ReplaceAll(parts[len(parts)-1], "/", `\`),
				})
			}) {
				return false
			}
		}
		if !t.folder(v, system+"/Tasks", false, func(a artefact) bool {
			name := source.Base(a.path)
			n := len(name) - len(".job")
			if n <= 0 || !strings.EqualFold(name[n:], ".job") {
				return true // SA.DAT, desktop.ini, the log
			}
			return t.hand(taskRow{
				file: a, req: t.req, parse: task.ParseJob, names: []string{name, name[:n]}, virtual: `\` + name[:n],
			})
		}) {
			return false
		}
	}
	return true
}
