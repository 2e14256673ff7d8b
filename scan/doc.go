// Package scan answers a collection of IOCs from a source of evidence.
//
//	plan, err := scan.NewPlan(ctx, scan.Config{Collection: c, Source: s, …})
//	result, err := plan.Run(ctx, sink, progress)
//
// The way through:
//
//	Collection ──► match.Compile ──► Program, gaps
//	Source, scope options ─────────► Plan: documents, areas, what nothing answers
//	for each document, most volatile first:
//	    Document.Run ──► Item ──► Evaluator ──► Host        (several goroutines)
//	                                             │ matches as they become certain
//	                                             ▼
//	    Sink: Begin · Match* · Trouble* · End                (one goroutine)
//
// Nothing is claimed about what was not looked at: a document that was switched
// off, is not supported or could not be read to its end leaves its conditions
// unknown, and the Result says why.
package scan
