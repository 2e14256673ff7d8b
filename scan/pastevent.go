package scan

import (
	"context"
	"slices"

	"iocscan/ioc"
	"iocscan/scan/document"
)

// joint is a document that is listed in one pass over the logs with others; nil
// if it is none, or is not listed at all.
func (d *planned) joint() document.Joint {
	j, _ := d.table.(document.Joint)
	return j
}

// logged is a document that is answered from logged events, if not from them
// alone; nil if it is none.
func (d *planned) logged() document.Logged {
	l, _ := d.table.(document.Logged)
	return l
}

// findPast finds which records the documents of past events are answered from:
// those of the channels that they are logged in. What the user says of channels
// and times holds for them as it does for EventLogItem.
func (p *Plan) findPast() {
	p.past = p.events
	p.past.Channels, p.past.Prefixes = nil, nil
	asked := p.cfg.Header.Scan.Options.Channels
	switch {
	case slices.ContainsFunc(asked, func(c string) bool { return ioc.EqualFold(c, allChannels) }):
	case len(asked) > 0:
		p.past.Channels = slices.Clone(asked)
	case p.past.Given == nil:
		for i := range p.docs {
			if l := p.docs[i].logged(); l != nil {
				p.past.Channels = append(p.past.Channels, l.Channels()...)
			}
		}
		p.past.Channels = distinctFold(p.past.Channels)
	}
}

// jointly looks at the documents of past events from the given one on, and says
// of each how far that went.
func (r *run) jointly(ctx context.Context, first int) {
	var parts []document.Part
	var at []int
	for i := first; i < len(r.Plan.docs); i++ {
		d := &r.Plan.docs[i]
		if j := d.joint(); j != nil {
			at = append(at, i)
			parts = append(parts, document.Part{Document: j, Request: r.request(d), NewWorker: r.newWorker(d)})
		}
	}
	listings, err := document.RunJointly(ctx, parts, r.cfg.Header.Scan.Options.Jobs)
	for k, i := range at {
		narrow(r.cfg.Source, r.Plan.docs[i].table, &listings[k])
		r.docs[i] = r.listed(ctx, r.Plan.docs[i].name, listings[k], err)
	}
}
