package evtxtest

// A System is what the System part of an event says.
type System struct {
	Provider   string
	EventID    uint16
	Qualifiers uint16
	Level      uint8
	Task       uint16
	Ticks      uint64 // TimeCreated
	RecordID   uint64
	Process    uint32
	Channel    string
	Computer   string
	SID        []byte // of the user, nil for none
}

// eventTemplate is the template that most providers share: System as values,
// the event's data as BinXML in the last one.
var eventTemplate = Template{
	GUID: [16]byte{0x46, 0x57, 0x41, 0xd1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
	Root: El("Event",
		El("System",
			El("Provider").With("Name", Sub(0)),
			El("EventID", Sub(1)).With("Qualifiers", Opt(2)),
			El("Version", Sub(3)),
			El("Level", Sub(4)),
			El("Task", Sub(5)),
			El("Opcode", Sub(3)),
			El("Keywords", Sub(6)),
			El("TimeCreated").With("SystemTime", Sub(7)),
			El("EventRecordID", Sub(8)),
			El("Correlation"),
			El("Execution").With("ProcessID", Sub(9)).With("ThreadID", Sub(9)),
			El("Channel", Sub(10)),
			El("Computer", Sub(11)),
			El("Security").With("UserID", Opt(12)),
		),
		Sub(13),
	).With("xmlns", Text("http://schemas.microsoft.com/win/2004/08/events/event")),
}

// Event is a usual event: System, then what data holds.
func Event(s System, data ...Body) Body {
	user := Null()
	if s.SID != nil {
		user = Raw(0x13, s.SID...)
	}
	xml := Null()
	if len(data) > 0 {
		xml = XML(data...)
	}
	return Use{&eventTemplate, []Value{
		Str(s.Provider), U16(s.EventID), U16(s.Qualifiers), U8(0), U8(s.Level), U16(s.Task),
		Hex64(0x8000000000000000), Ticks(s.Ticks), U64(s.RecordID), U32(s.Process),
		Str(s.Channel), Str(s.Computer), user, xml,
	}}
}

// EventData is a Body for Event: Data elements with the given names and
// values, an empty name for one without. Each list of names makes a template
// of its own; id tells templates apart.
func EventData(id byte, names []string, values ...Value) Body {
	e := El("EventData")
	for i, n := range names {
		if n == "" {
			e.Nodes = append(e.Nodes, El("Data", Sub(i)))
		} else {
			e.Nodes = append(e.Nodes, Data(n, Sub(i)))
		}
	}
	return Use{&Template{GUID: [16]byte{id, 0xda, 0x7a, 1, id}, Root: e}, values}
}
