package document

import (
	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
)

// Who logs the events that stand for those of the real-time documents. What
// their fields are called is in the manifests of the providers, as "wevtutil
// gp" shows them, and in Microsoft's descriptions of Sysmon and of the audit
// events of Windows.
var (
	sysmon   = &pastProvider{"Microsoft-Windows-Sysmon", "Sysmon", "Microsoft-Windows-Sysmon/Operational"}
	security = &pastProvider{"Microsoft-Windows-Security-Auditing", "Security", "Security"}
	resolver = &pastProvider{"Microsoft-Windows-DNS-Client", "DNS Client", "Microsoft-Windows-DNS-Client/Operational"}
	transfer = &pastProvider{"Microsoft-Windows-Bits-Client", "BITS Client", "Microsoft-Windows-Bits-Client/Operational"}
)

type answers = map[string]pastAnswer

// Terms that several of the documents have.
func pidTerm(doc string) match.Field {
	return match.Field{Term: doc + "/pid", Kind: ioc.Int, Identity: true}
}
func processTerm(doc string) match.Field {
	return match.Field{Term: doc + "/process", Kind: ioc.Text, Repeats: true, Identity: true}
}
func processPathTerm(doc string) match.Field {
	return match.Field{Term: doc + "/processPath", Kind: ioc.Path, Same: any2, Identity: true}
}
func usernameTerm(doc string) match.Field {
	return match.Field{Term: doc + "/username", Kind: ioc.Text, Repeats: true, Same: sameAccount, Identity: true}
}
func timestampTerm(doc string) match.Field {
	return match.Field{Term: doc + "/timestamp", Kind: ioc.Time, Identity: true}
}

// processEvents have the start and the end of processes.
var processEvents = pastDocument{
	name: "processEvent", summary: "starts and ends of processes that Windows has logged",
	terms: []match.Field{
		{Term: "processEvent/eventType", Kind: ioc.Text, Repeats: true, Identity: true},
		processTerm("processEvent"), pidTerm("processEvent"),
		{Term: "processEvent/parentProcess", Kind: ioc.Text, Repeats: true, Identity: true},
		{Term: "processEvent/parentPid", Kind: ioc.Int},
		usernameTerm("processEvent"),
		{Term: "processEvent/startTime", Kind: ioc.Time},
		timestampTerm("processEvent"),
		processPathTerm("processEvent"),
		{Term: "processEvent/parentProcessPath", Kind: ioc.Path, Same: any2},
		{Term: "processEvent/md5", Kind: ioc.Digest},
		{Term: "processEvent/processCmdLine", Kind: ioc.Text, Cost: match.Open, Identity: true},
	},
	kinds: []pastKind{
		{sysmon, 1, pastTest{}, answers{
			"eventType": pastWord("start"), "process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
			"parentProcess": pastName("ParentImage"), "parentProcessPath": pastImage("ParentImage"), "parentPid": pastNumber("ParentProcessId"),
			"processCmdLine": pastText("CommandLine"), "md5": pastHash("Hashes", "MD5"), "username": pastAccount("User"),
			"startTime": pastTime("UtcTime"), "timestamp": pastTime("UtcTime"),
		}},
		{sysmon, 5, pastTest{}, answers{
			"eventType": pastWord("end"), "process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
			"username": pastAccount("User"), "timestamp": pastTime("UtcTime"),
		}},
		{security, 4688, pastTest{}, answers{
			"eventType": pastWord("start"), "process": pastName("NewProcessName"), "processPath": pastImage("NewProcessName"), "pid": pastNumber("NewProcessId"),
			"parentProcess": pastName("ParentProcessName"), "parentProcessPath": pastImage("ParentProcessName"), "parentPid": pastNumber("ProcessId"),
			"processCmdLine": pastText("CommandLine"), "username": pastSubject("Target", "Subject"),
			"startTime": pastCreated, "timestamp": pastCreated,
		}},
		{security, 4689, pastTest{}, answers{
			"eventType": pastWord("end"), "process": pastName("ProcessName"), "processPath": pastImage("ProcessName"), "pid": pastNumber("ProcessId"),
			"username": pastSubject("Subject"), "timestamp": pastCreated,
		}},
	},
}

