package main

import (
	"bytes"
	"crypto/sha256"
	"go/ast"
	"go/build/constraint"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"iocscan/ioc"
	"iocscan/scan/document"
)

// What the project asks of its own text and no compiler checks. Rules on
// imports and state look at every file, whatever system it is for.

// A repoFile is a file of the repository, by its path with slashes.
type repoFile struct {
	path string
	body []byte
}

func (f repoFile) isGo() bool   { return strings.HasSuffix(f.path, ".go") }
func (f repoFile) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }
func (f repoFile) dir() string  { return path.Dir(f.path) }
func (f repoFile) isProduct() bool {
	return f.isGo() && !f.isTest() && !strings.HasPrefix(f.path, ".ci/")
}

// repoFiles are the files that the project made.
func repoFiles(t *testing.T) []repoFile {
	t.Helper()
	var files []repoFile
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case !d.Type().IsRegular() || p == "iocscan" || p == "iocscan.exe": // what .gitignore names
			return nil
		}
		body, err := os.ReadFile(p)
		files = append(files, repoFile{filepath.ToSlash(p), body})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files: this is not the repository", len(files))
	}
	return files
}

// products are the Go files that end up in the program, parsed.
func products(t *testing.T) (*token.FileSet, map[string]*ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	parsed := map[string]*ast.File{}
	for _, f := range repoFiles(t) {
		if !f.isProduct() {
			continue
		}
		tree, err := parser.ParseFile(fset, f.path, f.body, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed[f.path] = tree
	}
	return fset, parsed
}

func importsOf(f *ast.File) []string {
	var list []string
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value) // the parser has read it
		list = append(list, p)
	}
	return list
}

// mayImport is the order of the packages: what each may import of ours.
// Packages below scan/internal may import ioc and what readers of file systems
// have in common, and what lies below themselves or their parent; those whose
// name ends in "test" help the tests of the folder that they are in.
var mayImport = map[string][]string{
	".":             {"ioc", "ioc/match", "scan", "scan/document", "scan/scope", "scan/source", "report"},
	"ioc":           {},
	"ioc/match":     {"ioc"},
	"scan/source":   {"ioc", "scan/internal/"},
	"scan/scope":    {"ioc", "scan/source"},
	"scan/document": {"ioc", "ioc/match", "scan/scope", "scan/source", "scan/internal/"},
	"scan":          {"ioc", "ioc/match", "scan/document", "scan/scope", "scan/source"},
	"report":        {"scan", "ioc/match"},
}

func TestImportsGoOneWay(t *testing.T) {
	_, files := products(t)
	for name, f := range files {
		dir := path.Dir(name)
		may, known := mayImport[dir]
		switch {
		case strings.HasSuffix(dir, "test"):
			may, known = []string{"ioc", path.Dir(dir)}, true
		case strings.HasPrefix(dir, "scan/internal/"):
			may, known = []string{"ioc", "scan/internal/fsys", "scan/internal/wtf8", dir + "/"}, true
			if above := path.Dir(dir); above != "scan/internal" {
				may = append(may, above+"/")
			}
		}
		if !known {
			t.Errorf("%s: no rule says what a package in %s may import", name, dir)
			continue
		}
		for _, p := range importsOf(f) {
			ours, is := strings.CutPrefix(p, "iocscan/")
			if is && !slices.ContainsFunc(may, func(m string) bool {
				return ours == m || strings.HasSuffix(m, "/") && strings.HasPrefix(ours, m) && !strings.HasSuffix(ours, "test")
			}) {
				t.Errorf("%s imports %s: %s may import %q", name, p, dir, may)
			}
		}
	}
}

// forbidden are packages that nothing here needs: to start programs, to reach
// a network, to load code, or to read arguments outside of main's one place.
var forbidden = regexp.MustCompile(`^(os/exec|plugin|flag|C|log|net/(http|rpc|smtp|textproto|mail)(/.*)?|crypto/tls|testing(/.*)?|` +
	`golang\.org/x/net(/.*)?|golang\.org/x/sys/windows/svc(/.*)?)$`)

