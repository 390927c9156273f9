package docs_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/humasess/sessions/internal/archtest"
)

// checker type-checks blocks of Go code against the packages that the go command builds.
type checker struct {
	fset     *token.FileSet
	importer types.Importer
	used     map[string]bool // the names of contexts that a block has used, as "file name"
}

// tableExports asks for the packages of the table once.
var tableExports = sync.OnceValues(func() (map[string]string, error) {
	return exports(slices.Sorted(maps.Values(imports)))
})

// exports returns the files with the types of packages and of those that they import, as the
// compiler has written them. A package that does not exist has none.
func exports(paths []string) (map[string]string, error) {
	var stderr bytes.Buffer
	args := []string{"list", "-e", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}", "--"}
	cmd := exec.Command("go", append(args, paths...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	found := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		found[path] = file
	}
	return found, nil
}

// newChecker takes the packages of the table and those of paths.
func newChecker(paths []string) (*checker, error) {
	found, err := tableExports()
	if err != nil {
		return nil, err
	}
	if len(paths) > 0 {
		others, err := exports(paths)
		if err != nil {
			return nil, err
		}
		found = maps.Clone(found)
		maps.Copy(found, others)
	}
	fset := token.NewFileSet()
	lookup := func(path string) (io.ReadCloser, error) {
		if found[path] == "" {
			return nil, errors.New("neither a package of Go nor one of this module's requirements")
		}
		return os.Open(found[path])
	}
	return &checker{fset: fset, importer: importer.ForCompiler(fset, "gc", lookup), used: map[string]bool{}}, nil
}

// page checks the blocks of one page, and returns the errors. A block sees the names of the
// context, and those that earlier blocks of the page declare. Names of its own replace both.
func (c *checker) page(context []snippet, blocks []archtest.Block) []string {
	var found []string
	for _, b := range blocks {
		own, err := c.split(b.Path, b.Line+1, b.Code, false)
		declares := err == nil
		if !declares {
			own, err = c.statements(b)
		}
		if err != nil {
			found = append(found, fmt.Sprintf("%s:%d: %v", b.Path, b.Line, err))
			continue
		}
		found = append(found, c.check(replaced(context, own))...)
		if declares {
			context = replaced(context, own)
		}
	}
	return found
}

// check type-checks a package of snippets. It accepts imports and variables that are not used.
func (c *checker) check(code []snippet) []string {
	var found []string
	note := func(err error) {
		var known types.Error
		if errors.As(err, &known) && known.Soft && strings.Contains(known.Msg, "and not used") {
			return // of a variable or an import
		}
		found = append(found, err.Error())
	}
	var files []*ast.File
	for _, s := range code {
		file, err := parser.ParseFile(c.fset, "", s.file(), parser.SkipObjectResolution)
		if err != nil {
			note(err)
			continue
		}
		files = append(files, file)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: c.importer, Error: note}
	pkg, _ := config.Check("docs", c.fset, files, info) // the errors are in found
	for _, object := range info.Uses {
		if object.Parent() != pkg.Scope() {
			continue
		}
		at := c.fset.Position(object.Pos())
		c.used[at.Filename+" "+object.Name()] = true
		if types.Identical(object.Type().Underlying(), types.NewInterfaceType(nil, nil)) {
			found = append(found, fmt.Sprintf("%s: the type of %s hides errors", at, object.Name()))
		}
	}
	return found
}

// statements makes a function of a block. Its results are those that its returns need.
func (c *checker) statements(b archtest.Block) ([]snippet, error) {
	results := map[int]string{0: "", 1: "error", 2: "(*struct{}, error)"}
	body := fmt.Sprintf("{\n//line %s:%d\n%s", b.Path, b.Line+1, b.Code)
	file, err := parser.ParseFile(c.fset, "", "package docs\nfunc _() "+body+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	count := 0
	ast.Inspect(file.Decls[len(file.Decls)-1], func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok {
			count = max(count, len(r.Results))
		}
		_, literal := n.(*ast.FuncLit)
		return !literal
	})
	result, ok := results[count]
	if !ok {
		return nil, fmt.Errorf("a return has %d results; the block needs its function", count)
	}
	end := "\n}"
	if count > 0 {
		end = "\npanic(0)\n}" // the block may stop before the end of its function
	}
	return []snippet{{text: "func _() " + result + body + end, imports: known(file, nil)}}, nil
}

// snippet is a declaration with the imports that it needs.
type snippet struct {
	names   []string // that it declares; a method counts for its type
	method  bool
	imports []string
	text    string
}

func (s snippet) file() string {
	return "package docs\n" + strings.Join(s.imports, "\n") + "\n" + s.text + "\n"
}

// replaced returns the context without the names of own, and own.
func replaced(context, own []snippet) []snippet {
	var names []string
	for _, s := range own {
		if !s.method {
			names = append(names, s.names...)
		}
	}
	kept := slices.DeleteFunc(slices.Clone(context), func(s snippet) bool {
		return slices.ContainsFunc(s.names, func(name string) bool { return name != "_" && slices.Contains(names, name) })
	})
	return append(kept, own...)
}

// split cuts declarations into snippets. A context may have import lines and the imports of
// the table; a block has either of them.
func (c *checker) split(path string, line int, code string, context bool) ([]snippet, error) {
	name := path
	if !context {
		name = "" // the directive would be relative to its folder
		code = "package docs\n//line " + fmt.Sprintf("%s:%d", path, line) + "\n" + code
	}
	file, err := parser.ParseFile(c.fset, name, code, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	start := c.fset.File(file.FileStart).Base()
	var own, declared []string
	for _, spec := range file.Imports {
		own = append(own, "import "+code[int(spec.Pos())-start:int(spec.End())-start])
	}
	var found []snippet
	add := func(n ast.Node, keyword string, s snippet) {
		from := c.fset.Position(n.Pos())
		s.text = fmt.Sprintf("//line %s:%d\n%s%s", from.Filename, from.Line, keyword, code[int(n.Pos())-start:int(n.End())-start])
		found = append(found, s)
		if !s.method {
			declared = append(declared, s.names...)
		}
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				add(decl, "", snippet{names: []string{decl.Name.Name}})
			} else {
				add(decl, "", snippet{names: []string{receiver(decl.Recv.List[0].Type)}, method: true})
			}
		case *ast.GenDecl:
			if decl.Tok == token.CONST { // one whole, because of iota
				s := snippet{}
				for _, spec := range decl.Specs {
					s.names = append(s.names, names(spec.(*ast.ValueSpec))...)
				}
				add(decl, "", s)
				continue
			}
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					add(spec, "type ", snippet{names: []string{spec.Name.Name}})
				case *ast.ValueSpec:
					add(spec, "var ", snippet{names: names(spec)})
				}
			}
		}
	}
	if len(own) == 0 || context {
		own = append(own, known(file, declared)...)
	}
	if len(found) == 0 { // import lines only
		found = []snippet{{}}
	}
	for i := range found {
		found[i].imports = own
	}
	return found, nil
}

func names(spec *ast.ValueSpec) []string {
	var found []string
	for _, name := range spec.Names {
		found = append(found, name.Name)
	}
	return found
}

func receiver(e ast.Expr) string {
	for {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// known returns the imports of the table that a file may use.
func known(file *ast.File, declared []string) []string {
	var found []string
	own := map[string]bool{}
	for _, spec := range file.Imports {
		own[strings.Trim(spec.Path.Value, `"`)] = true
		if spec.Name != nil {
			declared = append(declared, spec.Name.Name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && imports[x.Name] != "" && !own[imports[x.Name]] && !slices.Contains(declared, x.Name) {
				found = append(found, fmt.Sprintf("import %s %q", x.Name, imports[x.Name]))
			}
		}
		return true
	})
	slices.Sort(found)
	return slices.Compact(found)
}
