package ioc

import "bytes"

// A declaration is the <?xml … ?> of a file. end is 0 where there is none.
type declaration struct {
	start, end        int
	version, encoding string
}

// findDeclaration looks for the XML declaration at the start of the text.
// Blanks and comments before it are an error in XML but seen in published
// files, and leave its meaning plain.
func findDeclaration(text []byte) declaration {
	at := skipBlanks(text, 0)
	for bytes.HasPrefix(text[at:], []byte("<!--")) {
		n := bytes.Index(text[at+4:], []byte("-->"))
		if n < 0 {
			return declaration{}
		}
		at = skipBlanks(text, at+4+n+3)
	}
	const open = "<?xml"
	rest := text[at:]
	if !bytes.HasPrefix(rest, []byte(open)) || len(rest) == len(open) || !isBlank(rest[len(open)]) {
		return declaration{}
	}
	const longest = 1024 // a real one has some 60 bytes
	n := bytes.Index(rest[:min(len(rest), longest)], []byte("?>"))
	if n < 0 {
		return declaration{}
	}
	body := rest[len(open):n]
	return declaration{
		start: at, end: at + n + 2,
		version:  pseudoAttribute(body, "version"),
		encoding: pseudoAttribute(body, "encoding"),
	}
}

// pseudoAttribute reads name="value" of a declaration.
func pseudoAttribute(body []byte, name string) string {
	i := bytes.Index(body, []byte(name))
	if i < 0 {
		return ""
	}
	i = skipBlanks(body, i+len(name))
	if i == len(body) || body[i] != '=' {
		return ""
	}
	i = skipBlanks(body, i+1)
	if i == len(body) || body[i] != '"' && body[i] != '\'' {
		return ""
	}
	n := bytes.IndexByte(body[i+1:], body[i])
	if n < 0 {
		return ""
	}
	return string(bytes.TrimSpace(body[i+1 : i+1+n]))
}

func skipBlanks(text []byte, at int) int {
	for at < len(text) && isBlank(text[at]) {
		at++
	}
	return at
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
