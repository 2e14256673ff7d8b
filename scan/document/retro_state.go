package document

import (
	"context"
	"errors"

	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// loggedStates are the documents of states whose past logged events tell of. A
// hit is true with the note; a miss is unknown, since a log has the changes of
// a thing and not all that it was.
var loggedStates = []struct {
	document string
	from     stander
}{
	{"ProcessItem", stander{&processEvents, match.StandIn("a logged event tells of the process"), map[string][]string{
		"name": {"process"}, "path": {"processPath"}, "arguments": {"processCmdLine"}, "cmdLine": {"processCmdLine"},
		"pid": {"pid"}, "parentpid": {"parentPid"}, "Username": {"username"}, "startTime": {"startTime"}}}},
	{"FileItem", stander{&fileEvents, match.StandIn("a logged event tells of the file, which was made or written then"), map[string][]string{
		"FileName": {"fileName"}, "FileExtension": {"fileExtension"}, "Drive": {"drive"}, "FullPath": {"fullPath"}, "FilePath": {"filePath"}, "Md5sum": {"md5"}}}},
	{"RegistryItem", stander{&keyEvents, match.StandIn("a logged event tells of the key or value, which was changed then"), map[string][]string{
		"Path": {"path"}, "KeyPath": {"keyPath"}, "Hive": {"hive"}, "ValueName": {"valueName"}, "Text": {"text"}, "Type": {"valueType"}}}},
	{"DnsEntryItem", stander{&lookupEvents, match.StandIn("a logged event tells that the name was looked up"), map[string][]string{
		"Host": {"hostname"}, "RecordName": {"hostname"}}}},
	{"PortItem", stander{&connectionEvents, match.StandIn("a logged event tells of the connection"), map[string][]string{
		"remoteIP": {"remoteIP"}, "remotePort": {"remotePort"}, "localIP": {"localIP"}, "localPort": {"localPort"}, "protocol": {"protocol"},
		"pid": {"pid"}, "process": {"process"}, "path": {"processPath"}}}},
}

// A retroDocument is a document of states in a retrospective scan: what there
// is, if that has times and the source offers it, and what logged events tell.
type retroDocument struct {
	Document
	own  bool // what there is, is listed
	from *stander
}

// Retrospective is a document as a retrospective scan of a source asks it.
func Retrospective(d Document, s source.Source) Document {
	for i := range loggedStates {
		l := &loggedStates[i]
		if l.document == d.Name() && l.from.offered(s) {
			_, dated := Remembers(d)
			return &retroDocument{d, dated && offeredBy(d, s), &l.from}
		}
	}
	return d
}

func (d *retroDocument) Needs() []source.Capability { return d.from.document.Needs() }

// Channels implements Logged.
func (d *retroDocument) Channels() []string { return d.from.document.(Logged).Channels() }

const retroWhy = "of the past only logged events tell, which can only confirm"

// Run implements Document.
func (d *retroDocument) Run(ctx context.Context, req *Request, workers int, newWorker func() Worker) (l Listing, err error) {
	if d.own {
		l, err = d.Document.Run(ctx, req, workers, newWorker)
	}
	got, failed := d.from.run(ctx, d.Name(), d.Schema().Fields, req, workers, newWorker)
	l.join(got)
	if !d.own {
		l.Why = retroWhy
	}
	return l, errors.Join(err, failed)
}
