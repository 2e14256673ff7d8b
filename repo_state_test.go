package main

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"strings"
	"testing"
)

// changing are types whose values change without an assignment.
var changing = regexp.MustCompile(`^\*?(sync\.(Mutex|RWMutex|Map|Once|Pool|WaitGroup|Cond)|atomic\.\w+|chan .*|bytes\.Buffer|strings\.Builder)$`)

// Two scans in one process must not meet in a variable: there is no init, and
// a package variable is what its declaration says.
func TestNoStateOfPackages(t *testing.T) {
	fset, files := products(t)
	packages := map[string][]*ast.File{}
	for name, f := range files {
		packages[path.Dir(name)] = append(packages[path.Dir(name)], f)
	}
	for dir, files := range packages {
		info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
		// Imports are not followed, and variants for several systems meet in one
		// check: names are resolved all the same, which is all that is asked.
		check := types.Config{Importer: noImporter{}, Error: func(error) {}}
		pkg, _ := check.Check(dir, fset, files, info)
		ofPackage := func(e ast.Expr) string {
			id := root(e)
			if id == nil {
				return ""
			}
			if v, ok := info.Uses[id].(*types.Var); ok && v.Parent() == pkg.Scope() {
				return id.Name
			}
			return ""
		}
		for _, f := range files {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil && d.Name.Name == "init" {
						t.Errorf("%s: init", fset.Position(d.Pos()))
					}
				case *ast.GenDecl:
					for _, s := range d.Specs {
						if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.VAR && v.Type != nil && changing.MatchString(types.ExprString(v.Type)) {
							t.Errorf("%s: %s is made to change", fset.Position(v.Pos()), v.Names[0].Name)
						}
					}
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				for _, e := range assigned(n) {
					if name := ofPackage(e); name != "" {
						t.Errorf("%s: package variable %s is changed", fset.Position(e.Pos()), name)
					}
				}
				return true
			})
		}
	}
}

// assigned are the expressions that a statement gives a new value.
func assigned(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && strings.Contains(" delete clear copy ", " "+f.Name+" ") {
			return n.Args[:1]
		}
	}
	return nil
}

// root is the variable that an expression is a part of.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not followed") }
