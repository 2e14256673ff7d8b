package source

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"iocscan/scan/internal/archive"
)

// The archive of a Velociraptor collection has uploads/ACCESSOR/PATH, where an
// accessor is a way to read files (auto, file, ntfs, lazy_ntfs, ntfs_vss …);
// results/ARTIFACT.json; uploads.json, one line of JSON for each upload;
// client_info.json and collection_context.json. In the names of a path
// characters that zip programs may not take are written as %XX. The path begins
// with a drive (C:), a device (\\.\C:), or that of a shadow copy
// (\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1).

const (
	uploads     = "uploads"
	maxMetadata = 64 << 20 // bytes of a file of the collector's that is read
	maxIndex    = 16 << 20
	indexEnd    = ".idx" // of the name of a list of holes
)

// isVelociraptor: uploads, and one of the files that go with them.
func isVelociraptor(a *archive.Archive) bool {
	files, marks := false, false
	for i := range a.Entries {
		name := a.Entries[i].Name
		top, _, _ := strings.Cut(name, "/")
		switch {
		case top == uploads:
			files = true
		case name == "uploads.json", name == "uploads.csv", name == "client_info.json", name == "collection_context.json", top == "results":
			marks = true
		}
	}
	return files && marks
}

// velociraptor finds the volumes of a collection.
func (l *layout) velociraptor() error {
	l.Collector, l.selection = "Velociraptor", selected
	found, windows := l.uploads()
	l.platform = l.asked
	if l.platform == Unknown && windows {
		l.platform = Windows
	}
	l.client()
	records, err := l.records()
	if err != nil {
		l.Notes = append(l.Notes, fmt.Sprintf("uploads.json cannot be read, so that uploads that were cut off are not known: %v", err))
	}

	indexes := make(map[string]*archive.Entry)
	for _, u := range found {
		if k := key(u.path); strings.HasSuffix(k, indexEnd) {
			indexes[k] = u.entry
		}
	}
	trees := make(map[string]*archive.Tree)
	for _, u := range found {
		if err := l.upload(u, trees, records, indexes, windows); err != nil {
			return err
		}
	}
	for name, t := range trees {
		l.volumes = append(l.volumes, archiveVolume{name, t})
	}
	slices.SortFunc(l.volumes, func(a, b archiveVolume) int { return compareVolumes(a.name, b.name) })
	if len(l.volumes) == 0 {
		t := archive.NewTree(l.in.Format)
		t.Damage = l.in.Damage
		l.volumes = append(l.volumes, archiveVolume{"", t})
	}
	if first := &l.volumes[0]; first.name == "" && l.platform == Windows {
		first.name = "C:"
	}
	if l.platform == Unknown {
		t := listed{newImageTree(l.volumes[0].fsys)}
		if l.platform, _, err = detect(t, Unknown); err != nil {
			return err
		}
	}
	return nil
}

// compareVolumes puts C: first, where paths without a drive are looked up, then
// the other drives, then shadow copies.
func compareVolumes(a, b string) int {
	rank := func(name string) string { return fmt.Sprint(len(name) > 2, name != "C:", name) }
	return strings.Compare(rank(a), rank(b))
}

// An upload is an entry below uploads with the names of its path.
type upload struct {
	entry *archive.Entry
	path  []string
}

// uploads are the entries below uploads; all else is left out. windows says that
// some path begins with a drive.
func (l *layout) uploads() (found []upload, windows bool) {
	for i := range l.in.Entries {
		e := &l.in.Entries[i]
		parts, err := archive.Split(e.Name)
		switch {
		case err != nil:
			l.leave(e.Name, err.Error(), true)
		case len(parts) == 0:
		case parts[0] != uploads:
			l.leave(parts[0], "a file of the collector's own", false)
		case len(parts) > 2:
			for n := range parts {
				parts[n] = unescape(parts[n])
			}
			_, ok := volumeOf(parts[2])
			windows = windows || ok
			found = append(found, upload{e, parts})
		}
	}
	return found, windows
}

