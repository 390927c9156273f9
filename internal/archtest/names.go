package archtest

import (
	"fmt"
	"go/ast"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// nameSpan matches the code spans that [Tree.Names] checks.
var nameSpan = regexp.MustCompile("`(?:([\\w./-]+\\.go)(?:: ([\\w., ]+))?|(\\w+\\.\\w+))`")

// dataFile matches the code spans that look like the name of a declaration.
var dataFile = regexp.MustCompile(`\.(md|mod|sum|txt)$`)

// Names checks the names of code in a Markdown file. They are code spans like these:
//
//	`dir/file.go`
//	`dir/file.go: Type.Method, function`
//	`Type.Method` or `package.Name`
//
// The file must exist, and must have the declarations that follow it. A name without a
// file must be declared in the module.
func (t *Tree) Names(fsys fs.FS, doc string) ([]string, error) {
	text, err := fs.ReadFile(fsys, doc)
	if err != nil {
		return nil, err
	}
	files, all := map[string][]string{}, map[string]bool{}
	for _, p := range t.packages {
		for _, f := range p.files {
			files[f.path] = names(f)
			for _, name := range files[f.path] {
				all[name], all[p.name+"."+name] = true, true
			}
		}
	}
	var found []string
	inBlock := false
	for i, line := range strings.Split(string(text), "\n") {
		if fenceLine.MatchString(line) {
			inBlock = !inBlock
		}
		if inBlock {
			continue
		}
		note := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("%s:%d: %s", doc, i+1, fmt.Sprintf(format, args...)))
		}
		for _, span := range nameSpan.FindAllStringSubmatch(line, -1) {
			if name := span[3]; name != "" && !all[name] && !dataFile.MatchString(name) {
				note("%s is not declared", name)
			}
			declared, exists := files[span[1]]
			if span[1] != "" && !exists {
				note("%s does not exist", span[1])
				continue
			}
			for _, name := range strings.FieldsFunc(span[2], func(r rune) bool { return r == ',' || r == ' ' }) {
				if !slices.Contains(declared, name) {
					note("%s does not declare %s", span[1], name)
				}
			}
		}
	}
	return found, nil
}

// names returns the names that a file declares. Methods and fields have the name of
// their type before them.
func names(f *file) []string {
	var all []string
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			name := n.Name.Name
			if n.Recv != nil {
				name = baseName(n.Recv.List[0].Type) + "." + name
			}
			all = append(all, name)
			return false
		case *ast.ValueSpec:
			for _, name := range n.Names {
				all = append(all, name.Name)
			}
			return false
		case *ast.TypeSpec:
			all = append(all, n.Name.Name)
			ast.Inspect(n.Type, func(member ast.Node) bool {
				if field, ok := member.(*ast.Field); ok {
					for _, name := range field.Names {
						all = append(all, n.Name.Name+"."+name.Name)
					}
				}
				return true
			})
			return false
		}
		return true
	})
	return all
}
