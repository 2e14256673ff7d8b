package report

import (
	"io"
	"reflect"

	"iocscan/scan"
)

// JSON is the whole result as one JSON object, indented, written when the scan
// ends. The keys and their order are those of scan.Result; schema.json states
// them. A string that is not valid UTF-8 has U+FFFD in its key and its exact
// bytes in a key ending _base64; for a list of strings that key holds a list
// with null where the string is valid.
func JSON(w io.Writer) scan.Sink { return jsonSink{w} }

type jsonSink struct{ w io.Writer }

func (jsonSink) Begin(*scan.Header) error    { return nil }
func (jsonSink) Match(*scan.Match) error     { return nil }
func (jsonSink) Trouble(*scan.Trouble) error { return nil }

func (s jsonSink) End(r *scan.Result) error {
	e := encoder{w: s.w, pretty: true, layout: layout{}}
	e.value(reflect.ValueOf(r).Elem())
	e.buf = append(e.buf, '\n')
	return e.flush(0)
}
