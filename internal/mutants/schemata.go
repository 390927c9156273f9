package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variable is the environment variable that chooses a mutant of a binary, and
// chosen is its number in each package.
const (
	variable   = "HUMASESS_MUTANT"
	chosen     = "mutantChosen__"
	chosenFile = "zz_mutant_chosen.go"
)

// schemata collects mutants that share one build. A function begins with a
// switch over all its mutants:
//
//	switch mutantChosen__ {
//	case 3:
//		return func(s *state, n int) error { … }(s, n)
//	}
//
// Each case is a function literal of the same signature, so that declarations
// of its body mean the same there. It takes all parameters, so it captures
// nothing and is not allocated.
type schemata struct {
	source *source
	bodies map[*function][]body
}

// body is that of a function in a mutant.
type body struct {
	number int
	text   string   // with its braces
	uses   []string // names from outside the function
}

// errOwnBuild is the answer for a mutant that cannot share a build.
var errOwnBuild = errors.New("needs a build of its own")

// add takes the mutant in, or returns errOwnBuild.
func (s *schemata) add(number int, m mutant) error {
	patches, err := s.source.resolve(m)
	if err != nil {
		return err
	}
	byFunction := map[*function][]patch{}
	for _, p := range patches {
		if p.function == nil {
			return errOwnBuild
		}
		byFunction[p.function] = append(byFunction[p.function], p)
	}
	bodies := map[*function]body{}
	for fn, patches := range byFunction {
		b, err := mutatedBody(fn, patches)
		if err != nil {
			return err
		}
		b.number = number
		bodies[fn] = b
	}
	if s.bodies == nil {
		s.bodies = map[*function][]body{}
	}
	for fn, b := range bodies {
		s.bodies[fn] = append(s.bodies[fn], b)
	}
	return nil
}

// mutatedBody returns the body of the function after the patches.
func mutatedBody(fn *function, patches []patch) (body, error) {
	slices.SortFunc(patches, func(a, b patch) int { return b.start - a.start })
	text := fn.text(fn.decl.Pos(), fn.decl.End())
	for _, p := range patches {
		text = text[:p.start-fn.start] + p.text + text[p.end-fn.start:]
	}
	const head = "package p\n"
	changed, err := parseFile("mutant.go", head+text)
	if err != nil {
		return body{}, err
	}
	if len(changed.functions) != 1 || changed.functions[0].end != len(head)+len(text) {
		return body{}, errOwnBuild
	}
	own := changed.functions[0]
	if own.text(own.decl.Pos(), own.decl.Body.Pos()) != fn.text(fn.decl.Pos(), fn.decl.Body.Pos()) || recovers(own.decl.Body) {
		return body{}, errOwnBuild
	}
	uses, err := unresolved(head + text)
	return body{text: own.text(own.decl.Body.Pos(), own.decl.Body.End()), uses: uses}, err
}

// unresolved returns the names that the file does not declare.
func unresolved(text string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "mutant.go", text, 0)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range parsed.Unresolved {
		names = append(names, name.Name)
	}
	return names, nil
}

// recovers finds a call of recover outside function literals. It works only in
// the function that defer calls, and not in a literal in it.
func recovers(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "recover" {
				found = true
			}
		}
		return true
	})
	return found
}

// text returns the source between two positions of the function's file.
func (f *function) text(from, to token.Pos) string {
	shift := f.start - int(f.decl.Pos())
	return f.file.text[int(from)+shift : int(to)+shift]
}

// files returns the rewritten files by their names.
func (s *schemata) files() (map[string]string, error) {
	byFile := map[*goFile][]*function{}
	for fn := range s.bodies {
		byFile[fn.file] = append(byFile[fn.file], fn)
	}
	texts := map[string]string{}
	for f, functions := range byFile {
		slices.SortFunc(functions, func(a, b *function) int { return b.start - a.start })
		text := f.text
		var uses []string
		for _, fn := range functions {
			at := fn.start + int(fn.decl.Body.Lbrace-fn.decl.Pos()) + 1
			text = text[:at] + fn.cases(s.bodies[fn]) + text[at:]
			for _, b := range s.bodies[fn] {
				uses = append(uses, b.uses...)
			}
		}
		imports, err := s.source.missingImports(f, uses)
		if err != nil {
			return nil, err
		}
		texts[f.path] = text[:f.head] + imports + text[f.head:]
		texts[path.Join(path.Dir(f.path), chosenFile)] = fmt.Sprintf(
			"package %s\n\nimport (\n\t\"os\"\n\t\"strconv\"\n)\n\nvar %s, _ = strconv.Atoi(os.Getenv(%q))\n", f.pkg, chosen, variable)
	}
	return texts, nil
}

// cases is the switch at the beginning of the function. Errors of the compiler
// name the mutant, as if its body was a file, see mutantFile.
func (f *function) cases(bodies []body) string {
	signature, arguments := f.literal()
	var b strings.Builder
	fmt.Fprintf(&b, " switch %s {\n", chosen)
	for _, body := range bodies {
		fmt.Fprintf(&b, "case %d:\n//line %s:1\n", body.number, mutantFile(body.number))
		if f.decl.Type.Results != nil {
			b.WriteString("return ")
		}
		fmt.Fprintf(&b, "func%s %s(%s)\n", signature, body.text, arguments)
		if f.decl.Type.Results == nil {
			b.WriteString("return\n")
		}
	}
	before := f.file.text[:f.start+int(f.decl.Body.Lbrace-f.decl.Pos())+1]
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndexByte(before, '\n')
	fmt.Fprintf(&b, "}\n/*line %s:%d:%d*/", path.Base(f.file.path), line, column)
	return b.String()
}

// literal returns the signature of a literal with the function's parameters,
// the receiver first, and the arguments of its call.
func (f *function) literal() (signature, arguments string) {
	var parameters, passed []string
	for _, list := range []*ast.FieldList{f.decl.Recv, f.decl.Type.Params} {
		if list == nil {
			continue
		}
		for _, field := range list.List {
			of := f.text(field.Type.Pos(), field.Type.End())
			for _, name := range field.Names {
				if name.Name == "_" {
					continue
				}
				parameters = append(parameters, name.Name+" "+of)
				if _, variadic := field.Type.(*ast.Ellipsis); variadic {
					passed = append(passed, name.Name+"...")
				} else {
					passed = append(passed, name.Name)
				}
			}
		}
	}
	signature = "(" + strings.Join(parameters, ", ") + ")"
	if results := f.decl.Type.Results; results != nil {
		signature += " " + f.text(results.Pos(), results.End())
	}
	return signature, strings.Join(passed, ", ")
}

// missingImports declares those that other files of the package have and the
// names need. A function that moved to another file may have left them behind.
func (s *source) missingImports(f *goFile, names []string) (string, error) {
	files, err := s.files(path.Dir(f.path))
	if err != nil {
		return "", err
	}
	missing := map[string]string{}
	for _, other := range files {
		for name, at := range other.imports {
			if _, has := f.imports[name]; !has && slices.Contains(names, name) {
				missing[name] = at
			}
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		fmt.Fprintf(&b, "; import %s %q", name, missing[name])
	}
	return b.String(), nil
}

func mutantFile(number int) string { return fmt.Sprintf("mutant%d.go", number) }

var mutantLine = regexp.MustCompile(`\bmutant(\d+)\.go:\d+`)

// blamed returns the mutants that errors of the compiler name.
func blamed(output string) []int {
	var numbers []int
	for _, match := range mutantLine.FindAllStringSubmatch(output, -1) {
		if n, err := strconv.Atoi(match[1]); err == nil && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
