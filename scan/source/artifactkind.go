package source

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// An Artifact is a loose file of a kind.
type Artifact struct {
	LooseFile
	Kind *ArtifactKind // nil: its content shows none, or could not be looked at
}

// An ArtifactKind is what loose files are known for by their content.
type ArtifactKind struct {
	Name string // such as "event log"
	// Offers is what a source has that has such files. It means nothing where
	// Unread says why they are not read.
	Offers Capability
	Unread string

	is func(head []byte) bool
}

const notYet = "not read by this version"

const eseMagic = "\xef\xcd\xab\x89"

// The kinds of which documents need to know the files of.
var (
	eventLogKind = &ArtifactKind{Name: "event log", Offers: Logs, is: begins("ElfFile\x00")}
	hiveKind     = &ArtifactKind{Name: "registry hive", Offers: Hives, is: registryFile(true)}
	prefetchKind = &ArtifactKind{Name: "prefetch file", Offers: Prefetch, is: func(b []byte) bool {
		return at(b, 4, "SCCA") || at(b, 0, "MAM\x04") || at(b, 0, "MAM\x84")
	}}
	taskKind = &ArtifactKind{Name: "scheduled task", Offers: Tasks, is: isTaskXML}
	// Of ESE databases that of Internet Explorer has pages of 32 KiB (at 236); that
	// it is one is known where it is opened.
	webCacheKind = &ArtifactKind{Name: "ESE database as of Internet Explorer", Offers: Histories, is: func(b []byte) bool {
		return at(b, 4, eseMagic) && at(b, 236, "\x00\x80\x00\x00")
	}}
	indexKind = &ArtifactKind{Name: "index.dat of Internet Explorer", Offers: Histories, is: begins("Client UrlCache MMF Ver ")}
	jobKind   = &ArtifactKind{Name: "scheduled task before Windows Vista", Offers: Tasks, is: isJob}
)

// artifactKinds are asked one after the other. Those that are not read are told
// by their names.
var artifactKinds = []*ArtifactKind{
	eventLogKind,
	hiveKind,
	prefetchKind,
	taskKind,
	jobKind,
	{Name: "transaction log of a registry hive", Unread: "read with the hive that it lies beside", is: registryFile(false)},
	{Name: "event log before Windows Vista", Unread: notYet, is: func(b []byte) bool { return at(b, 4, "LfLe") }},
	{Name: "SQLite database", Offers: Histories, is: begins("SQLite format 3\x00")},
	{Name: "log of a SQLite database", Unread: "read with the database that it lies beside", is: isSQLiteLog},
	webCacheKind,
	indexKind,
	{Name: "ESE database", Unread: notYet, is: func(b []byte) bool { return at(b, 4, eseMagic) }},
	{Name: "$MFT", Unread: notYet, is: begins("FILE0\x00\x03\x00")},
	{Name: "shortcut", Unread: notYet, is: begins("L\x00\x00\x00\x01\x14\x02\x00")},
	{Name: "property list", Unread: notYet, is: begins("bplist")},
	{Name: "program", Unread: notYet, is: begins("MZ")},
	{Name: "zip archive", Unread: notYet, is: begins("PK\x03\x04")},
}

// OfTask reports whether the file is a task, and whether it is of the format
// before Windows Vista.
func (a Artifact) OfTask() (task, job bool) {
	return a.Kind == taskKind || a.Kind == jobKind, a.Kind == jobKind
}

// Why says why a file is left out; empty where it is read.
func (a Artifact) Why() string {
	switch {
	case a.Err != nil:
		return "" // told where it is opened
	case a.Kind == nil:
		return "not recognised"
	case a.Kind.Unread != "":
		return a.Kind.Name + ": " + a.Kind.Unread
	}
	return ""
}

// OfInternetExplorer reports whether the file is an ESE database, as the browser
// keeps one, or an index.dat.
func (a Artifact) OfInternetExplorer() (database, index bool) {
	return a.Kind == webCacheKind, a.Kind == indexKind
}

func at(b []byte, off int, s string) bool {
	return len(b) >= off+len(s) && string(b[off:off+len(s)]) == s
}

func begins(s string) func([]byte) bool { return func(b []byte) bool { return at(b, 0, s) } }

// isSQLiteLog knows write-ahead logs of SQLite, of both orders of bytes, and
// rollback journals (https://www.sqlite.org/fileformat2.html, sections 3 and 4).
func isSQLiteLog(b []byte) bool {
	return at(b, 0, "\x37\x7f\x06\x82") || at(b, 0, "\x37\x7f\x06\x83") || at(b, 0, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
}

// registryFile knows hives, and their transaction logs, by the type in the base block.
func registryFile(hive bool) func([]byte) bool {
	return func(b []byte) bool {
		return at(b, 0, "regf") && (len(b) < 32 || binary.LittleEndian.Uint32(b[28:]) == 0) == hive
	}
}

// isTaskXML knows a task by the namespace of [MS-TSCH] 2.5, in UTF-16 or UTF-8.
func isTaskXML(b []byte) bool {
	b = bytes.ReplaceAll(b, []byte{0}, nil)
	return bytes.Contains(b, []byte("<Task")) && bytes.Contains(b, []byte("http://schemas.microsoft.com/windows/2004/02/mit/task"))
}

// isJob knows a .job file, which has no signature, by the parts of its head
// that never change ([MS-TSCH] 2.4.1).
func isJob(b []byte) bool {
	const head = 68
	return len(b) > head && at(b, 2, "\x01\x00") && at(b, 20, "\x46\x00") && binary.LittleEndian.Uint16(b[22:]) > head
}

// recognise looks at the beginning of a file.
func (a *Artifact) recognise() {
	f, err := a.Open()
	if err != nil {
		a.Err = err
		return
	}
	defer f.Close()
	head := make([]byte, 8192)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		a.Err = fmt.Errorf("read %s: %w", a.Path, err)
		return
	}
	for _, k := range artifactKinds {
		if k.is(head[:n]) {
			a.Kind = k
			return
		}
	}
}

// An Artifacts is what was found among loose files.
type Artifacts []Artifact

// FindArtifacts looks at the files that paths name, and at all files below the
// folders that they name; see LooseFiles.
func FindArtifacts(paths []string) (Artifacts, error) {
	var found Artifacts
	err := eachLoose(paths, func(f LooseFile, _ bool) bool {
		a := Artifact{LooseFile: f}
		if a.Err == nil {
			a.recognise()
		}
		found = append(found, a)
		return true
	})
	return found, err
}

// Of are the files that offer something. Those that could not be looked at may
// offer it too, and are among them where there are any.
func (all Artifacts) Of(c Capability) (of Artifacts) {
	any := false
	for _, a := range all {
		known := a.Kind != nil && a.Kind.Unread == "" && a.Kind.Offers == c
		any = any || known
		if known || a.Err != nil {
			of = append(of, a)
		}
	}
	if !any {
		return nil
	}
	return of
}

// Files are the loose files alone.
func (all Artifacts) Files() (files []LooseFile) {
	for _, a := range all {
		files = append(files, a.LooseFile)
	}
	return files
}

// Offers are the capabilities that the files give a source.
func (all Artifacts) Offers() (offers []Capability) {
	for _, c := range []Capability{Hives, Logs, Prefetch, Tasks, Histories} {
		if all.Of(c) != nil {
			offers = append(offers, c)
		}
	}
	return offers
}
