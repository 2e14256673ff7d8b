package evtx

// A Slot is a field that has one fixed place in every event: the element or
// attribute below System, or what the writer of the log rendered
// (RenderingInfo, in forwarded and some other events).
type Slot uint8

// The text slots of RenderingInfo come behind the event's data and so need
// the whole record to be decoded ([Record.Fields]).
const (
	_ Slot = iota
	ProviderName
	ProviderGUID
	EventSourceName
	EventID // 16 bits; see Qualifiers
	Qualifiers
	Version
	Level
	Task
	Opcode
	Keywords
	TimeCreated
	EventRecordID
	ActivityID
	RelatedActivityID
	ProcessID
	ThreadID
	Channel
	Computer
	UserID
	RenderedMessage
	RenderedLevel
	RenderedTask
	RenderedOpcode
	RenderedChannel
	RenderedProvider
	RenderedKeywords // the first of them
	slotEnd
)

type place struct {
	path []string
	attr string
}

func sys(elem, attr string) place { return place{[]string{"Event", "System", elem}, attr} }

func rendering(elems ...string) place {
	return place{append([]string{"Event", "RenderingInfo"}, elems...), ""}
}

// slotPlaces is a constant table.
var slotPlaces = [slotEnd]place{
	ProviderName:      sys("Provider", "Name"),
	ProviderGUID:      sys("Provider", "Guid"),
	EventSourceName:   sys("Provider", "EventSourceName"),
	EventID:           sys("EventID", ""),
	Qualifiers:        sys("EventID", "Qualifiers"),
	Version:           sys("Version", ""),
	Level:             sys("Level", ""),
	Task:              sys("Task", ""),
	Opcode:            sys("Opcode", ""),
	Keywords:          sys("Keywords", ""),
	TimeCreated:       sys("TimeCreated", "SystemTime"),
	EventRecordID:     sys("EventRecordID", ""),
	ActivityID:        sys("Correlation", "ActivityID"),
	RelatedActivityID: sys("Correlation", "RelatedActivityID"),
	ProcessID:         sys("Execution", "ProcessID"),
	ThreadID:          sys("Execution", "ThreadID"),
	Channel:           sys("Channel", ""),
	Computer:          sys("Computer", ""),
	UserID:            sys("Security", "UserID"),
	RenderedMessage:   rendering("Message"),
	RenderedLevel:     rendering("Level"),
	RenderedTask:      rendering("Task"),
	RenderedOpcode:    rendering("Opcode"),
	RenderedChannel:   rendering("Channel"),
	RenderedProvider:  rendering("Provider"),
	RenderedKeywords:  rendering("Keywords", "Keyword"),
}