// forbiddenCalls do the same without a package of their own.
var forbiddenCalls = map[string]bool{
	"os.StartProcess": true, "syscall.Exec": true, "syscall.ForkExec": true, "syscall.StartProcess": true,
	"unix.Exec": true, "windows.CreateProcess": true, "windows.CreateProcessAsUser": true, "windows.ShellExecute": true,
	"syscall.Socket": true, "syscall.Connect": true, "unix.Socket": true, "unix.Connect": true,
	"windows.Socket": true, "windows.WSASocket": true, "windows.Connect": true,
}

// mayNet are the names of package net that reach nobody.
var mayNet = regexp.MustCompile(`^(HardwareAddr|CIDRMask|IPMask|IP|IPNet|Interface|Interfaces|InterfaceByIndex|InterfaceByName|Flags|Flag[A-Z].*)$`)

// dials are the files that may connect, and to what.
var dials = map[string]string{
	"scan/document/dns_resolved.go": "the socket of systemd-resolved on this machine",
}

func TestNothingIsRunOrSent(t *testing.T) {
	fset, files := products(t)
	for name, f := range files {
		for _, p := range importsOf(f) {
			helper := strings.HasSuffix(path.Dir(name), "test") && p == "testing"
			if forbidden.MatchString(p) && !helper {
				t.Errorf("%s imports %s", name, p)
			}
			if p == "github.com/urfave/cli/v2" && path.Dir(name) != "." {
				t.Errorf("%s imports %s: arguments are read at the top only", name, p)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				x, ok := s.X.(*ast.Ident)
				if ok && (forbiddenCalls[x.Name+"."+s.Sel.Name] || x.Name == "net" && !mayNet.MatchString(s.Sel.Name) && dials[name] == "" && usesNet(f)) {
					t.Errorf("%s: %s.%s", fset.Position(s.Pos()), x.Name, s.Sel.Name)
				}
			}
			return true
		})
	}
}

// usesNet: elsewhere net is only the name of something.
func usesNet(f *ast.File) bool { return slices.Contains(importsOf(f), "net") }

// systems are the words that make a file's name a build constraint, as far as
// anybody here would use them.
var systems = regexp.MustCompile(`_(windows|linux|darwin|freebsd|openbsd|netbsd|solaris|unix|386|amd64|arm|arm64)(_test)?\.go$`)

// The system that is scanned is a value of the run. The one that scans is
// known to those who ask it.
func TestBuildConstraintsStayBelow(t *testing.T) {
	_, files := products(t)
	for name, f := range files {
		if dir := path.Dir(name) + "/"; strings.HasPrefix(dir, "scan/source/") || strings.HasPrefix(dir, "scan/document/") ||
			strings.HasPrefix(dir, "scan/internal/") {
			continue
		}
		if systems.MatchString(name) {
			t.Errorf("%s is for one system by its name", name)
		}
		for _, g := range f.Comments {
			for _, c := range g.List {
				if constraint.IsGoBuild(c.Text) && c.Pos() < f.Package {
					t.Errorf("%s: %s", name, c.Text)
				}
			}
		}
	}
}

func TestFilesStaySmall(t *testing.T) {
	const most = 600
	for _, f := range repoFiles(t) {
		if n := bytes.Count(f.body, []byte("\n")); n > most && (f.isGo() || strings.HasPrefix(f.path, ".ci/")) {
			t.Errorf("%s has %d lines: more than %d are two subjects", f.path, n, most)
		}
	}
}

func TestFormatted(t *testing.T) {
	for _, f := range repoFiles(t) {
		if !f.isGo() {
			continue
		}
		if want, err := format.Source(f.body); err != nil || !bytes.Equal(want, f.body) {
			t.Errorf("%s is not as gofmt writes it: %v", f.path, err)
		}
	}
}