// fileTerms are those of the path of a file.
func fileTerms(doc string) []match.Field {
	return []match.Field{
		{Term: doc + "/fileName", Kind: ioc.Text, Repeats: true},
		{Term: doc + "/fileExtension", Kind: ioc.Text, Same: sameExtension, Repeats: true},
		{Term: doc + "/drive", Kind: ioc.Text, Same: sameDrive, Repeats: true},
		{Term: doc + "/fullPath", Kind: ioc.Path, Same: samePath, Identity: true},
		{Term: doc + "/filePath", Kind: ioc.Path, Same: samePath},
		{Term: doc + "/devicePath", Kind: ioc.Path},
	}
}

// fileAnswers answer them from a value.
func fileAnswers(name string, more answers) answers {
	out := answers{
		"fileName": pastName(name), "fileExtension": pastExtension(name), "drive": pastDrive(name),
		"fullPath": pastFullPath(name), "filePath": pastFolder(name), "devicePath": pastDevice(name),
	}
	for term, a := range more {
		out[term] = a
	}
	return out
}

// imageEvents are programs and libraries that processes have mapped.
var imageEvents = pastDocument{
	name: "imageLoadEvent", summary: "programs and libraries loaded by processes, as Sysmon has logged it",
	terms: append(fileTerms("imageLoadEvent"),
		processTerm("imageLoadEvent"), pidTerm("imageLoadEvent"), processPathTerm("imageLoadEvent"),
		usernameTerm("imageLoadEvent"), timestampTerm("imageLoadEvent")),
	kinds: []pastKind{
		{sysmon, 7, pastTest{}, fileAnswers("ImageLoaded", answers{
			"process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
			"username": pastAccount("User"), "timestamp": pastTime("UtcTime"),
		})},
	},
}

// fileEvents are files that were made or written.
var fileEvents = pastDocument{
	name: "fileWriteEvent", summary: "files made or written, as Windows has logged it",
	terms: append(fileTerms("fileWriteEvent"),
		processTerm("fileWriteEvent"), pidTerm("fileWriteEvent"), processPathTerm("fileWriteEvent"),
		usernameTerm("fileWriteEvent"), timestampTerm("fileWriteEvent"),
		match.Field{Term: "fileWriteEvent/md5", Kind: ioc.Digest}),
	kinds: []pastKind{
		{sysmon, 11, pastTest{}, fileAnswers("TargetFilename", answers{
			"process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
			"username": pastAccount("User"), "timestamp": pastTime("UtcTime"),
		})},
		{sysmon, 15, pastTest{}, fileAnswers("TargetFilename", answers{
			"process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
			"username": pastAccount("User"), "timestamp": pastTime("UtcTime"), "md5": pastHash("Hash", "MD5"),
		})},
		{security, 4663, pastTest{isWrite, []string{"ObjectType", "AccessMask"}}, fileAnswers("ObjectName", answers{
			"process": pastName("ProcessName"), "processPath": pastImage("ProcessName"), "pid": pastNumber("ProcessId"),
			"username": pastSubject("Subject"), "timestamp": pastCreated,
		})},
	},
}

// The rights by which a file is written, from winnt.h.
const fileWriteData, fileAppendData = 0x2, 0x4

// isWrite: the event tells of any use of any object; ids are those of the type
// of the object and of the rights that were used.
func isWrite(e *pastEvent, ids []evtx.NameID) bool {
	kind, _ := e.text(ids[0])
	if !ioc.EqualFold(kind, "File") {
		return false
	}
	v, ok := e.value(ids[1])
	if !ok {
		return false
	}
	mask, _ := v.Uint()
	return mask&(fileWriteData|fileAppendData) != 0
}

