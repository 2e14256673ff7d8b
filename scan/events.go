package scan

import "iocscan/ioc/match"

// SchemaName and version of the JSON and JSONL reports.
const SchemaName = "iocscan.report/1"

// A Sink is told what a scan says, as it says it. Every report format is a
// Sink, and a saved stream replays into any of them. Calls come from one
// goroutine, in this order: Begin, then any number of Match and Trouble, then
// End. An error from any of them stops the sink, not the scan.
type Sink interface {
	Begin(*Header) error
	Match(*Match) error     // as soon as it is certain, in order of discovery
	Trouble(*Trouble) error // as it happens
	End(*Result) error      // everything, sorted; the matches and troubles told before are in it again
}

// Header is what is known before the scan.
type Header struct {
	Schema string `json:"schema"`
	Tool   Tool   `json:"tool"`
	Scan   Info   `json:"scan"` // Finished and Status are still empty
}

// Tool is the scanner itself.
type Tool struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	SHA256   string `json:"sha256"` // of the running binary; empty if it cannot be read
	Go       string `json:"go"`
	Platform string `json:"platform"` // GOOS/GOARCH
}

// Info is the circumstances of a scan.
type Info struct {
	Started          string    `json:"started"`  // RFC 3339, UTC
	Finished         *string   `json:"finished"` // null until it is
	Host             string    `json:"host"`
	User             string    `json:"user"`
	Elevated         bool      `json:"elevated"`
	Command          []string  `json:"command"`
	CollectionSHA256 string    `json:"collection_sha256"`
	Collection       Counts    `json:"collection"`
	Source           Source    `json:"source"`
	Options          Options   `json:"options"`
	Scope            Scope     `json:"scope"`
	Interval         *Interval `json:"interval"` // --retro, else null
	Status           string    `json:"status"`   // complete, timeout or interrupted; empty until it ends
}

// Counts of the IOC files of the collection, known before the scan: a report
// that lacks its end says by them how much is missing.
type Counts struct {
	Files    int `json:"files"`
	Usable   int `json:"usable"`
	Rejected int `json:"rejected"`
	Excluded int `json:"excluded"`
}

// Source is where the evidence came from.
type Source struct {
	Kind     string  `json:"kind"` // host, root, image, archive, artifacts
	Path     string  `json:"path"`
	Platform string  `json:"platform"`
	SHA256   *string `json:"sha256"` // of the disk in an image, if asked for
	// Notes say what whoever relies on the evidence as a whole has to know, such
	// as that an image is cut short or that a drive letter is assumed.
	Notes []string `json:"notes"`
}

// Options are the choices that change what is looked at or said.
type Options struct {
	Documents        []string `json:"documents"` // only these; empty: those the collection uses
	Skip             []string `json:"skip"`
	Drives           string   `json:"drives"`
	Hint             string   `json:"hint"`
	MaxFileSize      int64    `json:"max_file_size"` // bytes, 0 = no limit
	MaxIOCSize       int64    `json:"max_ioc_size"`  // bytes
	MaxObjects       int      `json:"max_objects"`
	Timeout          string   `json:"timeout"`
	Jobs             int      `json:"jobs"`
	ExcludeIOC       []string `json:"exclude_ioc"`
	AcceptIncomplete bool     `json:"accept_incomplete"`
	Channels         []string `json:"channels"` // as asked for; empty: by the source and the collection
	Since            string   `json:"since"`    // RFC 3339 in UTC; empty: no bound; likewise Until
	Until            string   `json:"until"`
	Keys             []string `json:"keys"`         // of the registry: predefined, all, or keys
	NoReplay         bool     `json:"no_replay"`    // transaction logs of hives are left alone
	ProcessData      []string `json:"process_data"` // what of processes is looked at; empty: all that is asked for
}

// Scope is the areas that the options came to.
type Scope struct {
	Areas    []string  `json:"areas"` // folders walked, as the evidence names them
	Named    []string  `json:"named"` // paths looked at beyond them because IOCs name them outright
	Exclude  []string  `json:"exclude"`
	Keys     []string  `json:"keys"`     // of the registry, each with all below it; and those that IOCs name outright
	Channels []string  `json:"channels"` // of event logs, "…" behind the beginning of a name; or all
	LeftOut  []LeftOut `json:"left_out"`
}

// LeftOut is a place that was not walked.
type LeftOut struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Interval of a retrospective scan, both ends included, RFC 3339.
type Interval struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Match is a match with the IOC it belongs to.
type Match struct {
	IOC IOCRef `json:"ioc"`
	match.Match
}

// IOCRef names an IOC file.
type IOCRef struct {
	File string `json:"file"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Trouble is something that could not be read or done.
type Trouble struct {
	Document string `json:"document"` // empty for the scan as a whole
	Object   string `json:"object"`
	Error    string `json:"error"`
}

// Result is the whole outcome, sorted: IOCs by file path, matches by their
// objects' labels, troubles by document and object.
type Result struct {
	Header
	IOCs      []IOC      `json:"iocs"`
	Documents []Document `json:"documents"`
	Troubles  []Trouble  `json:"troubles"`
	Summary   Summary    `json:"summary"`
}

// IOC is the outcome of one IOC file.
type IOC struct {
	File        string            `json:"file"`
	SHA256      string            `json:"sha256"`
	ID          string            `json:"id"`
	Version     string            `json:"version"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Author      string            `json:"author"`
	Authored    string            `json:"authored"`
	Keywords    []string          `json:"keywords"`
	Links       []Link            `json:"links"`
	Verdict     string            `json:"verdict"` // matched, clear, undetermined, rejected, excluded
	MatchCount  uint64            `json:"match_count"`
	Matches     []match.Match     `json:"matches"` // at most --max-objects of MatchCount
	Unchecked   []match.Unchecked `json:"unchecked"`
	Problems    []Problem         `json:"problems"`
}

// Link is a link of an IOC's metadata.
type Link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
	Text string `json:"text"`
}

// Problem is something wrong or odd in an IOC file.
type Problem struct {
	Severity string `json:"severity"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Rule     string `json:"rule"`
	Text     string `json:"text"`
	Hint     string `json:"hint"`
}

// Document is the outcome of one document.
type Document struct {
	Name    string `json:"name"`
	Status  string `json:"status"` // complete, partial, unavailable or skipped
	Scanned uint64 `json:"scanned"`
	Matched uint64 `json:"matched"`
	Reason  string `json:"reason"` // why it is not complete
	// Notes are what was done to read the evidence, such as a replay of the
	// transaction logs of a hive.
	Notes []string `json:"notes"`
}

// Summary counts.
type Summary struct {
	IOCs         int     `json:"iocs"`
	Matched      int     `json:"matched"`
	Clear        int     `json:"clear"`
	Undetermined int     `json:"undetermined"`
	Rejected     int     `json:"rejected"`
	Excluded     int     `json:"excluded"`
	Objects      uint64  `json:"objects"`
	BytesRead    uint64  `json:"bytes_read"`
	Seconds      float64 `json:"seconds"`
	ExitStatus   int     `json:"exit_status"`
}
