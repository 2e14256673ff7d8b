// Package regf reads Windows registry hives, the files whose magic is "regf".
//
// A [Hive] is opened over bytes that may be damaged or hostile. Nothing is
// written: transaction logs are laid over the hive in memory ([OpenWithLogs]).
// [Hive.Walk] lists every key, [Hive.Find] looks one up by its path without
// regard to case; [Key.Values] lists the values of a key.
//
// Damage never ends the reading and is never passed over: every listing yields
// a [*Trouble] where something could not be read, saying where, why and what
// it cost, and goes on with the rest. Keys that form a cycle, lists that claim
// more than the file can hold and data shared over and over are cut off in
// this way, so that a walk costs time linear in the size of the file.
//
// The layout follows the "Windows registry file format specification" of
// Maxim Suhanov (github.com/msuhanov/regf): base block, hive bins, cells (nk,
// vk, li, lf, lh, ri, db), both formats of transaction logs. Offsets inside a
// hive count from the first bin; offsets in a Trouble count from the start of
// the file.
//
// A Hive keeps a bounded number of pages in memory and is not safe for
// concurrent use. Slices it hands out stay valid and must not be changed.
package regf
