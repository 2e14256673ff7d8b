package document

import (
	"context"
	"errors"
	"slices"

	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// wire is Network: what was seen on the wire, which no host keeps. What a
// host keeps of it stands in: names that were asked for and pages that were
// visited. That can confirm and never deny.
var wire = networkDocument{
	terms: []match.Field{
		{Term: "Network/DNS", Kind: ioc.Text, Same: any2, Identity: true},
		{Term: "Network/URI", Kind: ioc.Text, Same: any2, Identity: true},
		{Term: "Network/HTTP_Referrer", Kind: ioc.Text, Same: any2},
	},
	from: []stander{
		{&names, match.StandIn("the resolver's cache or the hosts file has the name; that it was looked up on the network is not told"), map[string][]string{
			"DNS": {"Host", "RecordName", "RecordData/Host"}}},
		{&visits, match.StandIn("a browser's history has it; that it was seen on the network is not told"), map[string][]string{
			"DNS": {"HostName"}, "URI": {"URL"}, "HTTP_Referrer": {"VisitFrom"}}},
		{&lookupEvents, match.StandIn("an event log says that the name was looked up; that it was seen on the network is not told"), map[string][]string{
			"DNS": {"hostname"}}},
		{&urlEvents, match.StandIn("an event log says that BITS was to transfer it; that it was seen on the network is not told"), map[string][]string{
			"DNS": {"hostname"}, "URI": {"requestUrl"}}},
	},
}

// A networkDocument is made of the items of other documents.
type networkDocument struct {
	terms []match.Field
	from  []stander
}

func (d *networkDocument) Name() string { return "Network" }
func (d *networkDocument) Summary() string {
	return "names and addresses of pages that caches, histories and event logs have, in place of what was seen on the network"
}
func (d *networkDocument) Needs() []source.Capability { return []source.Capability{source.Files} }

// NeedsOn implements Demanding: loose logs of Windows are enough.
func (d *networkDocument) NeedsOn(p source.Platform) []source.Capability {
	if p == source.Windows {
		return []source.Capability{source.Logs}
	}
	return d.Needs()
}

func (d *networkDocument) Schema() match.Document {
	return match.Document{Name: d.Name(), Fields: slices.Clone(d.terms)}
}

// Channels are those of the logs that stand in.
func (d *networkDocument) Channels() []string {
	return slices.Concat(lookupEvents.Channels(), urlEvents.Channels())
}

const networkWhy = "no host keeps what was seen on the network: caches, histories and event logs stand in for it and can only confirm"

// Run implements Document.
func (d *networkDocument) Run(ctx context.Context, req *Request, workers int, newWorker func() Worker) (Listing, error) {
	l := Listing{Complete: true}
	var errs []error
	for i := range d.from {
		if o := &d.from[i]; o.offered(req.Source) {
			got, err := o.run(ctx, d.Name(), d.terms, req, workers, newWorker)
			l.join(got)
			errs = append(errs, err)
		}
	}
	l.stop(networkWhy)
	return l, errors.Join(errs...)
}
