package document

import "strings"

// chromiumCores are the ways in which Chromium comes to a page, by the lowest
// byte of a transition (ui/base/page_transition_types.h).
var chromiumCores = []string{
	"Link", "Typed", "Auto Bookmark", "Auto Subframe", "Manual Subframe", "Generated", "Auto Toplevel", "Form Submit", "Reload", "Keyword", "Keyword Generated",
}

// chromiumQualifiers are bits above that.
var chromiumQualifiers = []struct {
	bit  int64
	word string
}{
	{0x01000000, "Forward Back"}, {0x02000000, "From Address Bar"}, {0x04000000, "Home Page"},
	{0x40000000, "Client Redirect"}, {0x80000000, "Server Redirect"},
}

// chromiumKinds are the words of a transition, each as people write it and as
// Chromium's own text has it.
func chromiumKinds(n int64) (words []string) {
	if core := n & 0xff; core < int64(len(chromiumCores)) {
		words = bothWays(words, chromiumCores[core])
	}
	for _, q := range chromiumQualifiers {
		if n&q.bit != 0 {
			words = bothWays(words, q.word)
		}
	}
	return words
}

// geckoNames are Firefox's (nsINavHistoryService.idl), from 1 on.
var geckoNames = []string{"Link", "Typed", "Bookmark", "Embed", "Redirect Permanent", "Redirect Temporary", "Download", "Framed Link", "Reload"}

func geckoKinds(n int64) []string {
	if n < 1 || n > int64(len(geckoNames)) {
		return nil
	}
	return bothWays(nil, geckoNames[n-1])
}

// bothWays adds a word with blanks and, where it has some, with underscores.
func bothWays(list []string, word string) []string {
	list = append(list, word)
	if strings.Contains(word, " ") {
		list = append(list, strings.ReplaceAll(word, " ", "_"))
	}
	return list
}
