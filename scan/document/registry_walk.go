package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"iocscan/ioc"
	"iocscan/scan/internal/regf"
	"iocscan/scan/scope"
	"iocscan/scan/source"
)

func openRegistry(_ context.Context, req *Request, t *Table[regValue], workers int) session[regValue] {
	return session[regValue]{
		goroutines: workers,
		items: func() items[regValue] {
			i := &regItem{item: item[regValue]{table: t, req: req}, short: req.ShortRoots}
			i.standIn.of = i
			return i
		},
		close: func() {},
	}
}

// A regWalk lists the registry hive by hive.
type regWalk struct {
	ctx       context.Context
	req       *Request
	list      *Listing
	yield     func(regValue, error) bool
	wantOwner bool
	users     map[string]string

	hive    *regHive
	current *source.Hive
	shown   string
}

func collectRegistry(ctx context.Context, req *Request, list *Listing) iter.Seq2[regValue, error] {
	return func(yield func(regValue, error) bool) {
		w := &regWalk{ctx: ctx, req: req, list: list, yield: yield, users: map[string]string{}}
		w.wantOwner = wantsRegistry(req, "SecurityID") || wantsRegistry(req, "Username")
		done := w.all()
		loose := slices.ContainsFunc(req.Registry.Hives(), func(h *source.Hive) bool { return h.Loose })
		list.Full = done && req.Keys.All && list.Unlisted == 0 && !loose
	}
}

// wantsRegistry reports whether a term is asked for.
func wantsRegistry(req *Request, name string) bool {
	return req.wants(slices.IndexFunc(registryFields, func(f Field[regValue]) bool { return f.Term == "RegistryItem/"+name }))
}

// all lists everything; false says that nobody wants more.
func (w *regWalk) all() bool {
	hives := w.req.Registry.Hives()
	for _, h := range hives {
		if h.SID != "" && h.User != "" {
			w.users[h.SID] = h.User
		}
	}
	for _, m := range w.req.Registry.Missing() {
		if !errors.Is(m.Err, fs.ErrNotExist) {
			w.req.trouble(m.Name, m.Err)
		}
		if w.relevant(m.Places) && !w.standFor(&regGap{label: m.Name, places: m.Places, why: m.Err}) {
			return false
		}
	}
	for _, h := range hives {
		if !w.guarded(h) {
			return false
		}
	}
	return true
}

// relevant reports whether the question reaches a hive that is not there.
func (w *regWalk) relevant(places []source.Place) bool {
	if w.req.Keys.All {
		return true
	}
	for _, k := range w.req.Keys.Listed {
		if source.Reaches(places, k) {
			return true
		}
	}
	for _, n := range w.req.Keys.Named {
		root, rest := source.SplitRegistryPath(n.Path)
		if root == "" || source.Reaches(places, source.JoinKeys(root, rest)) {
			return true
		}
	}
	return false
}

// guarded is openHive; a panic is a trouble of the hive, not the end of the
// document.
func (w *regWalk) guarded(h *source.Hive) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			err := panicError(p)
			w.req.trouble(h.File, err)
			ok = w.standFor(&regGap{label: h.File, places: h.Places(), why: err})
		}
	}()
	return w.openHive(h)
}

// openHive lists what the question asks of a hive.
func (w *regWalk) openHive(h *source.Hive) bool {
	w.current, w.shown = h, h.File
	w.req.Progress.at(&w.shown)
	defer func() { w.req.Progress.addBytes(int(h.BytesRead())) }()
	if err := h.Open(); err != nil {
		w.req.trouble(h.File, err)
		return w.standFor(&regGap{label: h.File, places: h.Places(), why: err})
	}
	if note := h.Note(); note != "" {
		w.list.Notes = append(w.list.Notes, h.File+": "+note)
	}
	w.hive = &regHive{places: h.Places(), doubts: h.Possible(w.req.Users), users: w.users}
	if h.Loose || h.Second {
		w.hive.prefix = h.File
	}
	for _, err := range h.Damage() {
		if !w.damaged(err) {
			return false
		}
	}
	if w.req.Keys.All {
		return w.below("")
	}
	return w.areas(h)
}

