package source

import (
	"context"
	"iter"
)

// Deleted lists the files and folders of a volume that are in no folder, but can
// be told: those that are there all the same, and if asked for, those that are
// deleted. What cannot be read of them is an error, and the listing goes on.
type Deleted func(context.Context) iter.Seq2[DeletedObject, error]

// A DeletedObject is one of them.
type DeletedObject struct {
	// InUse: it is not deleted. Damage makes such files, or somebody who hides
	// them.
	InUse bool
	// Folder is the path of the folder that it was in, which may itself be
	// deleted. Where that is not known, Lost, it is a made-up name in brackets.
	Folder string
	Lost   bool
	// Name is the name that it had; where that is not known, Nameless, a made-up
	// one in brackets.
	Name     string
	Nameless bool
	Type     Type
	// Reused: its content, or a part of it, belongs to something else by now.
	// It is then not to be had: Open answers ErrReused.
	Reused bool
	// FS has the object alone, under any path. Of an object whose size deleting
	// has cleared, Lstat gives -1.
	FS FS
}
