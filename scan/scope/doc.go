// Package scope says which part of the evidence a scan of files asks about:
// the areas walked, what is excluded from them, and the paths that the IOCs
// name outright. New turns what the user chose into a Scope; a document walks
// it. Nothing is opened here: folders are listed and links resolved, through
// source.FS, only as far as patterns need it.
//
// Two spellings of a path occur. The evidence's own below a volume is led and
// separated by "/" and its root is "/"; the displayed one is what a person on
// that system writes (C:\Users\bob, /home/bob). source.Display and ParsePath
// lead from one to the other.
package scope
