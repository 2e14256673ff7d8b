package document

import (
	"encoding/hex"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/msgtable"
	"iocscan/scan/source"
)

// Where Windows registers who writes to the event log, and in which files the
// texts are: sources of the older interface by the log that they write to
// ("Event Sources" of the Windows documentation), those with a manifest by GUID.
const (
	eventSourcesKey = `HKLM\SYSTEM\CurrentControlSet\Services\EventLog`
	publishersKey   = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Publishers`
)

// A providerName is how a record names who wrote it.
type providerName struct{ guid, name, source, log string }

// A provider is what the machine has on one.
type provider struct {
	id         msgtable.GUID
	sources    []*messageFile // of the older interface
	published  []*messageFile // of the manifest
	manifests  []*messageFile
	parameters []*messageFile
}

const (
	mostProviders = 1 << 14 // whose texts are looked for
	mostLogs      = 1 << 10 // that sources are registered for
	longestName   = 255     // of a key of the registry
)

// provider finds a provider, once; nil where too many were asked for.
func (s *eventShared) provider(name providerName) *provider {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.providers[name]
	if !ok && len(s.providers) < mostProviders {
		p = &provider{}
		s.providers[name] = p // first, lest one that makes trouble makes it for every record
		if s.req.Source.Has(source.Hives) {
			s.find(p, name)
		}
	}
	return p
}

func (s *eventShared) find(p *provider, name providerName) {
	guid := name.guid
	if k, ok := s.sourceKey(name); ok {
		p.sources = s.filesOf(k, "EventMessageFile")
		p.parameters = s.filesOf(k, "ParameterMessageFile")
		if guid == "" {
			guid = s.value(k, "providerGuid")
		}
	}
	if guid == "" {
		guid = s.publishedAs(name.name)
	}
	id, ok := parseGUID(guid)
	if !ok {
		return
	}
	k, err := openKey(s.req, publishersKey+`\{`+strings.Trim(guid, "{}")+"}")
	if err != nil {
		s.lost(publishersKey, err)
		return
	}
	p.id = id
	p.manifests = s.filesOf(k, "ResourceFileName")
	p.published = s.filesOf(k, "MessageFileName")
	p.parameters = append(p.parameters, s.filesOf(k, "ParameterFileName")...)
}

// sourceKey finds a source where its log registers it, else with any log.
func (s *eventShared) sourceKey(name providerName) (keyValues, bool) {
	logs := []string{name.log}
	for _, again := range []bool{false, true} {
		if again {
			logs = s.logs()
		}
		for _, writer := range []string{name.source, name.name} {
			for _, log := range logs {
				if !keyName(log) || !keyName(writer) {
					continue
				}
				k, err := openKey(s.req, eventSourcesKey+`\`+log+`\`+writer)
				if err == nil {
					return k, true
				}
				if s.lost(eventSourcesKey, err) {
					return keyValues{}, false
				}
			}
		}
	}
	return keyValues{}, false
}

// keyName reports whether a name can be that of one key.
func keyName(s string) bool {
	return s != "" && len(s) <= longestName && !strings.ContainsAny(s, `\/`)
}

func (s *eventShared) logs() (names []string) {
	k, err := openKey(s.req, eventSourcesKey)
	if err != nil {
		s.lost(eventSourcesKey, err)
		return nil
	}
	for sub, err := range k.Subkeys() {
		if err != nil || len(names) >= mostLogs {
			s.lost(eventSourcesKey, err)
			break
		}
		names = append(names, keyValues{sub}.name())
	}
	return names
}

// publishedAs is the GUID of a manifest's provider; empty where there is none.
func (s *eventShared) publishedAs(name string) string {
	if s.published == nil {
		s.published = map[string]string{}
		k, err := openKey(s.req, publishersKey)
		if err != nil {
			s.lost(publishersKey, err)
			return ""
		}
		for sub, err := range k.Subkeys() {
			if err != nil || len(s.published) >= mostProviders {
				s.lost(publishersKey, err)
				break
			}
			k := keyValues{sub}
			if name := s.value(k, ""); name != "" {
				s.published[ioc.Fold(name)] = k.name()
			}
		}
	}
	return s.published[ioc.Fold(name)]
}

// lost tells what keeps the registry from being read, once for a key. What is not there, a hive
// or a key, is no such thing: the texts are then not to be had.
func (s *eventShared) lost(key string, err error) bool {
	if err == nil || s.sids.absent(err) {
		return false
	}
	if !s.told[key] {
		s.told[key] = true
		s.req.trouble(key, err)
	}
	return true
}

// value is a text of a key; empty where there is none.
func (s *eventShared) value(k keyValues, name string) string {
	text, err := k.text(name)
	if err != nil {
		s.lost(source.JoinKeys(k.Path(), name), err)
	}
	return text
}

func parseGUID(s string) (id msgtable.GUID, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.Trim(s, "{}"), "-", ""))
	if err != nil || len(b) != len(id) {
		return id, false
	}
	slices.Reverse(b[0:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return msgtable.GUID(b), true
}

// messages are the texts that a provider has for an event, one for each
// language.
type messages struct {
	texts  []msgtable.Message
	mapped bool // by a manifest
	event  msgtable.Event
	err    error // why there may be more
}

// find looks an event up: in the manifest, else, as the older interface means
// it, by its number with the qualifiers above it.
func (p *provider) find(id, qualifiers uint16, version uint8) messages {
	for _, f := range p.manifests {
		for _, m := range f.manifests {
			event, ok := m.Event(p.id, id, version)
			if !ok {
				continue
			}
			if found := messagesOf(event.Message, p.published, p.sources); len(found.texts) > 0 {
				found.mapped, found.event = true, event
				return found
			}
		}
	}
	return messagesOf(uint32(qualifiers)<<16|uint32(id), p.sources, p.published)
}

// messagesOf is the text of the first file that has one, as Windows takes it.
func messagesOf(id uint32, lists ...[]*messageFile) (found messages) {
	for _, files := range lists {
		for _, f := range files {
			for _, t := range f.tables {
				if m, ok := t.Message(id); ok && !slices.Contains(found.texts, m) {
					found.texts = append(found.texts, m)
				}
			}
			if len(found.texts) > 0 {
				found.err = f.err
				return found
			}
		}
	}
	return found
}

// parameter is the text for %%n in a value. Where it is there in several
// languages, nobody knows which one belongs to the text around it.
func (p *provider) parameter(id uint32) (string, bool) {
	found := messagesOf(id, p.parameters)
	if len(found.texts) == 0 {
		return "", false
	}
	return found.texts[0].Text, len(found.texts) == 1 && found.err == nil && !found.texts[0].Approximate
}
