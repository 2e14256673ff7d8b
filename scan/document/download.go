package document

import (
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

// A download is a file that a browser fetched, or that it noted in its cache.
type download struct {
	remembered
	urls     []string // where it was fetched from, the redirects on the way included
	referrer string
	target   string // path of the file, or its name alone
	folder   string // of a cache; empty: that of target
	partial  string // path while it was fetched
	mime     string
	states   []string // the word of the browser, and that of its number
	kinds    []string // DownloadType
	header   string   // FullHttpHeader
	flags    []string // CacheFlags

	started, ended, accessed, modified, checked, synched int64 // FILETIME ticks; 0: none

	received, size, hits uint64
	resumes              bool
}

func downloadLabel(d *download) string {
	words := append([]string{}, d.urls...)
	if d.started != 0 {
		words = append([]string{ioc.TicksValue(d.started).String()}, words...)
	}
	return d.remembered.label(append(words, "→", d.target)...)
}

const downloadHistory = "FileDownloadHistoryItem"

var downloadFields = append([]Field[download]{
	downloadField(match.Field{Term: "SourceURL", Kind: ioc.Text, Multi: true, Identity: true}, historyTexts(func(d *download) []string { return d.urls })),
	downloadField(match.Field{Term: "Referrer", Kind: ioc.Text}, textOf(func(d *download) string { return d.referrer })),
	downloadField(match.Field{Term: "FileName", Kind: ioc.Text, Identity: true}, textOf(func(d *download) string { _, name := splitTarget(d.target); return name })),
	downloadField(match.Field{Term: "TargetDirectory", Kind: ioc.Path, Identity: true}, targetFolder),
	downloadField(match.Field{Term: "TemporaryPath", Kind: ioc.Path}, func(d *download, yield func(ioc.Value) bool) error {
		if d.partial != "" {
			yield(ioc.PathValue(d.partial))
		}
		return nil
	}),
	downloadField(match.Field{Term: "StartDate", Kind: ioc.Time, Identity: true}, historyTime(func(d *download) int64 { return d.started })),
	downloadField(match.Field{Term: "EndDate", Kind: ioc.Time}, historyTime(func(d *download) int64 { return d.ended })),
	downloadField(match.Field{Term: "LastAccessedDate", Kind: ioc.Time}, historyTime(func(d *download) int64 { return d.accessed })),
	downloadField(match.Field{Term: "LastModifiedDate", Kind: ioc.Time}, historyTime(func(d *download) int64 { return d.modified })),
	downloadField(match.Field{Term: "LastCheckedDate", Kind: ioc.Time}, historyTime(func(d *download) int64 { return d.checked })),
	downloadField(match.Field{Term: "LastCacheSynchDate", Kind: ioc.Time}, historyTime(func(d *download) int64 { return d.synched })),
	downloadField(match.Field{Term: "BytesDownloaded", Kind: ioc.Int}, historyCount(func(d *download) uint64 { return d.received })),
	downloadField(match.Field{Term: "MaxBytes", Kind: ioc.Int}, historyCount(func(d *download) uint64 { return d.size })),
	downloadField(match.Field{Term: "CacheHitCount", Kind: ioc.Int}, historyCount(func(d *download) uint64 { return d.hits })),
	downloadField(match.Field{Term: "MimeType", Kind: ioc.Text}, textOf(func(d *download) string { return d.mime })),
	downloadField(match.Field{Term: "State", Kind: ioc.Text, Identity: true, Same: any2}, historyTexts(func(d *download) []string { return d.states })),
	downloadField(match.Field{Term: "DownloadType", Kind: ioc.Text, Same: any2}, historyTexts(func(d *download) []string { return d.kinds })),
	downloadField(match.Field{Term: "FullHttpHeader", Kind: ioc.Text}, textOf(func(d *download) string { return d.header })),
	downloadField(match.Field{Term: "CacheFlags", Kind: ioc.Text, Multi: true}, historyTexts(func(d *download) []string { return d.flags })),
	downloadField(match.Field{Term: "AutoResume", Kind: ioc.Bool}, historyTruth(func(d *download) bool { return d.resumes })),
}, browserFields[download](downloadHistory)...)

func downloadField(f match.Field, get func(*download, func(ioc.Value) bool) error) Field[download] {
	return historyField[download](downloadHistory, f, get)
}

// targetFolder is the folder with its drive, and without.
func targetFolder(d *download, yield func(ioc.Value) bool) error {
	folder := d.folder
	if folder == "" {
		folder, _ = splitTarget(d.target)
	}
	if folder == "" || !yield(ioc.PathValue(folder)) {
		return nil
	}
	if len(folder) > 2 && folder[1] == ':' {
		yield(ioc.PathValue(folder[2:]))
	}
	return nil
}

// splitTarget splits a path of any system.
func splitTarget(path string) (folder, name string) {
	i := strings.LastIndexAny(path, `/\`)
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
