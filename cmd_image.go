package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"iocscan/report"
	"iocscan/scan/source"
)

func (a *app) imageCommand() *cli.Command {
	return &cli.Command{
		Name: "image", Usage: "say what a disk image holds", ArgsUsage: "FILE",
		Description: "FILE is a disk image: raw, E01, VHD, VHDX, VMDK or QCOW2; of one in several segments the first.\n" +
			"The numbers are those of --volume, and the names those with which paths begin in reports.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "platform", Usage: "windows, linux or darwin, where the image does not show it"},
			&cli.StringFlag{Name: "drive-letter", Usage: "the letter `X:` of the volume with Windows on it, or else of the first, where the evidence does not tell"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: a.image,
	}
}

func (a *app) image(c *cli.Context) error {
	if c.NArg() != 1 {
		return hinted{errors.New("image needs one disk image"), "iocscan image FILE"}
	}
	system, err := platform(c.String("platform"))
	if err != nil {
		return err
	}
	letter, err := driveLetter(c.String("drive-letter"))
	if err != nil {
		return err
	}
	src, disk, err := source.OpenImage(c.Args().First(), source.ImageOptions{Platform: system, Letter: letter})
	if err != nil {
		return err
	}
	defer src.Close()
	r := newImageReport(disk, src.Platform())
	if c.Bool("json") {
		enc := json.NewEncoder(a.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	_, err = a.stdout.Write([]byte(r.text()))
	return err
}

// An imageReport is what iocscan image says. Text that is not valid UTF-8 is
// replaced.
type imageReport struct {
	Schema   string       `json:"schema"` // iocscan.image/1
	Path     string       `json:"path"`
	Format   string       `json:"format"` // of the container, in words
	Segments []string     `json:"segments"`
	Size     int64        `json:"size"`   // bytes of the disk
	Scheme   string       `json:"scheme"` // of the partition table; empty: none
	Platform string       `json:"platform"`
	MD5      string       `json:"md5"` // as stored by the acquiring program; empty: not stored
	SHA1     string       `json:"sha1"`
	Volumes  []imageRange `json:"volumes"`
	Notes    []string     `json:"notes"`
}

// An imageRange is a partition, or the whole disk where there are none.
type imageRange struct {
	Number int      `json:"number"` // 0: the whole disk
	Start  int64    `json:"start"`  // byte
	Size   int64    `json:"size"`   // bytes
	Type   string   `json:"type"`   // of the partition table
	Holds  string   `json:"holds"`  // file system, or whatever else
	Label  string   `json:"label"`
	Serial string   `json:"serial"`
	Name   string   `json:"name"`   // with which its paths begin
	Mount  string   `json:"mount"`  // folder in which its files are shown; empty: under Name
	Unread string   `json:"unread"` // why it is not read; empty: it is, or has no files
	Notes  []string `json:"notes"`
}

func newImageReport(d *source.DiskImage, system source.Platform) *imageReport {
	r := &imageReport{
		Schema: "iocscan.image/1", Path: d.Path, Format: d.Format, Segments: list(d.Segments), Size: d.Size,
		Scheme: d.Scheme, Platform: string(system), MD5: d.MD5, SHA1: d.SHA1, Volumes: []imageRange{}, Notes: list(d.Notes),
	}
	for _, p := range d.Parts {
		v := imageRange{
			Number: p.Number, Start: p.Start, Size: p.Size, Type: p.Type, Holds: p.Kind, Label: p.Label, Serial: p.Serial,
			Name: p.Name, Mount: p.Mount, Notes: list(p.Notes),
		}
		if p.Unread != nil {
			v.Unread = p.Unread.Error()
		}
		if v.Name == "" && v.Mount == "" && p.Unread == nil && !p.NoFiles {
			v.Mount = "/"
		}
		r.Volumes = append(r.Volumes, v)
	}
	return r
}

// text is the report for people.
func (r *imageReport) text() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	say("Image: %s", report.Escape(r.Path))
	say("  container   %s", report.Escape(r.Format))
	if len(r.Segments) > 1 {
		say("  segments    %s to %s", report.Escape(r.Segments[0]), report.Escape(r.Segments[len(r.Segments)-1]))
	}
	say("  disk        %s", sizeText(r.Size))
	say("  partitions  %s", orElse(r.Scheme, "none"))
	say("  system      %s", orElse(r.Platform, "not known"))
	for _, h := range [...]struct{ name, sum string }{{"MD5", r.MD5}, {"SHA-1", r.SHA1}} {
		if h.sum != "" {
			say("  %-10s  %s (as stored in the image)", h.name, h.sum)
		}
	}
	for _, n := range r.Notes {
		say("  note        %s", report.Escape(n))
	}
	say("")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "volume\tstart\tsize\tholds\tpaths\tlabel\tserial\ttype")
	for _, v := range r.Volumes {
		cells := []string{fmt.Sprint(v.Number), fmt.Sprint(v.Start), sizeText(v.Size), v.Holds, orElse(v.Mount, v.Name), v.Label, v.Serial, v.Type}
		for i, c := range cells {
			cells[i] = orElse(report.Escape(c), "-")
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	w.Flush() // into memory
	for _, v := range r.Volumes {
		if v.Unread != "" {
			say("volume %d is not read: %s", v.Number, report.Escape(v.Unread))
		}
		for _, n := range v.Notes {
			say("volume %d: %s", v.Number, report.Escape(n))
		}
	}
	return b.String()
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// sizeText is a size for people, exact where it is small.
func sizeText(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	size, unit := float64(n)/(1<<20), "MiB"
	for _, next := range []string{"GiB", "TiB", "PiB"} {
		if size < 1024 {
			break
		}
		size, unit = size/1024, next
	}
	return fmt.Sprintf("%.1f %s", size, unit)
}