// keyEvents are changes of the registry. Not among the terms is eventType:
// which number stands for what is published nowhere.
var keyEvents = pastDocument{
	name: "regKeyEvent", summary: "changes of the registry that Windows has logged",
	terms: []match.Field{
		{Term: "regKeyEvent/valueName", Kind: ioc.Text, Repeats: true},
		{Term: "regKeyEvent/path", Kind: ioc.Path, Same: sameKey, Identity: true},
		{Term: "regKeyEvent/keyPath", Kind: ioc.Path, Same: sameKey},
		{Term: "regKeyEvent/hive", Kind: ioc.Path, Same: sameKey},
		{Term: "regKeyEvent/originalPath", Kind: ioc.Path, Same: sameKey},
		{Term: "regKeyEvent/valueType", Kind: ioc.Text, Same: any2, Repeats: true},
		{Term: "regKeyEvent/text", Kind: ioc.Text, Identity: true},
		processTerm("regKeyEvent"), pidTerm("regKeyEvent"), processPathTerm("regKeyEvent"), usernameTerm("regKeyEvent"), timestampTerm("regKeyEvent"),
	},
	kinds: []pastKind{
		{sysmon, 12, pastTest{}, keyAnswers(pastKey{path: "TargetObject", data: "EventType"}, answers{
			"valueType": pastNone, "text": pastNone, "originalPath": pastNone,
		})},
		{sysmon, 13, pastTest{}, keyAnswers(pastKey{path: "TargetObject", fixed: true}, answers{
			"valueType": pastDataType("Details"), "text": pastData("Details"), "originalPath": pastNone,
		})},
		{sysmon, 14, pastTest{}, keyAnswers(pastKey{path: "NewName", data: "EventType"}, answers{
			"valueType": pastNone, "text": pastNone, "originalPath": pastKey{path: "TargetObject", data: "EventType"}.fullPath(),
		})},
		{security, 4657, pastTest{}, answers{
			"path": auditedKey.fullPath(), "keyPath": auditedKey.keyPath(), "hive": auditedKey.hive(), "valueName": auditedKey.valueName(),
			"valueType": pastAuditType("NewValueType"), "text": pastText("NewValue"), "originalPath": pastNone,
			"process": pastName("ProcessName"), "processPath": pastImage("ProcessName"), "pid": pastNumber("ProcessId"),
			"username": pastSubject("Subject"), "timestamp": pastCreated,
		}},
	},
}

var auditedKey = pastKey{path: "ObjectName", value: "ObjectValueName"}

// keyAnswers are those of Sysmon's events about the registry.
func keyAnswers(k pastKey, more answers) answers {
	out := answers{
		"path": k.fullPath(), "keyPath": k.keyPath(), "hive": k.hive(), "valueName": k.valueName(),
		"process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
		"username": pastAccount("User"), "timestamp": pastTime("UtcTime"),
	}
	for term, a := range more {
		out[term] = a
	}
	return out
}

// lookupEvents are names that were looked up.
var lookupEvents = pastDocument{
	name: "dnsLookupEvent", summary: "host names looked up, as Windows has logged it",
	terms: []match.Field{
		{Term: "dnsLookupEvent/hostname", Kind: ioc.Text, Same: any2, Repeats: true, Identity: true},
		processTerm("dnsLookupEvent"), pidTerm("dnsLookupEvent"), processPathTerm("dnsLookupEvent"), usernameTerm("dnsLookupEvent"), timestampTerm("dnsLookupEvent"),
	},
	kinds: []pastKind{
		{sysmon, 22, pastTest{}, answers{
			"hostname": pastHost("QueryName"), "process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
			"username": pastAccount("User"), "timestamp": pastTime("UtcTime"),
		}},
		{resolver, 3006, pastTest{}, answers{"hostname": pastHost("QueryName"), "timestamp": pastCreated}},
		{resolver, 3008, pastTest{}, answers{"hostname": pastHost("QueryName"), "timestamp": pastCreated}},
		{resolver, 3020, pastTest{}, answers{"hostname": pastHost("QueryName"), "timestamp": pastCreated}},
	},
}

// Both ends of a connection in Sysmon's events and in those of the filtering
// platform.
var (
	sysmonLocal     = pastSide{false, "SourceIp", "DestinationIp", "Initiated"}
	sysmonRemote    = pastSide{true, "SourceIp", "DestinationIp", "Initiated"}
	sysmonLocalPort = pastSide{false, "SourcePort", "DestinationPort", "Initiated"}
	sysmonPort      = pastSide{true, "SourcePort", "DestinationPort", "Initiated"}
	filterLocal     = pastSide{false, "SourceAddress", "DestAddress", "Direction"}
	filterRemote    = pastSide{true, "SourceAddress", "DestAddress", "Direction"}
	filterLocalPort = pastSide{false, "SourcePort", "DestPort", "Direction"}
	filterPort      = pastSide{true, "SourcePort", "DestPort", "Direction"}
)

