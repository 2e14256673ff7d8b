package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"iocscan/ioc"
	"iocscan/scan/document"
	"iocscan/scan/source"
)

func (a *app) termsCommand() *cli.Command {
	return &cli.Command{
		Name: "terms", Usage: "list documents and terms, and which source answers each",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "as JSON"},
			&cli.BoolFlag{Name: "matrix", Usage: "only the table of documents and sources"},
		},
		Action: func(c *cli.Context) error {
			switch {
			case c.NArg() > 0:
				return fmt.Errorf("terms takes no argument %q", c.Args().First())
			case c.Bool("json"):
				enc := json.NewEncoder(a.stdout)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				return enc.Encode(vocabulary())
			case c.Bool("matrix"):
				_, err := fmt.Fprint(a.stdout, matrix(vocabulary()))
				return err
			}
			_, err := fmt.Fprint(a.stdout, matrix(vocabulary())+termList(vocabulary()))
			return err
		},
	}
}

// sourceKinds are the kinds of source and what each offers.
var sourceKinds = []struct {
	name   string
	offers []source.Capability
}{
	{"host", []source.Capability{source.Files, source.Live, source.Hives, source.Logs, source.Prefetch, source.Tasks, source.Histories}},
	{"root", []source.Capability{source.Files, source.Hives, source.Logs, source.Prefetch, source.Tasks, source.Histories}},
	{"image", []source.Capability{source.Files, source.Hives, source.Logs, source.Prefetch, source.Tasks, source.Histories}},
	{"artifacts", []source.Capability{source.Hives, source.Logs, source.Prefetch, source.Tasks, source.Histories}},
}

type documentInfo struct {
	Document  string     `json:"document"`
	Summary   string     `json:"summary"`
	Sources   []string   `json:"sources"`   // empty: nothing answers it
	Platforms []string   `json:"platforms"` // whose evidence answers it; empty: that of all
	Terms     []termInfo `json:"terms"`
}

type termInfo struct {
	Term        string   `json:"term"`
	Type        string   `json:"type"`
	Status      string   `json:"status"`
	Sources     []string `json:"sources"`
	AliasOf     string   `json:"alias_of"`
	Description string   `json:"description"`
}

// vocabulary is every known document with its terms: first those that are
// answered, in the order in which they are read.
func vocabulary() []documentInfo {
	var out []documentInfo
	place := map[string]int{}
	for _, d := range document.All() {
		place[ioc.Fold(d.Name())] = len(out)
		info := documentInfo{Document: d.Name(), Summary: d.Summary(), Sources: sourcesFor(d), Platforms: platformsOf(d), Terms: []termInfo{}}
		for _, f := range d.Schema().Fields {
			t := termInfo{Term: f.Term, Sources: info.Sources}
			if def, ok := ioc.Lookup(f.Term); ok {
				t.Type, t.Status, t.Description = def.Type, def.Status, def.Description
			}
			info.Terms = append(info.Terms, t)
		}
		out = append(out, info)
	}
	for _, def := range ioc.Terms() {
		name := ioc.Document(def.Name)
		i, ok := place[ioc.Fold(name)]
		if !ok {
			i = len(out)
			place[ioc.Fold(name)] = i
			out = append(out, documentInfo{Document: name, Sources: []string{}, Platforms: []string{}, Terms: []termInfo{}})
		}
		if !out[i].has(def.Name) {
			out[i].Terms = append(out[i].Terms, termInfo{def.Name, def.Type, def.Status, []string{}, def.Alias, def.Description})
		}
	}
	return out
}

func (d *documentInfo) has(term string) bool {
	for _, t := range d.Terms {
		if ioc.EqualFold(t.Term, term) {
			return true
		}
	}
	return false
}

func sourcesFor(d document.Document) []string {
	out := []string{}
	for _, s := range sourceKinds {
		offers := true
		for _, need := range d.Needs() {
			offers = offers && containsCapability(s.offers, need)
		}
		if offers {
			out = append(out, s.name)
		}
	}
	return out
}

func platformsOf(d document.Document) []string {
	out := []string{}
	for _, p := range document.Platforms(d) {
		out = append(out, string(p))
	}
	return out
}

func containsCapability(list []source.Capability, c source.Capability) bool {
	for _, x := range list {
		if x == c {
			return true
		}
	}
	return false
}

// matrix is the table of documents and sources, as README shows it.
func matrix(docs []documentInfo) string {
	var b strings.Builder
	b.WriteString("| document |")
	for _, s := range sourceKinds {
		b.WriteString(" " + s.name + " |")
	}
	b.WriteString(" terms answered |\n|---|" + strings.Repeat("---|", len(sourceKinds)+1) + "\n")
	for _, d := range docs {
		answered := 0
		for _, t := range d.Terms {
			if len(t.Sources) > 0 {
				answered++
			}
		}
		if answered == 0 {
			continue
		}
		fmt.Fprintf(&b, "| %s |", d.Document)
		for _, s := range sourceKinds {
			mark := "–"
			for _, have := range d.Sources {
				if have == s.name {
					mark = "yes"
					if len(d.Platforms) > 0 {
						mark = strings.Join(d.Platforms, ", ")
					}
				}
			}
			fmt.Fprintf(&b, " %s |", mark)
		}
		fmt.Fprintf(&b, " %d of %d |\n", answered, len(d.Terms))
	}
	return b.String()
}

func termList(docs []documentInfo) string {
	var b strings.Builder
	for _, d := range docs {
		fmt.Fprintf(&b, "\n%s", d.Document)
		if d.Summary != "" {
			fmt.Fprintf(&b, ": %s", d.Summary)
		}
		if len(d.Platforms) > 0 {
			fmt.Fprintf(&b, " (evidence of %s)", strings.Join(d.Platforms, ", "))
		}
		b.WriteByte('\n')
		for _, t := range d.Terms {
			by := "not answered"
			switch {
			case t.AliasOf != "":
				by = "is read as " + t.AliasOf
			case len(t.Sources) > 0:
				by = strings.Join(t.Sources, ", ")
			case t.Status == "no-host-source":
				by = "no source on a host has it"
			}
			fmt.Fprintf(&b, "  %-70s %-8s %s\n", t.Term, t.Type, by)
		}
	}
	return b.String()
}
