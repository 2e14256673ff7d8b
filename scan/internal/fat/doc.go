// Package fat reads FAT12, FAT16, FAT32 and exFAT volumes: what is in their
// folders, what was deleted from them, and the content of files.
//
// [Open] tells the four apart. FAT and exFAT differ in their boot sectors and
// folder entries ([fat.go], [exfat.go]); clusters, chains and contents are the
// same. An object's ID is the place of its folder entry on the volume, so two
// folders that a damaged volume lets share clusters show entries with the same
// IDs: whoever walks the tree ends there.
//
// Sources: Microsoft FAT Specification (fatgen103); exFAT file system
// specification, https://learn.microsoft.com/windows/win32/fileio/exfat-specification.
package fat
