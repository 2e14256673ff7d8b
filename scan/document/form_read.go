package document

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"iter"
	"strconv"

	"iocscan/scan/internal/sqlitefile"
)

// forms is FormHistoryItem: what users wrote into forms, and the names under
// which they log in.
var forms = Table[formEntry]{
	name:    formHistory,
	summary: "entries of forms and names of logins that browsers keep",
	needs:   historyNeeds,
	label:   formLabel,
	fields:  formFields,
	collect: func(ctx context.Context, req *Request, list *Listing) iter.Seq2[formEntry, error] {
		return listHistory(ctx, req, list, formHistory, formFields, formFiles)
	},
	open: openHistory[formEntry],
}

var formFiles = []kept[formEntry]{
	{chromium, "Web Data", "autofill", chromiumForms},
	{chromium, "Login Data", "logins", chromiumLogins},
	{chromium, "Login Data For Account", "logins", chromiumLogins},
	{gecko, "formhistory.sqlite", "moz_formhistory", geckoForms},
	{gecko, "signons.sqlite", "moz_logins", geckoSignons}, // before version 32
	{gecko, "logins.json", "", geckoLogins},
	{safari, "Form Values", "", func(*historyFile, func(formEntry) bool) error { return errFormsLocked }},
}

var (
	errFormsLocked = errors.New("entries of forms are encrypted with a key of the user's")
	errUserLocked  = errors.New("the name is encrypted with a key of the user's")
)

// FormType tells what an entry is of.
const (
	formEntryKind = "Form Field"
	formLogin     = "Login"
)

// Terms that entries of one kind and the other cannot have are absent; these
// are those which data of the kind lacks.
func chromiumForms(h *historyFile, hand func(formEntry) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "autofill"
	if err := h.need(table, "name", "value"); err != nil {
		return err
	}
	h.lackTerms("HostName", "FormSubmitURL")
	h.lack(table, map[string]string{"FirstUsedDate": "date_created", "CreationDate": "date_created", "LastUsedDate": "date_last_used", "TimesUsed": "count"})
	q := sqlitefile.Query{From: table, Columns: []string{"t.name", "t.value", "t.date_created", "t.date_last_used", "t.count"}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		f := formEntry{remembered: remembered{data: h.data}, kind: formEntryKind}
		f.field = f.take(row, 0, "FormFieldName")
		f.value = f.take(row, 1, "FormFieldValue")
		created, _ := row.Int(2)
		last, _ := row.Int(3)
		f.created, f.last = webkitTicks(created), webkitTicks(last)
		f.first, f.times = f.created, size(row, 4)
		return hand(f)
	})
}

func chromiumLogins(h *historyFile, hand func(formEntry) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "logins"
	if err := h.need(table, "origin_url", "username_value"); err != nil {
		return err
	}
	h.lackTerms("FirstUsedDate", "EncryptedUsername", "EncryptionType")
	h.lack(table, map[string]string{
		"FormSubmitURL": "action_url", "HttpRealm": "signon_realm", "UsernameFieldName": "username_element", "PasswordFieldName": "password_element",
		"EncryptedPassword": "password_value", "CreationDate": "date_created", "LastUsedDate": "date_last_used", "PasswordChangedDate": "date_password_modified",
		"TimesUsed": "times_used",
	})
	q := sqlitefile.Query{From: table, Columns: []string{
		"t.origin_url", "t.action_url", "t.signon_realm", "t.username_element", "t.username_value", "t.password_element", "t.password_value",
		"t.date_created", "t.date_last_used", "t.date_password_modified", "t.times_used",
	}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		f := formEntry{remembered: remembered{data: h.data}, kind: formLogin}
		f.host = f.take(row, 0, "HostName")
		f.submit = f.take(row, 1, "FormSubmitURL")
		f.realm = f.take(row, 2, "HttpRealm")
		f.userField = f.take(row, 3, "UsernameFieldName")
		f.userValue = f.take(row, 4, "UsernameFieldValue")
		f.passField = f.take(row, 5, "PasswordFieldName")
		f.lockedPassword = base64.StdEncoding.EncodeToString([]byte(f.take(row, 6, "EncryptedPassword")))
		for i, at := range []*int64{&f.created, &f.last, &f.changed} {
			n, _ := row.Int(7 + i)
			*at = webkitTicks(n)
		}
		f.times = size(row, 10)
		return hand(f)
	})
}

