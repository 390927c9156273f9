package archtest

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// DocLinks names the doc links of the published packages that lead to no exported name,
// such as [Name], [Type.Method] and [pkg.Name]. The go command shows such a link as text
// in brackets and reports nothing. The parameter std is the folder src of a Go
// installation. The other trees are modules that the packages may also link to. Of all
// other modules only the import is checked, because a link to a package that is not
// imported does not work.
func (t *Tree) DocLinks(std fs.FS, others ...*Tree) []string {
	l := &links{trees: append([]*Tree{t}, others...), std: std, names: map[string]map[string]bool{}}
	var found []string
	for _, p := range t.packages {
		if !p.published() {
			continue
		}
		imports := p.imports()
		for _, f := range p.files {
			if f.test {
				continue
			}
			for _, group := range docComments(f.syntax) {
				for _, broken := range l.broken(t.importPath(p), imports, group.Text()) {
					found = append(found, t.at(group.Pos(), "the doc link [%s] leads nowhere; correct the name, or import the package", broken))
				}
			}
		}
	}
	return found
}

func (t *Tree) importPath(p *pkg) string { return path.Join(t.module, p.dir) }

// imports returns the paths of the imported packages by the names that links use.
func (p *pkg) imports() map[string]string {
	paths := map[string]string{p.name: ""}
	for _, f := range p.files {
		if f.test {
			continue
		}
		for _, spec := range f.syntax.Imports {
			importPath := strings.Trim(spec.Path.Value, `"`)
			name := path.Base(importPath)
			if isMajorVersion(name) {
				name = path.Base(path.Dir(importPath))
			}
			if spec.Name != nil {
				name = spec.Name.Name
			}
			paths[name] = importPath
		}
	}
	return paths
}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

func isMajorVersion(name string) bool { return majorVersion.MatchString(name) }

// docComments returns the comments of a file that its documentation shows.
func docComments(f *ast.File) []*ast.CommentGroup {
	groups := []*ast.CommentGroup{f.Doc}
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Name.IsExported() && (decl.Recv == nil || ast.IsExported(baseName(decl.Recv.List[0].Type))) {
				groups = append(groups, decl.Doc)
			}
		case *ast.GenDecl:
			groups = append(groups, decl.Doc)
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					groups = append(groups, spec.Doc, spec.Comment)
				case *ast.TypeSpec:
					groups = append(groups, spec.Doc, spec.Comment)
					if spec.Name.IsExported() {
						ast.Inspect(spec.Type, func(n ast.Node) bool {
							if field, ok := n.(*ast.Field); ok {
								groups = append(groups, field.Doc, field.Comment)
							}
							return true
						})
					}
				}
			}
		}
	}
	return slices.DeleteFunc(groups, func(g *ast.CommentGroup) bool { return g == nil })
}

// links finds the names of packages, each of them once.
type links struct {
	trees []*Tree
	std   fs.FS
	names map[string]map[string]bool // by import path
}

// ownSite is the address of this repository's documentation, for links to packages
// that are not imported.
var ownSite = regexp.MustCompile(`^https://pkg\.go\.dev/([^#]+)(?:#(.+))?$`)

// broken returns the texts of the links in a comment that lead nowhere.
func (l *links) broken(self string, imports map[string]string, text string) []string {
	p := comment.Parser{
		LookupSym: func(string, string) bool { return true },
		LookupPackage: func(name string) (string, bool) {
			if importPath, ok := imports[name]; ok {
				return importPath, true
			}
			if importPath, ok := comment.DefaultLookupPackage(name); ok {
				return importPath, true
			}
			return "?" + name, true
		},
	}
	doc := p.Parse(text)
	var found []string
	for _, def := range doc.Links {
		if m := ownSite.FindStringSubmatch(def.URL); m != nil && !l.resolves(m[1], m[2]) {
			found = append(found, def.Text)
		}
	}
	for _, link := range docLinks(doc.Content) {
		target := link.ImportPath
		if target == "" {
			target = self
		}
		if name := strings.TrimPrefix(link.Recv+"."+link.Name, "."); !l.resolves(target, name) {
			found = append(found, plain(link.Text))
		}
	}
	return found
}

// resolves reports whether a package has a name. It also reports true for a package of
// a module that the check does not know.
func (l *links) resolves(importPath, name string) bool {
	if strings.HasPrefix(importPath, "?") {
		return false
	}
	names, ok := l.names[importPath]
	if !ok {
		names = l.load(importPath)
		l.names[importPath] = names
	}
	return names == nil || name == "" && len(names) > 0 || names[name]
}

// load returns the exported names of a package. It returns nil for a package that the
// check does not know.
func (l *links) load(importPath string) map[string]bool {
	for _, t := range l.trees {
		if importPath != t.module && !strings.HasPrefix(importPath, t.module+"/") {
			continue
		}
		names := map[string]bool{}
		for _, p := range t.packages {
			if t.importPath(p) != importPath {
				continue
			}
			for _, f := range p.files {
				if !f.test {
					exported(f.syntax, names)
				}
			}
		}
		return names
	}
	if first, _, _ := strings.Cut(importPath, "/"); strings.Contains(first, ".") {
		return nil
	}
	names := map[string]bool{}
	files, err := fs.Glob(l.std, importPath+"/*.go")
	if err != nil {
		return names
	}
	for _, name := range files {
		src, err := fs.ReadFile(l.std, name)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution); err == nil {
			exported(f, names)
		}
	}
	return names
}

// exported adds the names that a file exports: declarations, methods and fields.
func exported(f *ast.File, names map[string]bool) {
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			name := decl.Name.Name
			if decl.Recv != nil {
				name = baseName(decl.Recv.List[0].Type) + "." + name
			}
			names[name] = true
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						names[name.Name] = true
					}
				case *ast.TypeSpec:
					names[spec.Name.Name] = true
					for _, member := range memberNames(spec) {
						names[spec.Name.Name+"."+member] = true
					}
				}
			}
		}
	}
}

// memberNames returns the fields of a struct, or the methods of an interface.
func memberNames(spec *ast.TypeSpec) []string {
	var list *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		list = typ.Fields
	case *ast.InterfaceType:
		list = typ.Methods
	default:
		return nil
	}
	var names []string
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// docLinks returns the doc links in blocks of a comment.
func docLinks(blocks []comment.Block) []*comment.DocLink {
	var found []*comment.DocLink
	add := func(text []comment.Text) {
		for _, part := range text {
			if link, ok := part.(*comment.DocLink); ok {
				found = append(found, link)
			}
		}
	}
	for _, block := range blocks {
		switch block := block.(type) {
		case *comment.Paragraph:
			add(block.Text)
		case *comment.List:
			for _, item := range block.Items {
				found = append(found, docLinks(item.Content)...)
			}
		}
	}
	return found
}

func plain(text []comment.Text) string {
	var b strings.Builder
	for _, part := range text {
		if p, ok := part.(comment.Plain); ok {
			b.WriteString(string(p))
		}
	}
	return b.String()
}
