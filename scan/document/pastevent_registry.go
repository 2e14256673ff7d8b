package document

import (
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/evtx"
	"iocscan/scan/source"
)

// A pastKey is where an event says that the registry was changed: a key, or a
// value in it. Sysmon writes both as one path, the security log the name of the
// value by itself.
type pastKey struct {
	path  string // of the event
	value string // its name by itself; empty where it is the last name of path
	data  string // names what tells a value from a key in Sysmon's events: EventType
	fixed bool   // every event is of a value
}

// answer gives get the forms that a key has in the registry, as RegistryItem
// has them, and the name of the value.
func (k pastKey) answer(get func(forms []regForm, name string, has bool, yield func(ioc.Value) bool)) pastAnswer {
	names := []string{k.path}
	switch {
	case k.value != "":
		names = append(names, k.value)
	case k.data != "":
		names = append(names, k.data)
	}
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		path, known := e.text(ids[0])
		if !known {
			return errNotLogged
		}
		name, has := "", k.fixed
		switch {
		case k.value != "":
			name, has = e.text(ids[1])
		case k.data != "":
			kind, _ := e.text(ids[1])
			has = strings.HasSuffix(kind, "Value")
		}
		if has && k.value == "" {
			i := strings.LastIndexByte(path, '\\')
			path, name = path[:max(i, 0)], path[i+1:]
		}
		get(e.keyForms(path), name, has, yield)
		return nil
	}, names}
}

// keyForms makes the forms of a key. They are valid until the next call.
func (e *pastEvent) keyForms(path string) []regForm {
	v := e.view
	places, key := source.PlacesOfPath(path)
	v.forms = appendForms(v.forms[:0], places, key, true)
	if len(places) == 0 {
		v.forms = append(v.forms, regForm{buf: []byte(key), key: len(key)})
	}
	return v.forms
}

// yieldParts yields a path and parts of it, as regItem.yield does.
func yieldParts(full string, starts, ends []int, yield func(ioc.Value) bool) bool {
	v := ioc.PathValue(full)
	if len(starts)+len(ends) > 2 {
		v.Forms = &ioc.Forms{Starts: starts, Ends: ends}
	}
	return yield(v)
}

// fullPath is the path of the key, and of the value.
func (k pastKey) fullPath() pastAnswer {
	return k.answer(func(forms []regForm, name string, has bool, yield func(ioc.Value) bool) {
		for i := range forms {
			full := string(forms[i].buf[:forms[i].key])
			ends := []int{len(full)}
			if has {
				full += `\` + name
				ends = []int{len(full), ends[0]}
			}
			if !yieldParts(full, []int{0}, ends, yield) {
				return
			}
		}
	})
}

// keyPath is the key below its hive, with the hive, and with only the root
// taken off; a separator before it lets contents that begin with one pass.
func (k pastKey) keyPath() pastAnswer {
	return k.answer(func(forms []regForm, _ string, _ bool, yield func(ioc.Value) bool) {
		for i := range forms {
			f := &forms[i]
			starts := []int{0}
			if f.hive > 0 && f.key > f.hive {
				starts = append(starts, f.hive+1, f.hive)
			}
			if f.root < f.hive {
				starts = append(starts, f.root+1, f.root)
			}
			if f.key > 0 && !yieldParts(string(f.buf[:f.key]), starts, []int{f.key}, yield) {
				return
			}
		}
	})
}

// hive is the hive, and its root alone.
func (k pastKey) hive() pastAnswer {
	return k.answer(func(forms []regForm, _ string, _ bool, yield func(ioc.Value) bool) {
		for i := range forms {
			if f := &forms[i]; f.hive > 0 && !yieldParts(string(f.buf[:f.hive]), []int{0}, []int{f.hive, f.root}, yield) {
				return
			}
		}
	})
}

// valueName is the name of the value. That of the default one is also empty.
func (k pastKey) valueName() pastAnswer {
	return k.answer(func(_ []regForm, name string, has bool, yield func(ioc.Value) bool) {
		if !has || !yield(ioc.TextValue(name)) {
			return
		}
		switch {
		case name == "":
			yield(ioc.TextValue(defaultName))
		case ioc.EqualFold(name, defaultName):
			yield(ioc.TextValue(""))
		}
	})
}

// The words that Sysmon writes before a number, and for data that it does not
// show.
const (
	wordDWORD, wordQWORD = "DWORD (0x", "QWORD (0x"
	wordBinary           = "Binary Data"
	wordEmpty            = "(Empty)"
)

// pastData is the data of a value as Sysmon writes it: text, a number, or words
// in place of all else.
func pastData(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		v, ok := e.value(ids[0])
		if !ok {
			return errNotLogged
		}
		e.buf = v.AppendText(e.buf[:0])
		s := text(e.buf)
		n, isNumber := writtenNumber(s)
		switch {
		case s == wordBinary:
			return errNotLogged
		case s == wordEmpty:
			s = ""
		case isNumber:
			s = strconv.FormatUint(n, 10)
		}
		yield(ioc.TextValue(s))
		return nil
	}, []string{name}}
}

// writtenNumber reads DWORD (0x00000001) and QWORD (0x00000000-0x00000001).
func writtenNumber(s string) (n uint64, ok bool) {
	for _, word := range []string{wordDWORD, wordQWORD} {
		if digits, found := strings.CutPrefix(s, word); found {
			digits = strings.TrimSuffix(digits, ")")
			high, low, two := strings.Cut(digits, "-0x")
			if !two {
				high, low = "0", high
			}
			h, err1 := strconv.ParseUint(high, 16, 32)
			l, err2 := strconv.ParseUint(low, 16, 64)
			return h<<32 | l, err1 == nil && err2 == nil && (!two || l>>32 == 0)
		}
	}
	return 0, false
}

// pastDataType is the type of a value so far as Sysmon's words tell it: text
// has one of several.
func pastDataType(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, _ := e.text(ids[0])
		_, isNumber := writtenNumber(s)
		switch {
		case isNumber && strings.HasPrefix(s, wordDWORD):
			_ = yield(ioc.TextValue("REG_DWORD")) && yield(ioc.TextValue("4"))
		case isNumber:
			_ = yield(ioc.TextValue("REG_QWORD")) && yield(ioc.TextValue("11"))
		default:
			return errNotLogged
		}
		return nil
	}, []string{name}}
}

// auditTypes are the words that the security log has for types of values, by
// the numbers of its messages.
var auditTypes = map[string][2]string{
	"%%1873": {"REG_SZ", "1"}, "%%1874": {"REG_EXPAND_SZ", "2"}, "%%1875": {"REG_BINARY", "3"}, "%%1876": {"REG_DWORD", "4"},
	"%%1877": {"REG_DWORD_BIG_ENDIAN", "5"}, "%%1878": {"REG_LINK", "6"}, "%%1879": {"REG_MULTI_SZ", "7"}, "%%1883": {"REG_QWORD", "11"},
}

// pastAuditType is the type of a value in the security log.
func pastAuditType(name string) pastAnswer {
	return pastAnswer{func(e *pastEvent, ids []evtx.NameID, yield func(ioc.Value) bool) error {
		s, _ := e.text(ids[0])
		t, known := auditTypes[s]
		if !known {
			return errNotLogged
		}
		_ = yield(ioc.TextValue(t[0])) && yield(ioc.TextValue(t[1]))
		return nil
	}, []string{name}}
}
