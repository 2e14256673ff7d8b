package document

import (
	"cmp"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// groups is GroupItem: the groups that a system itself keeps.
var groups = Table[group]{
	name:    "GroupItem",
	summary: "groups of accounts",
	needs:   []source.Capability{source.Files},
	needsOn: map[source.Platform][]source.Capability{source.Windows: {source.Hives}},
	label:   func(g *group) string { return cmp.Or(g.name, g.file) },
	fields:  groupFields,
	on: map[source.Platform]lister[group]{
		source.Windows: listGroups(readNTAccounts),
		source.Linux:   listGroups(fromEtc(readEtcAccounts)),
		source.Darwin:  listGroups(fromEtc(readDslocal)),
	},
}

// A group is one group of accounts.
type group struct {
	file     string // where it is from
	name     string
	alias    []string // further names
	fullName string
	id       number
	guid     string
	members  []string // names
	guids    []string // of members

	listed func(*group) ([]string, error) // members by name
}

var groupFields = []Field[group]{
	field(match.Field{Term: "GroupItem/GroupName", Kind: ioc.Text, Identity: true}, groupNames),
	field(match.Field{Term: "GroupItem/fullname", Kind: ioc.Text}, textOf(func(g *group) string { return g.fullName })),
	field(match.Field{Term: "GroupItem/gid", Kind: ioc.Int, Identity: true}, numberOf(func(g *group) number { return g.id })),
	field(match.Field{Term: "GroupItem/groupguid", Kind: ioc.Text}, textOf(func(g *group) string { return g.guid })),
	field(match.Field{Term: "GroupItem/userlist/username", Kind: ioc.Text, Cost: match.Open, Multi: true}, groupMembers),
}

func groupNames(g *group, yield func(ioc.Value) bool) error {
	if yield(ioc.TextValue(g.name)) {
		yieldTexts(g.alias, yield)
	}
	return nil
}

func groupMembers(g *group, yield func(ioc.Value) bool) error {
	names, err := g.listed(g)
	if yieldTexts(names, yield) {
		return err
	}
	return nil
}
