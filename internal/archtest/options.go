package archtest

import (
	"go/ast"
	"go/doc/comment"
	"slices"
	"strings"
)

// Options checks the comments of the options of the published packages, which are the
// structs whose name ends in Options. The last sentence of each field names the default,
// or says that the field is required. If the comment of a struct says that its fields are
// in groups, its list names each group and every field once, in the order of the
// struct. A comment with the name of the group stands before its first field.
func (t *Tree) Options() []string {
	var found []string
	for _, p := range t.packages {
		if !p.published() {
			continue
		}
		for _, f := range p.files {
			if f.test {
				continue
			}
			for _, decl := range f.syntax.Decls {
				decl, ok := decl.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, spec := range decl.Specs {
					spec, ok := spec.(*ast.TypeSpec)
					if !ok || !spec.Name.IsExported() || !strings.HasSuffix(spec.Name.Name, "Options") {
						continue
					}
					if typ, ok := spec.Type.(*ast.StructType); ok {
						found = append(found, t.options(f, spec.Name.Name, decl.Doc.Text(), typ)...)
					}
				}
			}
		}
	}
	return found
}

func (t *Tree) options(f *file, name, doc string, typ *ast.StructType) []string {
	var found []string
	for _, field := range typ.Fields.List {
		text := strings.Join(strings.Fields(field.Doc.Text()), " ")
		last := text[strings.LastIndex(text, ". ")+1:]
		if field.Doc != nil && !strings.Contains(last, "default") && !strings.Contains(last, "required") {
			found = append(found, t.at(field.Pos(), "the comment of %s.%s does not end with the default", name, field.Names[0].Name))
		}
	}
	if !strings.Contains(doc, "in groups") {
		return found
	}
	want, got := groupsOf(doc), orderOf(f.syntax, typ)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return append(found, t.at(typ.Pos(), "%s: the comment leaves out %q", name, got[i]))
		case i >= len(got) || got[i] != want[i]:
			return append(found, t.at(typ.Pos(), "%s: the comment has %q at place %d, the struct has %q", name, want[i], i+1, slices.Concat(got, []string{"its end"})[min(i, len(got))]))
		}
	}
	return found
}

// groupsOf returns the entries of the list in a comment: the name of each group with a
// full stop, and then its fields.
func groupsOf(doc string) []string {
	var names []string
	parser := comment.Parser{}
	for _, block := range parser.Parse(doc).Content {
		list, ok := block.(*comment.List)
		if !ok {
			continue
		}
		for _, item := range list.Items {
			for _, part := range item.Content {
				paragraph, ok := part.(*comment.Paragraph)
				if !ok {
					continue
				}
				group, fields, _ := strings.Cut(strings.Join(strings.Fields(plain(paragraph.Text)), " "), ": ")
				names = append(names, group+".")
				names = append(names, strings.Split(fields, ", ")...)
			}
		}
	}
	return names
}

// orderOf returns the fields of a struct, and the comments between them that belong to
// no field.
func orderOf(f *ast.File, typ *ast.StructType) []string {
	var names []string
	rest := slices.Clone(f.Comments)
	for _, field := range typ.Fields.List {
		for len(rest) > 0 && rest[0].Pos() < field.Pos() {
			if rest[0].Pos() > typ.Pos() && rest[0] != field.Doc {
				names = append(names, strings.TrimSpace(rest[0].Text()))
			}
			rest = rest[1:]
		}
		for len(rest) > 0 && rest[0].Pos() < field.End() || len(rest) > 0 && rest[0] == field.Comment {
			rest = rest[1:]
		}
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}