// connectionEvents are connections of IPv4, and ports opened for them.
var connectionEvents = pastDocument{
	name: "ipv4NetworkEvent", summary: "connections of IPv4 that Windows has logged",
	terms: []match.Field{
		{Term: "ipv4NetworkEvent/remoteIP", Kind: ioc.Address, Identity: true},
		{Term: "ipv4NetworkEvent/remotePort", Kind: ioc.Int, Identity: true},
		{Term: "ipv4NetworkEvent/localIP", Kind: ioc.Address, Identity: true},
		{Term: "ipv4NetworkEvent/localPort", Kind: ioc.Int, Identity: true},
		{Term: "ipv4NetworkEvent/protocol", Kind: ioc.Text, Same: any2, Repeats: true, Identity: true},
		processTerm("ipv4NetworkEvent"), pidTerm("ipv4NetworkEvent"), processPathTerm("ipv4NetworkEvent"),
		usernameTerm("ipv4NetworkEvent"), timestampTerm("ipv4NetworkEvent"),
	},
	kinds: []pastKind{
		{sysmon, 3, pastIPv4("DestinationIp"), answers{
			"localIP": sysmonLocal.address(), "remoteIP": sysmonRemote.address(),
			"localPort": sysmonLocalPort.port(), "remotePort": sysmonPort.port(), "protocol": pastText("Protocol"),
			"process": pastName("Image"), "processPath": pastImage("Image"), "pid": pastNumber("ProcessId"),
			"username": pastAccount("User"), "timestamp": pastTime("UtcTime"),
		}},
		{security, 5154, pastIPv4("SourceAddress"), boundPort},
		{security, 5156, pastIPv4("DestAddress"), filteredConnection},
		{security, 5157, pastIPv4("DestAddress"), filteredConnection},
		{security, 5158, pastIPv4("SourceAddress"), boundPort},
	},
}

// filteredConnection is one that the filtering platform let through or not,
// boundPort a port that a program listens on or is about to use: it has no
// other end.
var (
	filteredConnection = answers{
		"localIP": filterLocal.address(), "remoteIP": filterRemote.address(),
		"localPort": filterLocalPort.port(), "remotePort": filterPort.port(), "protocol": pastProtocol("Protocol"),
		"process": pastName("Application"), "processPath": pastImage("Application"), "pid": pastNumber("ProcessID"), "timestamp": pastCreated,
	}
	boundPort = answers{
		"localIP": pastAddress("SourceAddress"), "localPort": pastNumber("SourcePort"), "remoteIP": pastNone, "remotePort": pastNone,
		"protocol": pastProtocol("Protocol"),
		"process":  pastName("Application"), "processPath": pastImage("Application"), "pid": pastNumber("ProcessId"), "timestamp": pastCreated,
	}
)

// urlEvents are requests of the one service that logs what it asks for.
var urlEvents = pastDocument{
	name: "urlMonitorEvent", summary: "transfers of BITS that Windows has logged",
	partial: "of all requests only the transfers of BITS are logged by Windows",
	terms: []match.Field{
		{Term: "urlMonitorEvent/hostname", Kind: ioc.Text, Repeats: true, Identity: true},
		{Term: "urlMonitorEvent/requestUrl", Kind: ioc.Text, Same: any2, Identity: true},
		timestampTerm("urlMonitorEvent"),
	},
	kinds: []pastKind{
		{transfer, 59, pastTest{}, answers{"hostname": pastURLHost("url"), "requestUrl": pastURL("url"), "timestamp": pastCreated}},
		{transfer, 60, pastTest{}, answers{"hostname": pastURLHost("url"), "requestUrl": pastURL("url"), "timestamp": pastCreated}},
		{transfer, 61, pastTest{}, answers{"hostname": pastURLHost("url"), "requestUrl": pastURL("url"), "timestamp": pastCreated}},
	},
}
