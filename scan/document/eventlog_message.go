package document

import (
	"bytes"
	"strconv"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
	"iocscan/scan/internal/msgtable"
)

// messageForm goes with a text that Windows may have shown in another form.
const messageForm = match.StandIn("found in the text of the provider's message table, where Windows may write some values of the event in another form")

var errMessageForm error = messageForm

// A messageMaker is one worker's means of building the text of a record.
type messageMaker struct {
	providers map[string]*provider // those that this worker has met
	key       []byte
	values    []evtx.Value // insertions
	out, crlf []byte
}

// mostMet bounds the providers that one worker remembers.
const mostMet = 1 << 12

// built yields the text that the record's provider has for the event, with the
// record's values in it; in each of its languages. It reports whether there is
// any.
func (e *event) built(yield func(ioc.Value) bool) (any bool, err error) {
	p := e.provider()
	if p == nil {
		return false, nil
	}
	number, ok := e.rec.Uint(evtx.EventID)
	if !ok {
		return false, nil
	}
	qualifiers, _ := e.rec.Uint(evtx.Qualifiers)
	version, _ := e.rec.Uint(evtx.Version)
	found := p.find(uint16(number), uint16(qualifiers), uint8(version))
	if len(found.texts) == 0 {
		return false, nil
	}
	inData := e.insertions()
	m := &e.maker
	exact := true
	for _, text := range found.texts {
		var ok bool
		m.out, ok = msgtable.AppendFormat(m.out[:0], text.Text, func(dst []byte, n int) ([]byte, bool) {
			return e.insertion(dst, n, p, &found)
		})
		exact = exact && ok && !text.Approximate && inData
		if !e.lines(bytes.TrimRight(m.out, "\r\n"), yield) {
			return true, nil
		}
	}
	switch {
	case e.rec.Err() != nil:
		return true, errDamaged
	case found.err != nil:
		return true, found.err
	case !exact:
		return true, errMessageForm
	}
	return true, nil
}

// lines yields a text with its lines ended as those of XML are, which an IOC
// has, and as Windows ends them.
func (e *event) lines(text []byte, yield func(ioc.Value) bool) bool {
	m := &e.maker
	if bytes.IndexByte(text, '\r') < 0 {
		return yield(ioc.TextValue(string(text)))
	}
	m.crlf = append(m.crlf[:0], text...)
	return yield(ioc.TextValue(string(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))) &&
		yield(ioc.TextValue(string(m.crlf)))
}

// insertions lists the values that the text may name by their place. It reports
// whether that is the order that the text means: UserData has one of its own.
func (e *event) insertions() (inData bool) {
	v := e.maker.values[:0]
	e.rec.Insertions(func(_ int, value evtx.Value) bool {
		v = append(v, value)
		return true
	})
	if inData = len(v) > 0; !inData {
		e.data(func(value evtx.Value) bool {
			v = append(v, value)
			return true
		})
		inData = len(v) == 0
	}
	e.maker.values = v
	return inData
}

// insertion appends a value, in which further texts of the provider may stand.
func (e *event) insertion(dst []byte, n int, p *provider, found *messages) (out []byte, exact bool) {
	if n > len(e.maker.values) {
		return strconv.AppendInt(append(dst, '%'), int64(n), 10), false
	}
	v := e.maker.values[n-1]
	e.buf = v.AppendText(e.buf[:0])
	dst, exact = msgtable.AppendParameters(dst, e.buf, p.parameter)
	if found.mapped {
		return dst, exact && found.event.Plain(n)
	}
	return dst, exact && v.Type <= evtx.Uint64
}

// provider is the record's; nil where it has none or nothing is known of it.
func (e *event) provider() *provider {
	m := &e.maker
	key := m.key[:0]
	for _, s := range [...]evtx.Slot{evtx.ProviderGUID, evtx.ProviderName, evtx.EventSourceName, evtx.Channel} {
		if v, ok := e.rec.Slot(s); ok {
			key = append(key, v.Bytes...)
		}
		key = append(key, 0, 0, byte(s))
	}
	m.key = key
	p, met := m.providers[string(key)]
	if met {
		return p
	}
	text := func(s evtx.Slot) string {
		v, _ := e.rec.Slot(s)
		return v.String()
	}
	p = e.shared.provider(providerName{
		guid: text(evtx.ProviderGUID), name: text(evtx.ProviderName), source: text(evtx.EventSourceName), log: text(evtx.Channel),
	})
	if m.providers == nil || len(m.providers) >= mostMet {
		m.providers = map[string]*provider{}
	}
	m.providers[string(key)] = p
	return p
}
