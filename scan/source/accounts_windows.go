package source

import (
	"strings"
	"sync"

	"golang.org/x/sys/windows"
)

// Accounts names the accounts of the machine that the scanner runs on. Any
// number of goroutines may ask.
type Accounts struct {
	foreign bool // the SIDs are those of another machine

	once    sync.Once
	machine string   // "S-1-5-21-…-": what the SIDs of the machine's accounts begin with
	names   sync.Map // SID → account
}

type account struct{ name, kind string }

// Name is the account of a SID, DOMAIN\name, and its kind (SidTypeUser …), if
// the answer lies on this machine; else both are empty: for an account of a
// domain the question would go to its controller over the network.
func (a *Accounts) Name(sid *windows.SID) (name, kind string) {
	s := sid.String()
	if known, ok := a.names.Load(s); ok {
		return known.(account).name, known.(account).kind
	}
	var found account
	if a.local(s) {
		if name, domain, kind, err := sid.LookupAccount(""); err == nil {
			found = account{name: name, kind: sidKind(kind)}
			if domain != "" {
				found.name = domain + `\` + name
			}
		}
	}
	a.names.Store(s, found)
	return found.name, found.kind
}

func (a *Accounts) local(sid string) bool {
	a.once.Do(func() {
		if host, err := windows.ComputerName(); err == nil && !a.foreign {
			if own, _, kind, err := windows.LookupSID("", host); err == nil && kind == windows.SidTypeDomain {
				a.machine = own.String() + "-"
			}
		}
	})
	switch {
	case strings.HasPrefix(sid, "S-1-5-21-"):
		return a.machine != "" && strings.HasPrefix(sid, a.machine)
	case strings.HasPrefix(sid, "S-1-12-"): // Entra ID
		return false
	}
	return true
}

func sidKind(kind uint32) string {
	kinds := []string{1: "SidTypeUser", "SidTypeGroup", "SidTypeDomain", "SidTypeAlias", "SidTypeWellKnownGroup",
		"SidTypeDeletedAccount", "SidTypeInvalid", "SidTypeUnknown", "SidTypeComputer", "SidTypeLabel", "SidTypeLogonSession"}
	if int(kind) < len(kinds) {
		return kinds[kind]
	}
	return ""
}
