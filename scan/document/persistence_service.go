package document

import (
	"errors"
	"fmt"
	"io/fs"
)

// services lists the services and drivers: the program of each, the DLL that it
// loads, and that of a network provider.
func (l *persistenceList) services() {
	reached := l.keys.services(l.programs, func(k foundKey, s service) bool {
		item := persistence{label: s.file, kind: ofService, service: &s, lost: s.why}
		if item.value = l.valueOf(k, "ImagePath"); item.value != nil {
			item.label = item.value.label()
		}
		if len(s.programs) > 0 {
			item.program = s.programs[0]
		}
		if !l.add(item) {
			return false
		}
		if len(s.library) > 0 {
			again := windowsService(k, s.flags, l.programs) // each item is one goroutine's
			again.status, again.pid = s.status, s.pid
			item := persistence{label: s.file, kind: ofServiceDLL, service: &again, program: again.library[0], lost: again.why}
			parameters, err := k.Find("Parameters")
			if err == nil {
				item.value = l.valueOf(foundKey{parameters, k.in, k.hive}, "ServiceDll")
			}
			if item.value == nil {
				item.value = l.valueOf(k, "ServiceDll")
			}
			if item.value != nil {
				item.label = item.value.label()
			}
			if !l.add(item) {
				return false
			}
		}
		return l.provider(k)
	})
	if !reached && !l.done {
		l.fault(errNoSystemHive)
	}
}

// provider lists the DLL of a network provider, which every logon loads.
func (l *persistenceList) provider(k foundKey) bool {
	sub, err := k.Find("NetworkProvider")
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		l.keys.damage(k.hive, err)
		return !l.done
	}
	at := foundKey{sub, k.in, k.hive}
	row := l.valueOf(at, "ProviderPath")
	if row == nil {
		return !l.done
	}
	text, err := at.text("ProviderPath")
	if err != nil {
		return l.add(persistence{label: row.label(), kind: ofRegistry, value: row, lost: err})
	}
	return l.add(persistence{label: row.label(), kind: ofRegistry, value: row, program: l.programs.library(text, "")})
}

// valueOf is a value of a key as an item of RegistryItem; nil where it is not
// there.
func (l *persistenceList) valueOf(k foundKey, name string) *regValue {
	v, err := k.Value(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		l.keys.damage(k.hive, fmt.Errorf("key %s: value %s: %w", k.Path(), name, err))
		return nil
	}
	v.Data() // while the hive is at hand; an error stays with the value
	return k.row(v)
}
