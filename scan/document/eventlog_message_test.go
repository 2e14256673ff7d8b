package document

import (
	"slices"
	"strings"
	"testing"

	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx/evtxtest"
	"iocscan/scan/internal/pe/petest"
	"iocscan/scan/internal/regf/regftest"
	"iocscan/scan/source"
)

const (
	scm       = "Service Control Manager"
	auditGUID = "{54849625-5478-4994-A5BA-3E3B0328C30D}"
)

var auditID = [16]byte{0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49, 0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d}

func (k keys) set(path string, values ...regftest.Value) keys {
	k[path] = values
	return k
}

// messageProgram writes a file with a message table.
func messageProgram(language uint16, messages ...petest.Message) string {
	return string(petest.Image{Resources: []petest.Resource{
		{Type: "11", Name: "1", Language: language, Data: petest.MessageTable(messages...)},
	}}.Bytes())
}

// audit is the file of a provider with a manifest.
func audit() string {
	return string(petest.Image{Resources: []petest.Resource{
		{Type: "WEVT_TEMPLATE", Name: "1", Language: 1033, Data: petest.EventManifest(petest.Provider{GUID: auditID, Events: []petest.Event{
			{ID: 4624, Version: 2, Message: 0xb0021210, Items: []petest.Item{{In: 1, Out: 1}, {In: 1, Out: 1}, {In: 17, Out: 2}}},
			{ID: 4625, Version: 0, Message: 0xb0001211, Items: []petest.Item{{In: 17, Out: 2}}},
		}})},
	}}.Bytes())
}

