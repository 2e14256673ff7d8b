package document

import (
	"iocscan/ioc"
	"iocscan/ioc/match"
)

// A formEntry is what was once written into a form: a field and its value, or a
// user's name and password.
type formEntry struct {
	remembered
	kind                       string // FormType
	field, value               string
	host, submit, realm, guid  string
	userField, userValue       string
	passField                  string
	lockedUser, lockedPassword string // encrypted, in the form in which the browser keeps them
	encryption                 string
	userErr                    error // why the user's name is not known

	created, first, last, changed int64 // FILETIME ticks; 0: none

	times uint64
}

func formLabel(f *formEntry) string {
	if f.field != "" {
		return f.remembered.label(f.field+":", f.value)
	}
	return f.remembered.label(f.host, f.userField+":", f.userValue)
}

const formHistory = "FormHistoryItem"

var formFields = append([]Field[formEntry]{
	formField(match.Field{Term: "FormType", Kind: ioc.Text, Repeats: true, Identity: true}, textOf(func(f *formEntry) string { return f.kind })),
	formField(match.Field{Term: "FormFieldName", Kind: ioc.Text, Identity: true}, textOf(func(f *formEntry) string { return f.field })),
	formField(match.Field{Term: "FormFieldValue", Kind: ioc.Text, Identity: true}, textOf(func(f *formEntry) string { return f.value })),
	formField(match.Field{Term: "HostName", Kind: ioc.Text, Identity: true, Same: any2}, func(f *formEntry, yield func(ioc.Value) bool) error {
		if f.host == "" || !yield(ioc.TextValue(f.host)) {
			return nil
		}
		if host := hostOf(f.host); host != "" {
			yield(ioc.TextValue(host))
		}
		return nil
	}),
	formField(match.Field{Term: "FormSubmitURL", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.submit })),
	formField(match.Field{Term: "HttpRealm", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.realm })),
	formField(match.Field{Term: "Guid", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.guid })),
	formField(match.Field{Term: "UsernameFieldName", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.userField })),
	formField(match.Field{Term: "UsernameFieldValue", Kind: ioc.Text, Identity: true}, func(f *formEntry, yield func(ioc.Value) bool) error {
		if f.userValue != "" {
			yield(ioc.TextValue(f.userValue))
		}
		return f.userErr
	}),
	formField(match.Field{Term: "PasswordFieldName", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.passField })),
	formField(match.Field{Term: "EncryptedUsername", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.lockedUser })),
	formField(match.Field{Term: "EncryptedPassword", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.lockedPassword })),
	formField(match.Field{Term: "EncryptionType", Kind: ioc.Text}, textOf(func(f *formEntry) string { return f.encryption })),
	formField(match.Field{Term: "CreationDate", Kind: ioc.Time}, historyTime(func(f *formEntry) int64 { return f.created })),
	formField(match.Field{Term: "FirstUsedDate", Kind: ioc.Time, Identity: true}, historyTime(func(f *formEntry) int64 { return f.first })),
	formField(match.Field{Term: "LastUsedDate", Kind: ioc.Time, Identity: true}, historyTime(func(f *formEntry) int64 { return f.last })),
	formField(match.Field{Term: "PasswordChangedDate", Kind: ioc.Time}, historyTime(func(f *formEntry) int64 { return f.changed })),
	formField(match.Field{Term: "TimesUsed", Kind: ioc.Int}, historyCount(func(f *formEntry) uint64 { return f.times })),
}, browserFields[formEntry](formHistory)...)

func formField(f match.Field, get func(*formEntry, func(ioc.Value) bool) error) Field[formEntry] {
	return historyField[formEntry](formHistory, f, get)
}
