package report

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// styles are the few ways in which text stands out. Each word that a colour
// marks says the same without it.
type styles struct {
	title, alarm, warn, good, faint lipgloss.Style
}

// newStyles makes them for one writer. The renderer is our own and told its
// colours: the default one looks at standard output whatever it writes to, and
// asking a terminal for its background waits for an answer on standard input.
func newStyles(w io.Writer, color bool) styles {
	r := lipgloss.NewRenderer(w)
	r.SetColorProfile(termenv.Ascii)
	if color {
		r.SetColorProfile(termenv.ANSI) // the 16 colours, which follow the user's theme
	}
	bold := r.NewStyle().Bold(true)
	return styles{
		title: bold,
		alarm: bold.Foreground(lipgloss.Color("1")),
		warn:  r.NewStyle().Foreground(lipgloss.Color("3")),
		good:  r.NewStyle().Foreground(lipgloss.Color("2")),
		faint: r.NewStyle().Faint(true),
	}
}

// maxShown bounds a text from evidence in the human report, in bytes.
const maxShown = 1000

// shown is a text as people see it: escaped, on one line, not endless, and with
// no blank at an end where it would not be seen.
func shown(s string) string {
	cut := ""
	if len(s) > maxShown {
		at := maxShown
		for at > maxShown-utf8.UTFMax && !utf8.RuneStart(s[at]) {
			at--
		}
		cut = " … (" + count(len(s)-at, "more byte", "more bytes") + ", see the JSON report)"
		s = s[:at]
	}
	head := len(s) - len(strings.TrimLeft(s, " "))
	tail := len(strings.TrimRight(s, " "))
	if tail < head {
		tail = len(s)
	}
	return strings.Repeat(`\u{20}`, head) + Escape(s[head:tail]) + strings.Repeat(`\u{20}`, len(s)-tail) + cut
}

// orNone shows a text that may be empty.
func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return shown(s)
}

// pad fills a text with blanks to a width in columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
}

// wrap breaks a text at blanks so that no line is wider than width columns,
// except for words that are. Width 0 does not break.
func wrap(s string, width int) []string {
	if width <= 0 || lipgloss.Width(s) <= width {
		return []string{s}
	}
	var lines []string
	line, have := "", 0
	for word := range strings.SplitSeq(s, " ") {
		w := lipgloss.Width(word)
		if have > 0 && have+1+w > width {
			lines, line, have = append(lines, line), "", 0
		}
		if have > 0 {
			line, have = line+" ", have+1
		}
		line, have = line+word, have+w
	}
	return append(lines, line)
}
