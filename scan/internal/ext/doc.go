// Package ext reads ext2, ext3 and ext4 file systems.
//
// A [FS] is opened over the bytes of one volume, which may be damaged or
// hostile, and is a [fsys.FileSystem]; its IDs are inode numbers. Nothing is
// written and the journal is not replayed: what a dirty volume means for the
// reading is among [FS.Notes].
//
// The layout follows "ext4 Data Structures and Algorithms" of the Linux kernel's
// documentation (Documentation/filesystems/ext4): superblock and its backups,
// group descriptors of 32 and 64 bytes, meta block groups, bigalloc, extents,
// block maps, inline data, directories. Hashed directories are read linearly,
// as the format provides for. Not read are ext2's compressed files and the
// content of what fscrypt encrypts; both are told by errors of the objects.
//
// Damage is an error of what it concerns: a bad entry ends its block of a
// directory, a bad extent the file at that place, and the rest stands. Every
// length is bounded by the volume; what a reader keeps in memory is a few
// megabytes of blocks, whatever the volume says.
package ext
