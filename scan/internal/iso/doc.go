// Package iso reads ISO 9660 volumes with the names of Rock Ridge, else those
// of Joliet, else their own: the images of CDs, DVDs and of what is sent as an
// .iso file.
//
// [Open] opens one. An object's ID is the place of its directory record, so two
// folders that a damaged volume lets share an extent show entries with the same
// IDs: whoever walks the tree ends there. A folder that Rock Ridge moved up
// because it was too deep shows in both places, as systems with and without
// Rock Ridge see it.
//
// The libraries that read this format know objects by paths only and panic on
// damage, so it is read here.
//
// Sources: ECMA-119; Joliet Specification 1; System Use Sharing Protocol 1.12
// (SUSP); Rock Ridge Interchange Protocol 1.12 (RRIP).
package iso
