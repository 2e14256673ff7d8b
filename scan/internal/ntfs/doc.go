// Package ntfs reads NTFS volumes: [Open] gives one as an [fsys.NTFS].
//
// Folders are listed by their index, and what the index repeats of an object is
// enough to say what most of them are. Everything else comes from the MFT
// records, which are read in pieces of 64 KB; a small number of pieces is kept.
// Content that is neither resident nor compressed is read straight from the
// volume through the runs. Nothing else is kept, but the owners of the security
// descriptors, so that the memory needed does not grow with the volume.
//
// An ID is a file reference, number and sequence number. A name in a folder
// whose record has passed to another object, which a volume that was not taken
// down cleanly may have, is an error and never that other object. The journal
// is not replayed.
//
// What the volume says is checked before it is used: records and index blocks
// by their update sequences, runs by the size of the volume. Where a part of an
// object cannot be read, what depends on it is an error.
//
// Not read, and an error wrapping [fsys.ErrUnsupported]: deduplicated content,
// content that WOF compressed by LZX. Content encrypted by EFS is
// [fsys.ErrEncrypted].
//
// The records are read here and not by go-ntfs: that gives a file of more than
// twenty pieces cut short without an error, drops damaged index blocks and
// records in silence, and reads everything through one lock.
//
// The layout follows [MS-FSCC], [MS-XCA] and the NTFS documentation of the
// Linux-NTFS project (flatcap.github.io/linux-ntfs/ntfs) and libfsntfs.
package ntfs
