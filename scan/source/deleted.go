package source

import (
	"context"
	"iter"
)

// Deleted lists the files and folders of a volume that are in no folder any
// more but can still be told. What cannot be read of them is an error, and the
// listing goes on.
type Deleted func(context.Context) iter.Seq2[DeletedObject, error]

// A DeletedObject is a deleted file or folder.
type DeletedObject struct {
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
