package document

import (
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// files is FileItem: files and folders, and links, FIFOs, sockets and devices
// with what the file system tells about them.
var files = Table[file]{
	name:    "FileItem",
	summary: "files and folders",
	needs:   []source.Capability{source.Files},
	label:   labelOfFile,
	fields:  fileFields,
	collect: collectFiles,
	open:    openFiles,
}

// A file is one object of a file system, or one that stands for those which
// could not be listed.
type file struct {
	in   *folder
	name string // empty for a stand-in
	typ  source.Type
	info *source.Info // if the listing gave it

	// unlisted: the row stands for what is below in, or (self) for in itself
	// too; why says why that could not be listed.
	unlisted, self bool
	// why, of an object: its folder is left out by the source and not even
	// asked for metadata, since a dead network mount would not answer.
	why error
	// deleted: what it is, where no folder has it; nil for the others.
	deleted *source.DeletedObject

	item *fileItem // of the worker that has the row
}

// shown is the full path as displayed.
func (f *file) shown() string {
	if f.unlisted {
		return f.in.self()
	}
	return string(f.in.appendShown(nil, f.in.shown, f.name))
}

// labelOfFile marks what is deleted, so that it is never taken for a file that
// is there.
func labelOfFile(f *file) string {
	if f.deleted != nil && !f.deleted.InUse {
		return f.shown() + " (deleted)"
	}
	return f.shown()
}

// path is the path below the volume.
func (f *file) path() string {
	if f.item.path == "" {
		f.item.path = source.Join(f.in.path, f.name)
	}
	return f.item.path
}

func (f *file) isFolder() bool { return f.typ == source.Dir }

// hasContent: a file, though its content may be elsewhere.
func (f *file) hasContent() bool { return f.typ == source.Regular || f.typ == source.Cloud }

func (f *file) windows() bool { return f.in.vol.platform == source.Windows }

// bind makes row the item of the worker.
func (i *fileItem) bind(row *file) match.Item {
	i.reset()
	i.row, row.item = row, i
	i.item.bind(row)
	if row.unlisted {
		return &i.standIn
	}
	return i
}
