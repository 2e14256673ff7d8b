// Package pe reads Windows programs, the files in the Portable Executable
// format, as far as indicators ask about them.
//
// [Open] reads the headers into a [File]; each of its methods reads one more
// part ([File.Imports], [File.Exports], [File.Resources], [File.Versions],
// [File.Signatures] …) and can be asked alone. Only [File.Entropy],
// [File.Checksum] and the digests of [File.Signatures] read more than the
// parts they are about.
//
// What could not be read is told in an error beside what could: an empty
// answer without an error is a fact. Damage is [ErrDamaged], a part that claims
// more than is reasonable is [ErrTooMuch]; anything else comes from the reader.
// Memory and time follow what is in the file, never what it says is in it.
//
// The layout follows Microsoft's "PE Format", the version resource its
// "VS_VERSIONINFO structure", signatures its "Windows Authenticode Portable
// Executable Signature Format". Bytes are found as the Windows loader finds
// them: the headers are mapped too, file positions of sections are rounded down
// to 512, and what a section has no bytes for is zero.
//
// The package go-pe is the other opinion in the tests. It is not what reads
// here, because it cuts lists off and answers 0 for what it cannot read without
// saying so, and leaves out what indicators ask for (delayed imports, names and
// languages of resources, nested signatures).
//
// A File is not safe for concurrent use.
package pe