// unescape undoes %XX.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(n))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// volumeOf is the volume that the first name of a path of Windows stands for:
// C: for C: and \\.\C:, and a shadow copy by the name of its device.
func volumeOf(name string) (volume string, ok bool) {
	const shadow = `HarddiskVolumeShadowCopy`
	device, isDevice := strings.CutPrefix(name, `\\.\`)
	if hasDrive(device) && len(device) == 2 {
		return strings.ToUpper(device), true
	}
	if !isDevice {
		device, isDevice = strings.CutPrefix(name, `\\?\`)
	}
	if i := strings.LastIndex(device, shadow); isDevice && i >= 0 {
		number := device[i+len(shadow):]
		if number != "" && strings.Trim(number, "0123456789") == "" {
			return shadow + number + ":", true
		}
	}
	return "", false
}

// upload puts one into the tree of its volume.
func (l *layout) upload(u upload, trees map[string]*archive.Tree, records map[string]uploadRecord, indexes map[string]*archive.Entry, windows bool) error {
	volume, below := "", u.path[2:]
	if windows {
		var ok bool
		if volume, ok = volumeOf(u.path[2]); !ok {
			l.leave(strings.Join(u.path[:3], "/"), "an upload that lies on no volume", true)
			return nil
		}
		below = u.path[3:]
	}
	for _, name := range below {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || windows && strings.Contains(name, `\`) {
			l.leave(u.entry.Name, "an upload whose path cannot be one", true)
			return nil
		}
	}
	r, known := records[key(u.path)]
	index := indexes[key(u.path)+indexEnd]
	switch {
	case r.isIndex:
		return nil // it is read with the upload whose holes it lists
	case r.hasIndex && index == nil:
		u.entry.Refuse(errors.New("stored without its holes, the list of which is not in the archive"))
	case r.hasIndex, !known && index != nil:
		ranges, err := holes(index)
		if err == nil {
			err = u.entry.Spread(ranges)
		}
		if err != nil && known {
			u.entry.Refuse(fmt.Errorf("stored without its holes, the list of which cannot be read: %w", err))
		}
	case r.Uploaded < r.Size:
		u.entry.Refuse(fmt.Errorf("the collector took only %d of its %d bytes", r.Uploaded, r.Size))
		u.entry.Size = int64(r.Size)
	}
	t := trees[volume]
	if t == nil {
		t = archive.NewTree(l.in.Format)
		t.Damage = l.in.Damage
		trees[volume] = t
	}
	return l.add(t, below, u.entry)
}

func key(path []string) string { return strings.Join(path, "\x00") }

// An uploadRecord is a line of uploads.json.
type uploadRecord struct {
	Components []string   `json:"_Components"`
	Size       jsonNumber `json:"file_size"`
	Uploaded   jsonNumber `json:"uploaded_size"`
	Type       string     `json:"Type"`

	isIndex  bool // the upload lists the holes of another
	hasIndex bool // there is such a list for it
}

// jsonNumber may be written as text, as protocol buffers have 64 bits in JSON.
type jsonNumber uint64

func (n *jsonNumber) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseUint(strings.Trim(string(b), `"`), 10, 63)
	*n = jsonNumber(v)
	return err
}

// records are the lines of uploads.json by the names of their uploads.
func (l *layout) records() (map[string]uploadRecord, error) {
	records := make(map[string]uploadRecord)
	r, err := l.metadata("uploads.json")
	if r == nil {
		return records, err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row uploadRecord
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return records, err
		}
		if len(row.Components) < 3 {
			continue
		}
		k := key(row.Components)
		if row.Type == "idx" {
			of := strings.TrimSuffix(k, indexEnd)
			whole := records[of]
			whole.hasIndex = true
			records[of] = whole
			row.isIndex = true
		} else {
			row.hasIndex = records[k].hasIndex
		}
		row.Components = nil
		records[k] = row
	}
	return records, lines.Err()
}

// metadata is a file of the collector's at the top; nil where it is not there.
func (l *layout) metadata(name string) (io.Reader, error) {
	for i := range l.in.Entries {
		if e := &l.in.Entries[i]; e.Name == name {
			c, err := e.Open()
			if err != nil {
				return nil, err
			}
			if c.Size() > maxMetadata {
				return nil, fmt.Errorf("%d bytes", c.Size())
			}
			return io.NewSectionReader(c, 0, c.Size()), nil
		}
	}
	return nil, nil
}

// client takes the host's name and system from client_info.json, which has
// them at the top or, as the server knows its clients, in os_info.
func (l *layout) client() {
	type names struct {
		Hostname string `json:"hostname"` // also Hostname: case does not count
		OS       string `json:"os"`
		System   string `json:"system"`
	}
	var info struct {
		names
		In names `json:"os_info"`
	}
	r, err := l.metadata("client_info.json")
	if r == nil && err == nil {
		return
	}
	if err == nil {
		err = json.NewDecoder(r).Decode(&info)
	}
	if err != nil {
		l.Notes = append(l.Notes, fmt.Sprintf("client_info.json cannot be read: %v", err))
		return
	}
	if l.Host = info.Hostname; l.Host == "" {
		l.Host = info.In.Hostname
	}
	for _, s := range []string{info.OS, info.System, info.In.System} {
		if p := Platform(strings.ToLower(s)); l.platform == Unknown && (p == Windows || p == Linux || p == Darwin) {
			l.platform = p
		}
	}
}

// holes reads the list of the holes of an upload that was stored without them.
func holes(index *archive.Entry) ([]archive.Range, error) {
	c, err := index.Open()
	if err != nil {
		return nil, err
	}
	if c.Size() > maxIndex {
		return nil, fmt.Errorf("%d bytes", c.Size())
	}
	var list struct {
		Ranges []struct {
			At     jsonNumber `json:"file_offset"`
			Offset jsonNumber `json:"original_offset"`
			Stored jsonNumber `json:"file_length"`
			Size   jsonNumber `json:"length"`
		} `json:"ranges"`
	}
	if err := json.NewDecoder(io.NewSectionReader(c, 0, c.Size())).Decode(&list); err != nil {
		return nil, err
	}
	ranges := make([]archive.Range, 0, len(list.Ranges))
	for _, r := range list.Ranges {
		ranges = append(ranges, archive.Range{At: int64(r.At), Offset: int64(r.Offset), Stored: int64(r.Stored), Size: int64(r.Size)})
	}
	return ranges, nil
}
