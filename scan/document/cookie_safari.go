package document

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The format, which Apple never described, as public tools read it
// (github.com/libyal/dtformats, Safari cookies): "cook", the number of pages and
// their sizes in big-endian, then the pages. A page is 0x100, the number of its
// cookies and where they are in it, in little-endian; so is all in a cookie:
// its size, flags at 8, the offsets of host, name, path and value at 16, the end
// of its life and its beginning as doubles of seconds since 2001 at 40 and 48.

const (
	safariCookieHead = 56
	safariPageMagic  = 0x100
	// mostCookieBytes is more than any browser keeps.
	mostCookieBytes = 64 << 20
)

var errSafariCookies = errors.New("no cookies of Safari, or damaged ones")

func safariCookies(h *historyFile, hand func(cookie) bool) error {
	b, err := h.data.file.read(mostCookieBytes)
	if err != nil {
		return err
	}
	h.lackTerms("CookieFlags", "LastVisitDate", "LastAccessedDate", "LastModifiedDate")
	return eachSafariCookie(b, func(c cookie) bool {
		c.data = h.data
		return hand(c)
	})
}

// eachSafariCookie visits the cookies until visit says stop. One that is damaged
// ends them.
func eachSafariCookie(b []byte, visit func(cookie) bool) error {
	if len(b) < 8 || string(b[:4]) != "cook" {
		return errSafariCookies
	}
	pages := uint64(binary.BigEndian.Uint32(b[4:]))
	if pages > uint64(len(b)-8)/4 {
		return errSafariCookies
	}
	sizes, rest := b[8:8+4*pages], b[8+4*pages:]
	for n := range pages {
		size := uint64(binary.BigEndian.Uint32(sizes[4*n:]))
		if size > uint64(len(rest)) {
			return fmt.Errorf("page %d: %w", n, errSafariCookies)
		}
		more, err := safariPage(rest[:size], visit)
		if err != nil {
			return fmt.Errorf("page %d: %w", n, err)
		}
		if !more {
			return nil
		}
		rest = rest[size:]
	}
	return nil
}

func safariPage(page []byte, visit func(cookie) bool) (more bool, err error) {
	if len(page) < 8 || binary.BigEndian.Uint32(page) != safariPageMagic {
		return false, errSafariCookies
	}
	count := uint64(le.Uint32(page[4:]))
	// Cookies do not share their bytes, so there are no more than have room.
	if count > uint64(len(page)-8)/4 || count*safariCookieHead > uint64(len(page)) {
		return false, errSafariCookies
	}
	for n := range count {
		at := uint64(le.Uint32(page[8+4*n:]))
		if at+safariCookieHead > uint64(len(page)) {
			return false, errSafariCookies
		}
		size := uint64(le.Uint32(page[at:]))
		if size < safariCookieHead || at+size > uint64(len(page)) {
			return false, errSafariCookies
		}
		c, err := safariCookie(page[at : at+size])
		if err != nil || !visit(c) {
			return false, err
		}
	}
	return true, nil
}

func safariCookie(b []byte) (c cookie, err error) {
	for i, text := range []*string{&c.host, &c.name, &c.path, &c.value} {
		at := uint64(le.Uint32(b[16+4*i:]))
		if at == 0 {
			continue
		}
		if at >= uint64(len(b)) {
			return c, errSafariCookies
		}
		end := bytes.IndexByte(b[at:], 0)
		if end < 0 {
			return c, errSafariCookies
		}
		*text = string(b[at : at+uint64(end)])
	}
	flags := le.Uint32(b[8:])
	c.secure, c.httpOnly = flags&1 != 0, flags&4 != 0
	c.expires = macTicks(math.Float64frombits(le.Uint64(b[40:])))
	c.created = macTicks(math.Float64frombits(le.Uint64(b[48:])))
	return c, nil
}
