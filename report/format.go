// Package report says what a scan says: to people, as JSON, as a stream of
// JSON lines, as a table. Every format is a scan.Sink, so that a saved report
// replays into any of them (Replay), and none of them can reach the evidence or
// decides anything.
//
//	sink := report.Multi(report.Human(os.Stdout, opt), report.JSON(file))
//
// Text from evidence and IOC files is hostile. What is shown to people goes
// through Escape; JSON gives every byte, see JSON.
package report

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"iocscan/scan"
)

// Format is the name of a report format, as --format takes it.
type Format string

const (
	FormatHuman Format = "human"
	FormatJSON  Format = "json"
	FormatJSONL Format = "jsonl"
	FormatCSV   Format = "csv"
	FormatHTML  Format = "html"
)

// ErrHTML answers the one format that does not exist yet.
var ErrHTML = errors.New("the HTML report comes later; use json, jsonl, csv or human")

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(name)); f {
	case FormatHuman, FormatJSON, FormatJSONL, FormatCSV:
		return f, nil
	case FormatHTML:
		return "", ErrHTML
	}
	return "", fmt.Errorf("unknown format %q: json, jsonl, csv or human", name)
}

// ForPath is the format that the ending of a file name stands for.
func ForPath(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".json":
		return FormatJSON, nil
	case ".jsonl", ".ndjson":
		return FormatJSONL, nil
	case ".csv":
		return FormatCSV, nil
	case ".txt", ".log":
		return FormatHuman, nil
	case ".html", ".htm":
		return "", fmt.Errorf("%s: %w", path, ErrHTML)
	}
	return "", fmt.Errorf("%s: no format goes by this ending: .json, .jsonl, .csv or .txt", path)
}

// New makes the sink of a format. The options are for people only.
func New(f Format, w io.Writer, opt HumanOptions) (scan.Sink, error) {
	switch f {
	case FormatHuman:
		return Human(w, opt), nil
	case FormatJSON:
		return JSON(w), nil
	case FormatJSONL:
		return JSONL(w), nil
	case FormatCSV:
		return CSV(w), nil
	}
	_, err := ParseFormat(string(f))
	return nil, err
}

// Create begins the file of a report of this format: Create or, for JSONL,
// CreateStream.
func (f Format) Create(path string) (*File, error) {
	if f == FormatJSONL {
		return CreateStream(path)
	}
	return Create(path)
}
