package credential_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// Timings are not meaningful on a shared machine, so the test reads the source.
// It looks at Token.Matches only.
func TestConstantTime(t *testing.T) {
	t.Run("T14 Matches compares by crypto/subtle only", func(t *testing.T) {
		file, err := parser.ParseFile(token.NewFileSet(), "token.go", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		subtle, found := 0, false
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Name.Name != "Matches" {
				continue
			}
			found = true
			ast.Inspect(f.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "subtle" && n.Sel.Name == "ConstantTimeCompare" {
						subtle++
					}
					if x, ok := n.X.(*ast.Ident); ok && (x.Name == "bytes" || x.Name == "slices") {
						t.Errorf("%s.%s compares with an early exit", x.Name, n.Sel.Name)
					}
				case *ast.BinaryExpr:
					// The result of subtle is an int, and only it is compared.
					if lit, ok := n.Y.(*ast.BasicLit); !ok || lit.Value != "1" {
						t.Errorf("%v compares something else than the result of crypto/subtle", n.Op)
					}
				case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt:
					t.Errorf("%T: Matches branches", n)
				}
				return true
			})
		}
		if !found || subtle != 1 {
			t.Errorf("subtle.ConstantTimeCompare in Matches: got %d, want 1", subtle)
		}
	})
}
