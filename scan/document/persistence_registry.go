package document

import (
	"fmt"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
	"iocscan/scan/source"
)

// An autostart is a key of the registry whose values name what is started.
type autostart struct {
	key   string
	below bool     // the values of each of its subkeys
	names []string // of values; nil: all
	named naming
}

// A naming is the way in which a value names a program.
type naming uint8

const (
	commandNamed   naming = iota // a command line
	commandsNamed                // several, with commas between
	libraryNamed                 // the path of a DLL
	librariesNamed               // several: strings, or with blanks and commas between
	nativeNamed                  // programs of the session manager, by name
	classNamed                   // the data is the identifier of a class
	classNamesIt                 // the name of the value is one
	classKeyed                   // the name of the key is one
)

const (
	software   = source.MachineRoot + `\SOFTWARE\`
	ownSetting = source.UserRoot + `\Software\`
	control    = source.MachineRoot + `\SYSTEM\CurrentControlSet\Control\`
	current    = `Microsoft\Windows\CurrentVersion\`
	currentNT  = `Microsoft\Windows NT\CurrentVersion\`
)

// autostarts are the places of the registry from which Windows starts
// something, beside services.
var autostarts = []autostart{
	{key: software + current + "Run"}, {key: ownSetting + current + "Run"},
	{key: software + current + "RunOnce"}, {key: ownSetting + current + "RunOnce"},
	{key: software + current + "RunOnceEx", below: true}, {key: ownSetting + current + "RunOnceEx", below: true},
	{key: software + current + "RunServices"}, {key: ownSetting + current + "RunServices"},
	{key: software + current + "RunServicesOnce"}, {key: ownSetting + current + "RunServicesOnce"},
	{key: software + current + `Policies\Explorer\Run`}, {key: ownSetting + current + `Policies\Explorer\Run`},
	{key: software + current + `Policies\System`, names: []string{"Shell"}}, {key: ownSetting + current + `Policies\System`, names: []string{"Shell"}},

	{key: software + currentNT + "Winlogon", names: []string{"Shell", "Userinit", "Taskman", "System", "VmApplet", "AppSetup", "UIHost"}, named: commandsNamed},
	{key: software + currentNT + "Winlogon", names: []string{"GinaDLL"}, named: libraryNamed},
	{key: ownSetting + currentNT + "Winlogon", names: []string{"Shell", "Userinit", "Taskman"}, named: commandsNamed},
	{key: software + currentNT + `Winlogon\Notify`, below: true, names: []string{"DllName"}, named: libraryNamed},
	{key: software + currentNT + "Windows", names: []string{"AppInit_DLLs", "IconServiceLib"}, named: librariesNamed},
	{key: software + currentNT + "Windows", names: []string{"Load", "Run"}, named: commandsNamed},
	{key: ownSetting + currentNT + "Windows", names: []string{"Load", "Run"}, named: commandsNamed},
	{key: software + currentNT + "Image File Execution Options", below: true, names: []string{"Debugger"}},
	{key: software + currentNT + "Image File Execution Options", below: true, names: []string{"VerifierDlls"}, named: librariesNamed},
	{key: software + currentNT + "SilentProcessExit", below: true, names: []string{"MonitorProcess"}},

	{key: control + "Session Manager", names: []string{"BootExecute", "Execute", "SetupExecute", "S0InitialCommand"}, named: nativeNamed},
	{key: control + `Session Manager\AppCertDlls`, named: libraryNamed},
	{key: control + "Lsa", names: []string{"Authentication Packages", "Security Packages", "Notification Packages"}, named: librariesNamed},
	{key: control + `Lsa\OSConfig`, names: []string{"Security Packages"}, named: librariesNamed},
	{key: control + "SecurityProviders", names: []string{"SecurityProviders"}, named: librariesNamed},
	{key: control + `Print\Monitors`, below: true, names: []string{"Driver"}, named: libraryNamed},
	{key: control + `Print\Providers`, below: true, names: []string{"Name"}, named: libraryNamed},
	{key: control + "SafeBoot", names: []string{"AlternateShell"}},
	{key: control + `Terminal Server\Wds\rdpwd`, names: []string{"StartupPrograms"}, named: commandsNamed},

	{key: software + `Microsoft\Active Setup\Installed Components`, below: true, names: []string{"StubPath"}},
	{key: software + current + `Explorer\Browser Helper Objects`, below: true, named: classKeyed},
	{key: software + current + "ShellServiceObjectDelayLoad", named: classNamed}, {key: ownSetting + current + "ShellServiceObjectDelayLoad", named: classNamed},
	{key: software + current + `Explorer\ShellExecuteHooks`, named: classNamesIt}, {key: ownSetting + current + `Explorer\ShellExecuteHooks`, named: classNamesIt},
	{key: software + current + `Explorer\SharedTaskScheduler`, named: classNamesIt},
	{key: software + `Microsoft\Command Processor`, names: []string{"AutoRun"}}, {key: ownSetting + `Microsoft\Command Processor`, names: []string{"AutoRun"}},
	{key: software + `Microsoft\NetSh`, named: libraryNamed},
	{key: source.UserRoot + `\Environment`, names: []string{"UserInitMprLogonScript"}},
	{key: source.UserRoot + `\Control Panel\Desktop`, names: []string{"SCRNSAVE.EXE"}},
}

// registry lists what keys of the registry start.
func (l *persistenceList) registry() {
	lacking := map[string]bool{}
	for n := range autostarts {
		a := &autostarts[n]
		reached := l.keys.each(a.key, func(k foundKey) bool {
			if a.below {
				l.keys.subkeys(k, func(sub foundKey) bool { return l.autostart(a, sub) })
			} else {
				l.autostart(a, k)
			}
			return !l.done
		})
		for _, hive := range []string{software, control, source.UserRoot} {
			if strings.HasPrefix(a.key, hive) && !reached && !lacking[hive] { // as where only some hives are given
				lacking[hive] = true
				l.fault(fmt.Errorf("no hive of the evidence has %s", strings.TrimRight(hive, `\`)))
			}
		}
	}
}

// autostart hands out the values of a key that name a program.
func (l *persistenceList) autostart(a *autostart, k foundKey) bool {
	if a.named == classKeyed {
		row := k.row(nil)
		l.addPrograms(row, l.classProgram(k.name()))
		return !l.done
	}
	l.keys.values(k, func(v *regf.Value) bool {
		name := v.Name()
		if a.names != nil && !containsFold(a.names, name) {
			return true
		}
		row := k.row(v)
		data, err := v.Data()
		if err != nil { // told where the value is asked for
			l.add(persistence{label: row.label(), kind: ofRegistry, value: row, lost: err})
			return !l.done
		}
		profile := profileOf(k.hive)
		var list []*program
		for _, text := range a.texts(v.Type(), data) {
			list = append(list, l.namedProgram(a.named, text, name, profile)...)
		}
		l.addPrograms(row, list)
		return !l.done
	})
	return !l.done
}

func containsFold(list []string, s string) bool {
	for _, e := range list {
		if ioc.EqualFold(e, s) {
			return true
		}
	}
	return false
}

// addPrograms hands out an item for each program that a value names, and one
// where it names none.
func (l *persistenceList) addPrograms(row *regValue, list []*program) {
	label := row.label()
	if len(list) == 0 {
		l.add(persistence{label: label, kind: ofRegistry, value: row})
	}
	for n, p := range list {
		shown, value := label, row
		if len(list) > 1 {
			shown += ": " + p.line
		}
		if n > 0 {
			copied := *row // each item is one goroutine's
			value = &copied
		}
		if !l.add(persistence{label: shown, kind: ofRegistry, value: value, program: p}) {
			return
		}
	}
}

// mostNamed bounds the programs that one value names.
const mostNamed = 256

// texts cuts the data of a value into the texts that name one program each.
func (a *autostart) texts(t regf.Type, data []byte) (out []string) {
	if t == regf.MultiSZ {
		for s := range regf.Strings(data) {
			out = append(out, regf.DecodeText(s))
		}
	} else {
		out = []string{string(regf.AppendText(nil, t, data))}
	}
	var cut func(string) []string
	switch {
	case a.named == commandsNamed:
		cut = func(s string) []string { return strings.Split(s, ",") }
	case a.named == librariesNamed && t != regf.MultiSZ:
		cut = func(s string) []string {
			return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
		}
	default:
		cut = func(s string) []string { return []string{s} }
	}
	var list []string
	for _, s := range out {
		for _, part := range cut(s) {
			if part = strings.TrimSpace(part); part != "" && part != `""` && len(list) < mostNamed {
				list = append(list, part)
			}
		}
	}
	return list
}

// namedProgram are the programs that a text names: the one that is started, and
// the DLL that it is told to load.
func (l *persistenceList) namedProgram(named naming, text, name, profile string) []*program {
	switch named {
	case libraryNamed, librariesNamed:
		return []*program{l.programs.library(text, profile)}
	case nativeNamed:
		rest, _ := cutPrefixFold(text, "autocheck ")
		return []*program{l.programs.commandLine(rest, profile)}
	case classNamed:
		return l.classProgram(text)
	case classNamesIt:
		return l.classProgram(name)
	}
	if before, rest, ok := strings.Cut(text, "||"); ok && before == "" { // RunOnceEx: a command line
		text = rest
	} else if dll, _, ok := strings.Cut(text, "|"); ok { // DLL|function|arguments
		return []*program{l.programs.library(dll, profile)}
	}
	p := l.programs.commandLine(text, profile)
	if dll := hosted(p); dll != "" {
		return []*program{p, l.programs.library(dll, profile)}
	}
	return []*program{p}
}

// hosted is the DLL that a command line of rundll32 or regsvr32 names.
func hosted(p *program) string {
	for n := range p.tries {
		t := &p.tries[n]
		host := ioc.Fold(t.written[strings.LastIndexAny(t.written, `\/`)+1:])
		switch strings.TrimSuffix(host, ".exe") {
		case "rundll32": // DLL,function arguments
			return firstWord(t.arguments, ",")
		case "regsvr32":
			arguments := t.arguments
			for strings.HasPrefix(arguments, "/") || strings.HasPrefix(arguments, "-") { // switches
				_, rest, _ := strings.Cut(arguments, " ")
				arguments = strings.TrimSpace(rest)
			}
			return firstWord(arguments, " ")
		}
	}
	return ""
}

// firstWord is what stands before the end, or in quotes.
func firstWord(s, end string) string {
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		s, end = rest, `"`
	}
	word, _, _ := strings.Cut(s, end)
	return strings.TrimSpace(word)
}

// classProgram is the server of a class: that of a user, or of the machine.
// One that is not registered starts nothing.
func (l *persistenceList) classProgram(id string) (list []*program) {
	id = strings.TrimSpace(id)
	if !strings.HasPrefix(id, "{") || strings.Contains(id, `\`) {
		return nil
	}
	l.keys.each(source.ClassesRoot+`\CLSID\`+id, func(k foundKey) bool {
		for _, server := range []string{"InprocServer32", "LocalServer32"} {
			sub, err := k.Find(server)
			if err != nil {
				if !missing(err) {
					l.keys.damage(k.hive, err)
				}
				continue
			}
			text, err := foundKey{sub, k.in, k.hive}.text("")
			if err != nil {
				l.keys.damage(k.hive, err)
				continue
			}
			if text == "" {
				continue
			}
			if server == "InprocServer32" {
				list = append(list, l.programs.library(text, ""))
			} else {
				list = append(list, l.programs.commandLine(text, ""))
			}
		}
		return len(list) < mostNamed
	})
	return list
}