// Nothing is left for later in the text, and nothing tells where it was
// written.
func TestNothingLeftOver(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	// In pieces, so that this file is none of those it looks for.
	marks := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	places := []string{here + "/", "/wo" + "rk/main", "/wo" + "rk/shared", "/go/pkg" + "/mod/", "/usr/local" + "/go/"}
	for _, f := range repoFiles(t) {
		if f.path == ".git" { // a work tree's pointer
			continue
		}
		if f.isGo() || strings.HasPrefix(f.path, ".ci/") {
			if m := marks.Find(f.body); m != nil {
				t.Errorf("%s: %s", f.path, m)
			}
		}
		for _, p := range places {
			if bytes.Contains(f.body, []byte(p)) {
				t.Errorf("%s has the path %s of a developer's machine in it", f.path, p)
			}
		}
	}
}

// The corpora are other people's data.
func TestTestdataIsOurs(t *testing.T) {
	const corpus = "../shared/corpus"
	if _, err := os.Stat(corpus); err != nil {
		t.Skipf("no corpus to compare with: %v", err)
	}
	ours := map[[sha256.Size]byte]string{}
	sizes := map[int64]bool{}
	for _, f := range repoFiles(t) {
		if strings.Contains("/"+f.path, "/testdata/") && len(f.body) > 0 {
			ours[sha256.Sum256(f.body)] = f.path
			sizes[int64(len(f.body))] = true
		}
	}
	err := filepath.WalkDir(corpus, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil || !sizes[info.Size()] {
			return err
		}
		body, err := os.ReadFile(p)
		if name, same := ours[sha256.Sum256(body)]; same {
			t.Errorf("%s is the corpus's %s", name, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A fuzz target without seeds tests nothing when the tests run.
func TestFuzzTargetsHaveSeeds(t *testing.T) {
	targets := 0
	for _, f := range repoFiles(t) {
		if !f.isTest() {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.path, f.body, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			targets++
			stored, err := filepath.Glob(filepath.Join(f.dir(), "testdata", "fuzz", fn.Name.Name, "*"))
			if err != nil {
				t.Fatal(err)
			}
			if len(stored) == 0 && !calls(fn, "Add") {
				t.Errorf("%s: %s has no seed", f.path, fn.Name.Name)
			}
		}
	}
	if targets == 0 {
		t.Error("no fuzz target was found")
	}
}

// Wine cannot empty the folders of testing.T.TempDir; those of sourcetest it
// can.
func TestFoldersWorkUnderWine(t *testing.T) {
	elsewhere := regexp.MustCompile(`_(unix|linux|darwin)_test\.go$`)
	for _, f := range repoFiles(t) {
		switch f.dir() {
		case "scan/source", "scan/document", "scan/scope":
			if f.isTest() && !elsewhere.MatchString(f.path) && bytes.Contains(f.body, []byte(".TempDir()")) {
				t.Errorf("%s: t.TempDir, where .ci/wine needs sourcetest.TempDir", f.path)
			}
		}
	}
}

func calls(fn *ast.FuncDecl, method string) (found bool) {
	ast.Inspect(fn, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			s, ok := c.Fun.(*ast.SelectorExpr)
			found = found || ok && s.Sel.Name == method
		}
		return !found
	})
	return found
}

// typesOf are the vocabulary's types that values of a kind answer.
var typesOf = map[ioc.Kind][]string{
	ioc.Text:     {"string"},
	ioc.Path:     {"string"},
	ioc.Int:      {"int", "uint64"},
	ioc.Float:    {"float", "double"},
	ioc.Time:     {"date"},
	ioc.Duration: {"int", "string"},
	ioc.Digest:   {"md5", "sha1", "sha256", "string"},
	ioc.Address:  {"IP", "string"},
	ioc.Bool:     {"bool"},
}

func TestTermsAreOfTheVocabulary(t *testing.T) {
	documents := map[string]bool{}
	for _, d := range document.All() {
		if documents[d.Name()] {
			t.Errorf("%s is twice in document.All", d.Name())
		}
		documents[d.Name()] = true
		schema := d.Schema()
		if d.Summary() == "" || len(d.Needs()) == 0 || schema.Name != d.Name() || len(schema.Fields) == 0 {
			t.Errorf("%s: summary %q, needs %v, schema of %q with %d fields", d.Name(), d.Summary(), d.Needs(), schema.Name, len(schema.Fields))
		}
		terms := map[string]bool{}
		for _, f := range schema.Fields {
			def, ok := ioc.Lookup(f.Term)
			switch {
			case terms[f.Term]:
				t.Errorf("%s is answered twice", f.Term)
			case !ok:
				t.Errorf("%s is not in the vocabulary", f.Term)
			case def.Name != f.Term:
				t.Errorf("%s: the vocabulary spells it %s", f.Term, def.Name)
			case !strings.HasPrefix(f.Term, d.Name()+"/"):
				t.Errorf("%s is answered by %s", f.Term, d.Name())
			case !slices.Contains(typesOf[f.Kind], def.Type):
				t.Errorf("%s is %s in the vocabulary and kind %d here", f.Term, def.Type, f.Kind)
			}
			terms[f.Term] = true
		}
	}
}

// A document that all.go does not list is never read. Documents are the
// package variables of the types that have a Schema, Table among them.
func TestEveryDocumentIsListed(t *testing.T) {
	_, files := products(t)
	types, listed, values := map[string]bool{}, map[string]bool{}, map[string]ast.Expr{}
	embedded := map[string]string{}
	for name, f := range files {
		if path.Dir(name) != "scan/document" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.UnaryExpr:
				if x, ok := n.X.(*ast.Ident); ok && n.Op == token.AND && path.Base(name) == "all.go" {
					listed[x.Name] = true
				}
			case *ast.FuncDecl:
				if n.Recv != nil && n.Name.Name == "Schema" {
					types[typeName(n.Recv.List[0].Type)] = true
				}
				return path.Base(name) == "all.go" // variables of functions are none of the package
			case *ast.TypeSpec:
				if st, ok := n.Type.(*ast.StructType); ok && len(st.Fields.List) > 0 && st.Fields.List[0].Names == nil {
					embedded[n.Name.Name] = typeName(st.Fields.List[0].Type)
				}
			case *ast.ValueSpec:
				for i, v := range n.Values {
					values[n.Names[i].Name] = v
				}
			}
			return true
		})
	}
	for name, in := range embedded {
		types[name] = types[name] || types[in]
	}
	documents := 0
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if lit, ok := values[name].(*ast.CompositeLit); ok && types[typeName(lit.Type)] {
			documents++
			if !listed[name] {
				t.Errorf("document %s is not in all.go", name)
			}
		}
	}
	if documents == 0 || documents != len(document.All()) {
		t.Errorf("%d documents in the text, %d in document.All", documents, len(document.All()))
	}
}

