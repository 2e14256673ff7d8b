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

// A userAnswer is what a record with a SID answers.
type userAnswer struct {
	values []string
	why    error
}

// userAnswers are those for the SIDs that one worker has met, as records have
// them.
type userAnswers map[string]*userAnswer

// mostUsers bounds the SIDs that one worker remembers.
const mostUsers = 1 << 12

// eventUser answers with the SID, and with the account's name where the
// evidence tells it.
func eventUser(e *event, yield func(ioc.Value) bool) error {
	v, ok := e.rec.Slot(evtx.UserID)
	if !ok {
		return e.absent()
	}
	a := e.users[string(v.Bytes)]
	if a == nil || v.Type != evtx.SID {
		a = e.user(v.String())
		if e.users == nil || len(e.users) >= mostUsers {
			e.users = userAnswers{}
		}
		if v.Type == evtx.SID {
			e.users[string(v.Bytes)] = a
		}
	}
	for _, s := range a.values {
		if !yield(ioc.TextValue(s)) {
			return nil
		}
	}
	return a.why
}

// user is the answer for a SID.
func (e *event) user(sid string) *userAnswer {
	a := &userAnswer{values: []string{sid}}
	name, everywhere := knownSID(sid)
	if !everywhere {
		if e.req.Events.SIDs {
			return a
		}
		var known bool
		if name, known = e.shared.account(sid); !known {
			a.why = errAccountName
			return a
		}
	}
	if name.domain != "" {
		a.values = append(a.values, name.domain+`\`+name.account)
	}
	a.values = append(a.values, name.account)
	switch {
	case name.folder:
		a.why = errProfileFolder
	case name.domain == "" && !everywhere:
		a.why = errAccountName // with the name of the computer
	}
	return a
}