func geckoForms(h *historyFile, hand func(formEntry) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "moz_formhistory"
	if err := h.need(table, "fieldname", "value"); err != nil {
		return err
	}
	h.lackTerms("HostName", "FormSubmitURL", "CreationDate")
	h.lack(table, map[string]string{"TimesUsed": "timesUsed", "FirstUsedDate": "firstUsed", "LastUsedDate": "lastUsed", "Guid": "guid"})
	q := sqlitefile.Query{From: table, Columns: []string{"t.fieldname", "t.value", "t.timesUsed", "t.firstUsed", "t.lastUsed", "t.guid"}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		f := formEntry{remembered: remembered{data: h.data}, kind: formEntryKind}
		f.field = f.take(row, 0, "FormFieldName")
		f.value = f.take(row, 1, "FormFieldValue")
		f.times = size(row, 2)
		first, _ := row.Int(3)
		last, _ := row.Int(4)
		f.first, f.last = unixTicks(first), unixTicks(last)
		f.guid = f.take(row, 5, "Guid")
		return hand(f)
	})
}

func geckoSignons(h *historyFile, hand func(formEntry) bool) error {
	db, err := h.database()
	if db == nil || err != nil {
		return err
	}
	const table = "moz_logins"
	if err := h.need(table, "hostname", "encryptedUsername", "encryptedPassword"); err != nil {
		return err
	}
	h.lackTerms("FirstUsedDate")
	h.lack(table, map[string]string{
		"HttpRealm": "httpRealm", "FormSubmitURL": "formSubmitURL", "UsernameFieldName": "usernameField", "PasswordFieldName": "passwordField", "Guid": "guid",
		"EncryptionType": "encType", "CreationDate": "timeCreated", "LastUsedDate": "timeLastUsed", "PasswordChangedDate": "timePasswordChanged", "TimesUsed": "timesUsed",
	})
	q := sqlitefile.Query{From: table, Columns: []string{
		"t.hostname", "t.httpRealm", "t.formSubmitURL", "t.usernameField", "t.passwordField", "t.encryptedUsername", "t.encryptedPassword", "t.guid",
		"t.encType", "t.timeCreated", "t.timeLastUsed", "t.timePasswordChanged", "t.timesUsed",
	}}
	return h.rows(q, func(row *sqlitefile.Row) bool {
		f := formEntry{remembered: remembered{data: h.data}, kind: formLogin, userErr: errUserLocked}
		for i, s := range []*string{&f.host, &f.realm, &f.submit, &f.userField, &f.passField, &f.lockedUser, &f.lockedPassword, &f.guid} {
			*s = f.take(row, i, "HostName", "HttpRealm", "FormSubmitURL", "UsernameFieldName", "PasswordFieldName", "EncryptedUsername", "EncryptedPassword", "Guid")
		}
		if n, ok := row.Int(8); ok {
			f.encryption = strconv.FormatInt(n, 10)
		}
		for i, at := range []*int64{&f.created, &f.last, &f.changed} {
			n, _ := row.Int(9 + i)
			*at = unixTicks(n)
		}
		f.times = size(row, 12)
		return hand(f)
	})
}

// geckoLogins reads the file of logins of Firefox; its times are milliseconds.
func geckoLogins(h *historyFile, hand func(formEntry) bool) error {
	b, err := h.data.file.read(mostSmall)
	if err != nil {
		return err
	}
	var file struct {
		Logins []struct {
			Hostname, HTTPRealm, FormSubmitURL, UsernameField, PasswordField, EncryptedUsername, EncryptedPassword, GUID string
			EncType, TimeCreated, TimeLastUsed, TimePasswordChanged, TimesUsed                                           int64
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return err
	}
	h.lackTerms("FirstUsedDate")
	for _, l := range file.Logins {
		if !hand(formEntry{
			remembered: remembered{data: h.data}, kind: formLogin, userErr: errUserLocked,
			host: l.Hostname, realm: l.HTTPRealm, submit: l.FormSubmitURL, userField: l.UsernameField, passField: l.PasswordField,
			lockedUser: l.EncryptedUsername, lockedPassword: l.EncryptedPassword, guid: l.GUID, encryption: strconv.FormatInt(l.EncType, 10),
			created: unixTicks(l.TimeCreated), last: unixTicks(l.TimeLastUsed), changed: unixTicks(l.TimePasswordChanged), times: uint64(max(0, l.TimesUsed)),
		}) {
			return nil
		}
	}
	return nil
}