// messageMachine is a machine with three providers and their files.
func messageMachine() *source.Mem {
	return hives(map[string]keys{
		"SYSTEM": systemKeys().set(`ControlSet001\Services\EventLog\System\`+scm, sz("EventMessageFile", `%SystemRoot%\System32\missing.dll;%systemroot%\system32\NetEvent.dll`),
			sz("ParameterMessageFile", `%SystemRoot%\System32\kernel32.dll`)).
			set(`ControlSet001\Services\EventLog\Application\Backup`, sz("EventMessageFile", `C:\Program Files\Backup\messages.dll`)).
			set(`ControlSet001\Services\EventLog\Application\Far`, sz("EventMessageFile", `\\server\share\far.dll`)).
			set(`ControlSet001\Services\EventLog\Application\Broken`, sz("EventMessageFile", `broken.dll`)),
		"SOFTWARE": softwareKeys().set(`Microsoft\Windows\CurrentVersion\WINEVT\Publishers\`+strings.ToLower(auditGUID), sz("", "Microsoft-Windows-Security-Auditing"),
			sz("ResourceFileName", `%SystemRoot%\system32\adtschema.dll`), sz("MessageFileName", `%SystemRoot%\system32\adtschema.dll`),
			sz("ParameterFileName", `%SystemRoot%\system32\msobjs.dll`)),
	}).
		Add(`C:\Windows\System32\en-US\netevent.dll.mui`, messageProgram(1033, petest.Message{ID: 0x40001b85, Text: "A service was installed in the system.%n%nService Name:  %1%nService File Name:  %2%0 hidden\r\n"},
			petest.Message{ID: 0xc0001b58, Text: "The %1 service failed: %2\r\n"})).
		Add(`C:\Windows\System32\de-DE\netevent.dll.mui`, messageProgram(1031, petest.Message{ID: 0x40001b85, Text: "Ein Dienst wurde installiert: %1"})).
		Add(`C:\Windows\System32\netevent.dll`, string(petest.Image{}.Bytes())).
		Add(`C:\Windows\System32\drivers\x.sys`, "x").
		Add(`C:\Windows\System32\kernel32.dll`, messageProgram(1033, petest.Message{ID: 5, Text: "Access is denied.\r\n"})).
		Add(`C:\Program Files\Backup\messages.dll`, messageProgram(0, petest.Message{ID: 1, Text: "caf\xe9 %1", Encoding: petest.ANSI}, petest.Message{ID: 2, Text: "Codes %1!08x!"})).
		Add(`C:\Windows\System32\broken.dll`, "MZ, and no more").
		Add(`C:\Windows\System32\adtschema.dll`, audit()).
		Add(`C:\Windows\System32\en-US\adtschema.dll.mui`, messageProgram(1033, petest.Message{ID: 0xb0001211, Text: "Failed at %1."}, petest.Message{ID: 0xb0021210, Text: "%1 logged on: %2."})).
		Add(`C:\Windows\System32\msobjs.dll`, messageProgram(1033, petest.Message{ID: 1833, Text: "Impersonation\r\n"})).
		Offer(source.Hives)
}

// logged is a record, of the older interface or of a manifest's provider.
func logged(provider, guid, channel string, qualifiers, id, version string, data ...string) evtxtest.Element {
	el, text := evtxtest.El, func(name, s string) evtxtest.Element { return evtxtest.El(name, evtxtest.Text(s)) }
	by := el("Provider").With("Name", evtxtest.Text(provider))
	if guid != "" {
		by = by.With("Guid", evtxtest.Text(guid))
	}
	number := text("EventID", id)
	if qualifiers != "" {
		number = number.With("Qualifiers", evtxtest.Text(qualifiers))
	}
	var values []evtxtest.Node
	for _, d := range data {
		values = append(values, text("Data", d))
	}
	return el("Event", el("System", by, number, text("Version", version), text("Channel", channel)), el("EventData", values...))
}

// What the provider has for an event is the message; where it has nothing, or
// nobody can tell, the insertion strings stand for it.
func TestEventMessageTables(t *testing.T) {
	const security = "Microsoft-Windows-Security-Auditing"
	for _, c := range []struct {
		name  string
		event evtxtest.Element
		want  []string
		err   string // part of
	}{
		{"a source, in two languages", logged(scm, "", "System", "16384", "7045", "0", "GreyHeron", `C:\Windows\gh.exe`),
			[]string{"Ein Dienst wurde installiert: GreyHeron",
				"A service was installed in the system.\n\nService Name:  GreyHeron\nService File Name:  C:\\Windows\\gh.exe",
				"A service was installed in the system.\r\n\r\nService Name:  GreyHeron\r\nService File Name:  C:\\Windows\\gh.exe"}, ""},
		{"a parameter", logged(scm, "", "System", "49152", "7000", "0", "GreyHeron", "%%5"), []string{"The GreyHeron service failed: Access is denied."}, ""},
		{"a parameter without a text", logged(scm, "", "System", "49152", "7000", "0", "GreyHeron", "%%6"), []string{"The GreyHeron service failed: %%6"}, "another form"},
		{"a value too few", logged(scm, "", "System", "49152", "7000", "0", "GreyHeron"), []string{"The GreyHeron service failed: %2"}, "another form"},
		{"another severity", logged(scm, "", "System", "0", "7045", "0", "GreyHeron", "x"), []string{"GreyHeron x", "GreyHeron", "x"}, string(messageNote)},
		{"a source of another log", logged("Backup", "", "Forwarded", "0", "1", "0", "x"), []string{"café x"}, "another form"},
		{"a format of its own", logged("Backup", "", "Application", "0", "2", "0", "255"), []string{"Codes 000000ff"}, "another form"},
		{"a file on the network", logged("Far", "", "Application", "0", "1", "0", "x"), []string{"x"}, string(messageNote)},
		{"a file that is no program", logged("Broken", "", "Application", "0", "1", "0", "x"), []string{"x"}, string(messageNote)},
		{"nobody's", logged("Nobody", "", "Application", "0", "1", "0", "x"), []string{"x"}, string(messageNote)},
		{"a name that is a path", logged(`..\System\`+scm, "", "System", "16384", "7045", "0", "x"), []string{"x"}, string(messageNote)},
		{"a manifest, by GUID", logged(security, auditGUID, "Security", "", "4624", "2", "anna", "%%1833"), []string{"anna logged on: Impersonation."}, ""},
		{"a manifest, by name", logged(security, "", "Security", "", "4624", "2", "anna", "%%1833"), []string{"anna logged on: Impersonation."}, ""},
		{"another version", logged(security, auditGUID, "Security", "", "4624", "1", "anna"), []string{"anna"}, string(messageNote)},
		{"a time", logged(security, auditGUID, "Security", "", "4625", "0", "2024-05-01T00:00:00Z"), []string{"Failed at 2024-05-01T00:00:00Z."}, "another form"},
		{"no GUID", logged(security, "{x}", "Security", "", "4624", "2", "anna"), []string{"anna"}, string(messageNote)},
	} {
		var l evtxtest.Log
		l.Chunk(1).Record(logTicks(0), c.event)
		got := runEvents(t, messageMachine().Add(logFolder+"L.evtx", string(l.Bytes())), Events{})
		for label, v := range got.values {
			if !slices.Equal(v["message"], c.want) {
				t.Errorf("%s: %q, want %q", c.name, v["message"], c.want)
			}
			err := got.errs[label]["message"]
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.name, err, c.err)
			}
			if _, standIn := err.(match.StandIn); err != nil && !standIn {
				t.Errorf("%s: %v is no stand-in", c.name, err)
			}
		}
		if len(got.values) != 1 {
			t.Errorf("%s: %d records", c.name, len(got.values))
		}
		if _, told := got.troubles[`C:\Windows\System32\broken.dll`]; told != (c.name == "a file that is no program") || len(got.troubles) > 1 {
			t.Errorf("%s: troubles %q", c.name, got.troubles)
		}
	}
}

// A file of a language that is there and cannot be read may have another text.
func TestEventMessageDamagedLanguage(t *testing.T) {
	var l evtxtest.Log
	l.Chunk(1).Record(logTicks(0), logged(scm, "", "System", "16384", "7045", "0", "GreyHeron", "x"))
	m := messageMachine().Add(`C:\Windows\System32\en-US\netevent.dll.mui`, "damaged").Add(logFolder+"L.evtx", string(l.Bytes()))
	got := runEvents(t, m, Events{})
	if v, err := got.values["System record 1"]["message"], got.errs["System record 1"]["message"]; len(v) != 1 || err == nil {
		t.Errorf("%q, error %v", v, err)
	}
	if got.troubles[`C:\Windows\System32\en-US\netevent.dll.mui`] == "" {
		t.Errorf("troubles %q", got.troubles)
	}
}

// The machine's names of accounts are those of its records.
func TestEventUserNames(t *testing.T) {
	var l evtxtest.Log
	c := l.Chunk(1)
	for i, s := range []string{machineSID + "-1001", machineSID + "-1002", machineSID + "-1003", "S-1-5-18"} {
		c.Record(logTicks(i), evtxtest.Event(evtxtest.System{Provider: "P", EventID: 1, Ticks: logTicks(i), RecordID: uint64(i + 1), Channel: "System", SID: binarySID(s)}))
	}
	m := hives(map[string]keys{
		"SAM":      samKeys().users(testUser{rid: 1001, name: "boris"}),
		"SOFTWARE": softwareKeys().profile(machineSID+"-1002", `C:\Users\carla.EXAMPLE`),
		"SYSTEM":   systemKeys(),
	}).Add(logFolder+"L.evtx", string(l.Bytes()))
	got := runEvents(t, m, Events{})
	for label, want := range map[string]struct {
		values []string
		err    error
	}{
		"System record 1": {[]string{machineSID + "-1001", `FINCH\boris`, "boris"}, nil},
		"System record 2": {[]string{machineSID + "-1002", "carla.EXAMPLE"}, match.StandIn(sidStandIn)},
		"System record 3": {[]string{machineSID + "-1003"}, errAccountName},
		"System record 4": {[]string{"S-1-5-18", `NT AUTHORITY\SYSTEM`, "SYSTEM"}, nil},
	} {
		if v, err := got.values[label]["user"], got.errs[label]["user"]; !slices.Equal(v, want.values) || err != want.err {
			t.Errorf("%s: %q, error %v, want %q, %v", label, v, err, want.values, want.err)
		}
	}
	got = runEvents(t, m, Events{SIDs: true}) // nobody asks for names
	if v := got.values["System record 1"]["user"]; !slices.Equal(v, []string{machineSID + "-1001"}) {
		t.Errorf("%q", v)
	}
}
