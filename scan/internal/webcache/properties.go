package webcache

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// Title is the title of a page in the response of an entry of a history, which
// is a list of property stores ([MS-PROPSTORE] 2.2) of one set of properties.
func Title(stores []byte) string {
	const (
		head    = 24 // version, set
		titleID = 0x10
		wide    = 0x1f // VT_LPWSTR
	)
	for len(stores) >= 4 {
		size := uint64(le.Uint32(stores))
		if size < 4 || size > uint64(len(stores)) {
			return ""
		}
		store := stores[4:size]
		stores = stores[size:]
		// The list of stores has its own size before those of the stores.
		for len(store) >= 4+head && bytes.Equal(store[4:8], []byte("1SPS")) {
			size := uint64(le.Uint32(store))
			if size < head || size > uint64(len(store)) {
				break
			}
			values := store[head:size]
			for len(values) >= 17 {
				n := uint64(le.Uint32(values))
				if n < 17 || n > uint64(len(values)) {
					break
				}
				// size, id, a zero, type and padding, characters
				if le.Uint32(values[4:]) == titleID && le.Uint16(values[9:]) == wide {
					return wideText(values[17:n])
				}
				values = values[n:]
			}
			store = store[size:]
		}
	}
	return ""
}

// A Download is what the response of an entry of iedownload tells.
type Download struct{ Source, Referrer, Type, Partial, Target string }

// DownloadOf takes the texts behind a head of 0x148 bytes, of which those that
// are empty are left out: the page that led to the file, its type, where it lay
// while it was fetched, its address, where it is. They tell themselves apart.
func DownloadOf(response []byte) (d Download) {
	const head = 0x148
	for rest := response[min(head, len(response)):]; len(rest) >= 2; {
		s := wideText(rest)
		rest = rest[min(2*len(utf16.Encode([]rune(s)))+2, len(rest)):]
		switch {
		case s == "":
		case strings.Contains(s, "://"):
			d.Referrer, d.Source = d.Source, s
		case len(s) > 2 && s[1:3] == `:\` || len(s) > 2 && s[:2] == `\\`:
			d.Partial, d.Target = d.Target, s
		case d.Type == "" && strings.Contains(s, "/"):
			d.Type = s
		}
	}
	return d
}

// wideText is UTF-16 to its first zero.
func wideText(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := le.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
