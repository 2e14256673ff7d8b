// Package document has the OpenIOC documents: for each the terms it answers
// and how its items are listed. A document is one Table value in one file and
// one line in all.go. It reads evidence through scan/source only, so every
// document works on every source that offers what it needs.
//
// A field of an item has three outcomes. It yields values; or it yields
// nothing and no error, the item has none; or it returns an error, the value
// could not be read or the source does not carry it. The last two are never
// confused: what is absent is false, what is unknown stays unknown.
package document