// typeName is the name of a type without its star and its parameters.
func typeName(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		default:
			return ""
		}
	}
}

func TestREADMEIsTrue(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := matrix(vocabulary()); !bytes.Contains(readme, []byte(want)) {
		t.Errorf("README.md has not got the table that iocscan terms --matrix prints:\n%s", want)
	}
	script, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	const command = "go test ./..."
	for name, text := range map[string][]byte{"README.md": readme, ".ci/run": script} {
		if !bytes.Contains(text, []byte(command)) {
			t.Errorf("%s does not say %q", name, command)
		}
	}
}

// Every module that the project itself asks for has its reason beside it.
func TestRequirementsHaveReasons(t *testing.T) {
	body, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	inside, direct := false, 0
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasSuffix(line, "("):
			inside = strings.HasPrefix(line, "require")
		case line == ")":
			inside = false
		case strings.HasPrefix(line, "//") || line == "" || strings.HasSuffix(line, "// indirect") ||
			!inside && !strings.HasPrefix(line, "require "):
		default:
			direct++
			if _, why, _ := strings.Cut(line, "//"); strings.TrimSpace(why) == "" {
				t.Errorf("go.mod: no reason stands beside %s", line)
			}
		}
	}
	if direct == 0 {
		t.Error("go.mod has no requirement that is not indirect")
	}
}
