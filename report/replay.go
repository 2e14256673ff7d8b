package report

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"iocscan/scan"
)

// maxLine bounds a line of a JSONL report.
const maxLine = 64 << 20

// Replay reads a saved JSON or JSONL report, known by its content, and tells it
// to a sink as the scan did: the header without its end, the matches, the
// troubles, the result. JSON written from a JSON report is the same to the
// byte; JSON written from a JSONL report is that of its run.
//
// A JSONL report may lack its end, because the scanner was killed: then status
// is "interrupted", an IOC is known only if it has matched, or if its line was
// written before the end, and exit_status is 1 if anything matched, else 3.
//
// An error names the line and what is wrong with it; errors of the sink are
// returned as they are. After an error End is not called.
func Replay(r io.Reader, sink scan.Sink) error {
	in := bufio.NewReaderSize(r, chunk)
	start, err := in.Peek(512)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read report: %w", err)
	}
	if bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")) {
		return errors.New("the report is UTF-16, as a redirection in PowerShell writes it; write it with -o, or save it as UTF-8")
	}
	if bytes.HasPrefix(start, []byte("\xef\xbb\xbf")) {
		in.Discard(3)
		start = start[3:]
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	switch {
	case len(start) == 0:
		return errors.New("the report is empty")
	case start[0] != '{':
		return errors.New("line 1: neither a JSON nor a JSONL report of iocscan")
	case isStream(start):
		return replayStream(in, sink)
	}
	return replayJSON(in, sink)
}

// isStream tells a JSONL report by its first key: a line has a type, a JSON
// report a schema.
func isStream(start []byte) bool {
	key, ok := bytes.CutPrefix(bytes.TrimLeft(start[1:], " \t\r\n"), []byte(`"`))
	return ok && bytes.HasPrefix(key, []byte(`type"`))
}

func replayJSON(r io.Reader, sink scan.Sink) error {
	lines := &lineCounter{r: r}
	d := newDecoder(lines)
	lines.read = d.json.InputOffset
	var result scan.Result
	err := d.value(reflect.ValueOf(&result).Elem())
	if err == nil {
		err = d.end()
	}
	if err == nil {
		err = checkSchema(result.Schema)
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", lines.line(), err)
	}
	return tell(&result, sink)
}

// tell says a result as the scan would have.
func tell(r *scan.Result, sink scan.Sink) error {
	head := beginning(r.Header)
	if err := sink.Begin(&head); err != nil {
		return err
	}
	for i := range r.IOCs {
		ioc := &r.IOCs[i]
		for j := range ioc.Matches {
			m := scan.Match{IOC: scan.IOCRef{File: ioc.File, ID: ioc.ID, Name: ioc.Name}, Match: ioc.Matches[j]}
			if err := sink.Match(&m); err != nil {
				return err
			}
		}
	}
	for i := range r.Troubles {
		if err := sink.Trouble(&r.Troubles[i]); err != nil {
			return err
		}
	}
	return sink.End(r)
}

func checkSchema(schema string) error {
	if schema != scan.SchemaName {
		return fmt.Errorf("schema %.80q is not the one this version reads (%s)", schema, scan.SchemaName)
	}
	return nil
}

// A lineCounter knows on which line the decoder that reads through it stands.
type lineCounter struct {
	r      io.Reader
	read   func() int64 // how far the decoder has come
	offset int64        // how far it has read ahead
	passed int          // line feeds that it has passed for certain
	feeds  []int64      // offsets of the line feeds after those
}

func (l *lineCounter) Read(p []byte) (int, error) {
	l.line()
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.feeds = append(l.feeds, l.offset+int64(i))
		}
	}
	l.offset += int64(n)
	return n, err
}

func (l *lineCounter) line() int {
	at := 0
	for at < len(l.feeds) && l.feeds[at] < l.read() {
		at++
	}
	l.passed += at
	l.feeds = append(l.feeds[:0], l.feeds[at:]...)
	return l.passed + 1
}