// areas lists the keys of a hive that were chosen, and those that IOCs name.
func (w *regWalk) areas(h *source.Hive) bool {
	var deep, single []string
	for _, k := range w.req.Keys.Listed {
		deep = append(deep, h.Locate(k)...)
	}
	for _, n := range w.req.Keys.Named {
		path := strings.TrimSpace(n.Path)
		for _, k := range h.Locate(path) {
			if n.Prefix && strings.HasSuffix(path, `\`) {
				deep = append(deep, k)
				continue
			}
			parent, last := splitKey(k)
			single = append(single, parent) // it may be the name of a value
			if !n.Prefix {
				single = append(single, k)
				continue
			}
			deep = append(deep, w.begins(parent, last)...)
		}
	}
	deep = scope.Outermost(deep)
	for _, k := range deep {
		if !w.below(k) {
			return false
		}
	}
	for _, k := range scope.Distinct(single) {
		covered := slices.ContainsFunc(deep, func(d string) bool { _, in := source.Below(k, d); return in })
		if !covered && !w.single(k) {
			return false
		}
	}
	return true
}

// begins lists the keys below a key whose names begin with a text.
func (w *regWalk) begins(parent, name string) (keys []string) {
	k, err := w.current.Key(parent)
	if err != nil {
		return nil // single finds out whether it is there
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			w.damaged(err)
			continue
		}
		if _, last := splitKey(sub.Path()); strings.HasPrefix(ioc.Fold(last), ioc.Fold(name)) {
			keys = append(keys, sub.Path())
		}
	}
	return keys
}

func splitKey(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '\\')
	return path[:max(i, 0)], path[i+1:]
}

// below lists a key and all below it, if it is there.
func (w *regWalk) below(path string) bool {
	for k, err := range w.current.Walk(path) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return true
		case err != nil && !w.damagedAt(path, err), err == nil && !w.key(k):
			return false
		case w.ctx.Err() != nil:
			w.yield(regValue{}, context.Cause(w.ctx))
			return false
		}
	}
	return true
}

// single lists one key, if it is there.
func (w *regWalk) single(path string) bool {
	k, err := w.current.Key(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		return w.damagedAt(path, err)
	}
	return w.key(k)
}

// key hands out the values of a key, or the key itself.
func (w *regWalk) key(k source.RegistryKey) bool {
	key := &regKey{hive: w.hive, path: k.Path(), written: k.Written(), subkeys: k.NumSubkeys(), values: k.NumValues()}
	if w.wantOwner {
		key.owner, key.ownerErr = k.Owner()
	}
	if key.values == 0 {
		return w.hand(regValue{key: key})
	}
	any := false
	for v, err := range k.Values() {
		if err != nil {
			if !w.damagedAt(key.path, err) {
				return false
			}
			continue
		}
		any = true
		v.Data() // while the hive is at hand; an error stays with the value
		if !w.hand(regValue{key: key, value: *v, has: true}) {
			return false
		}
	}
	return any || w.hand(regValue{key: key})
}

func (w *regWalk) hand(row regValue) bool {
	w.list.Objects++
	return w.yield(row, nil)
}

// damaged tells damage and hands out what stands for the loss.
func (w *regWalk) damaged(err error) bool { return w.damagedAt("", err) }

func (w *regWalk) damagedAt(path string, err error) bool {
	w.req.trouble(w.current.File, err)
	var t *regf.Trouble
	if errors.As(err, &t) {
		if t.Lost == "" {
			return true
		}
		if t.Path != "" {
			path = t.Path
		}
	}
	label := w.current.File
	if path != "" {
		label += ": " + path
	}
	return w.standFor(&regGap{label: label, places: w.hive.places, path: path, why: fmt.Errorf("damaged: %w", err)})
}

func (w *regWalk) standFor(g *regGap) bool {
	w.list.Unlisted++
	return w.yield(regValue{gap: g}, nil)
}
