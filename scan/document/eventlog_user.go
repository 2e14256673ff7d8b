package document

import (
	"errors"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/evtx"
)

var (
	errAccountName         = errors.New("only the SID of the account is in the record, and the evidence does not tell its name")
	errProfileFolder error = match.StandIn(sidStandIn)
)

// eventUser answers with the SID, and with the account's name where the
// evidence tells it.
func eventUser(e *event, yield func(ioc.Value) bool) error {
	v, ok := e.rec.Slot(evtx.UserID)
	if !ok {
		return e.absent()
	}
	e.buf = v.AppendText(e.buf[:0])
	sid := text(e.buf)
	if !yield(ioc.TextValue(sid)) {
		return nil
	}
	name, everywhere := knownSID(sid)
	if !everywhere {
		if e.req.Events.SIDs {
			return nil
		}
		var known bool
		if name, known = e.shared.account(sid); !known {
			return errAccountName
		}
	}
	if name.domain != "" && !yield(ioc.TextValue(name.domain+`\`+name.account)) || !yield(ioc.TextValue(name.account)) {
		return nil
	}
	switch {
	case name.folder:
		return errProfileFolder
	case name.domain == "" && !everywhere:
		return errAccountName // with the name of the computer
	}
	return nil
}
