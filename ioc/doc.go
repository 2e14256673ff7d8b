// Package ioc reads OpenIOC 1.0 and 1.1: what is to be searched for, before
// anybody searches.
//
// [Load] takes files, folders and zip files and gives a [Collection] of
// [File]s. A File holds the metadata and, in Criteria, the tree of [Indicator]
// and [Condition] that the file asks about. [Parse] reads a single document.
//
//	paths ──► gathering ──► decode ──► parser ──► File ──► Collection
//	          folders, zip   to UTF-8   XML within   repaired,  in order of path,
//	          files, links              bounds       explained  ids compared
//
// # What can go wrong, and what comes of it
//
// One bad condition does not lose its file and one bad file does not lose the
// run. Three outcomes are kept apart:
//
//   - A file that cannot be read as one OpenIOC document is [Rejected], with
//     Reason and a last [Problem] of severity [Error]. Nothing of its tree is
//     kept: half a tree could match what the whole would not.
//   - A condition or Indicator that can never be answered (unknown condition
//     word, no content, an operator that is neither AND nor OR) stays in the
//     tree with its Fault; its truth is unknown, also under negation. A faulty
//     Condition may have an empty Term, Content or NoTest. A condition on an
//     unknown term has no Fault but a nil Def.
//   - Everything else is read as meant and said in a Problem.
//
// [Rules] lists all kinds of problems. Bounds: 3 MiB a file unless [Options]
// say otherwise, Indicators nested 256 deep, 131,072 nodes, 2,000 problems
// listed.
//
// # Decisions where the format leaves room
//
// The namespace decides the version, else that of the definition or criteria
// element, else the name of the root. Both metadata layouts and the condition
// words of both versions are read in both. In a 1.0 file preserve-case means
// nothing; negate is honoured anywhere, and cancels the "not" of isnot and
// containsnot. The search attribute of Context names the term, document only
// where search is missing and document holds a whole term. Entities are never
// expanded and nothing outside the file is ever read. An XML declaration after
// a comment or blanks counts, since its meaning is plain; text, a second root
// or a second declaration after the document does not. Attributes given twice
// are refused, markup inside Content and a second Content make the condition
// unknown: there is no telling which one was meant. A missing Content is not
// filled from the id, an empty one may be (see the rule value-in-id).
//
// The vocabulary ([Lookup], [Terms]) is compiled in; it is what published term
// lists say, with the misspellings found in published files as aliases.
package ioc
