package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Prose is the text of one kind in one area of the repository.
type Prose struct {
	Area  string // a folder at the root, or "root" for the files that are there
	Kind  string // "comments", "markdown", "strings" or "tests", the comments of tests
	Words int
	Hits  []string // the vague pronouns: file, line, word and the line's text
}

// Rate returns the number of hits for every thousand words.
func (p Prose) Rate() float64 { return 1000 * float64(len(p.Hits)) / float64(max(1, p.Words)) }

var (
	vague     = regexp.MustCompile(`(?i)\b(what|whatever|who|whom|whoever|nobody|no\s+one|somebody|someone|anybody|anyone|everybody|everyone)\b`)
	word      = regexp.MustCompile(`[A-Za-z]+(?:['’][a-z]+)?`)
	url       = regexp.MustCompile("[a-z]+://[^\\s)>\"`]+")
	docLink   = regexp.MustCompile(`\[[^\]\s]+\]`)
	target    = regexp.MustCompile(`\]\([^)]*\)|(?m)^ {0,3}\[[^\]\n]+\]:.*$`)
	aside     = regexp.MustCompile(`(?s)<!--.*?-->`)
	slashes   = regexp.MustCompile(`(?m)^\s*//( *)`)
	directive = regexp.MustCompile(`(?m)^\s*//(?:go:|\t).*$`)
)

// Language reads the comments and strings of all Go files and the text of all
// Markdown files. It finds the pronouns that stand in the place of an actor or a
// thing. Code, doc links and URLs do not count. A string counts if it has two
// blanks, because then it is a sentence. Nested modules count like other folders.
func Language(fsys fs.FS) ([]Prose, error) {
	var all prose
	err := walk(fsys, ignored, func(name string) error {
		switch path.Ext(name) {
		case extGo:
			return all.code(fsys, name)
		case extMarkdown:
			return all.markdown(fsys, name)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b *Prose) int {
		return cmp.Or(strings.Compare(a.Area, b.Area), strings.Compare(a.Kind, b.Kind))
	})
	found := make([]Prose, len(all))
	for i, p := range all {
		found[i] = *p
	}
	return found, err
}

type prose []*Prose

func (all *prose) code(fsys fs.FS, name string) error {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	kind := "comments"
	if strings.HasSuffix(name, "_test.go") {
		kind = "tests"
	}
	for _, group := range syntax.Comments {
		lines := make([]string, len(group.List))
		for i, comment := range group.List {
			lines[i] = comment.Text
		}
		text := directive.ReplaceAllString(strings.Join(lines, "\n"), "")
		text = slashes.ReplaceAllString(text, "")
		text = blank(text, codeSpan, url, docLink)
		all.add(name, kind, fset.Position(group.Pos()).Line, text)
	}
	ast.Inspect(syntax, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, _ := strconv.Unquote(lit.Value) // parsed, so it is quoted
		if strings.Count(text, " ") < 2 {
			return true
		}
		if lit.Value[0] != '`' { // its line breaks are not line breaks of the file
			text = strings.ReplaceAll(text, "\n", " ")
		}
		all.add(name, "strings", fset.Position(lit.Pos()).Line, blank(text, codeSpan, url))
		return true
	})
	return nil
}

func (all *prose) markdown(fsys fs.FS, name string) error {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	var text strings.Builder // with an empty line for each line of code
	open := ""
	for line := range strings.Lines(string(src)) {
		fence := fenceLine.FindStringSubmatch(line)
		switch {
		case open != "" && fence != nil && fence[3] == "" && strings.HasPrefix(fence[2], open):
			open = ""
		case open == "" && fence != nil:
			open = fence[2]
		case open == "":
			text.WriteString(line)
			continue
		}
		text.WriteByte('\n')
	}
	all.add(name, "markdown", 1, blank(text.String(), aside, codeSpan, target, url))
	return nil
}

// blank removes all that the expressions match, except the line breaks.
func blank(text string, expressions ...*regexp.Regexp) string {
	for _, expression := range expressions {
		text = expression.ReplaceAllStringFunc(text, func(match string) string {
			return strings.Repeat("\n", strings.Count(match, "\n")) + " "
		})
	}
	return text
}

// add counts the words of a text that begins at a line of a file.
func (all *prose) add(name, kind string, line int, text string) {
	area, _, ok := strings.Cut(name, "/")
	if !ok {
		area = "root"
	}
	i := slices.IndexFunc(*all, func(p *Prose) bool { return p.Area == area && p.Kind == kind })
	if i < 0 {
		i = len(*all)
		*all = append(*all, &Prose{Area: area, Kind: kind})
	}
	p := (*all)[i]
	p.Words += len(word.FindAllString(text, -1))
	for _, at := range vague.FindAllStringIndex(text, -1) {
		if strings.HasSuffix(text[:at[0]], "-") || strings.HasPrefix(text[at[1]:], "-") {
			continue
		}
		begin := strings.LastIndexByte(text[:at[0]], '\n') + 1
		end := len(text)
		if n := strings.IndexByte(text[at[1]:], '\n'); n >= 0 {
			end = at[1] + n
		}
		p.Hits = append(p.Hits, fmt.Sprintf("%s:%d: %s: %s", name, line+strings.Count(text[:at[0]], "\n"),
			strings.Join(strings.Fields(text[at[0]:at[1]]), " "), strings.Join(strings.Fields(text[begin:end]), " ")))
	}
}
