package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Markdown looks at every Markdown file. A relative link must lead to a file
// or folder, and #name after a Markdown file to one of its headings. A block of Go code that is a program (it begins with "package")
// must follow the line
//
//	<!-- file: path/from/the/root.go -->
//
// and equal that file, so that it is compiled and run. The line works for other
// blocks too. With #name after the path it means the part of the file between the two
// comments "docs: begin name" and "docs: end", without the indentation that its lines
// share. Any other block of Go code must parse, as a file, as declarations or as
// statements. Every block names its language.
func Markdown(fsys fs.FS) ([]string, error) {
	docs, err := documents(fsys)
	var found []string
	for _, doc := range docs {
		found = append(found, doc.found...)
	}
	return found, err
}

// Block is a fenced block of code in a Markdown file.
type Block struct {
	Path     string // of the Markdown file
	Line     int    // of the fence
	Language string
	Marker   string // the file that the block equals, or ""
	Code     string // without the indentation of the fence
}

// Blocks returns the blocks of code of every Markdown file.
func Blocks(fsys fs.FS) ([]Block, error) {
	docs, err := documents(fsys)
	var blocks []Block
	for _, doc := range docs {
		for _, b := range doc.blocks {
			blocks = append(blocks, Block{Path: doc.name, Line: b.line, Language: b.language, Marker: b.file, Code: b.code.String()})
		}
	}
	return blocks, err
}

func documents(fsys fs.FS) ([]*document, error) {
	var docs []*document
	err := walk(fsys, ignored, func(name string) error {
		if path.Ext(name) != extMarkdown {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		doc := &document{fsys: fsys, name: name}
		doc.read(string(text))
		docs = append(docs, doc)
		return nil
	})
	return docs, err
}

type document struct {
	fsys   fs.FS
	name   string
	found  []string
	blocks []*block
}

var (
	fileLine   = regexp.MustCompile(`^ *<!-- file: (\S+) -->\s*$`)
	markLine   = regexp.MustCompile(`^\s*(?://|#) docs: (begin \S+|end)\s*$`)
	codeSpan   = regexp.MustCompile("`[^`]*`")
	linkTarget = regexp.MustCompile(`\]\(<?([^)>\s]*)|^ {0,3}\[[^\]]+\]: *<?([^>\s]+)`)
	absolute   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*:|^//`)
)

// block is a fenced block of code.
type block struct {
	line     int
	indent   string
	fence    string // the shortest fence that closes the block
	language string
	file     string // the file that the block must equal
	code     strings.Builder
}

func (d *document) read(text string) {
	var open *block
	file := "" // named by the last line that was not blank
	number := 0
	for line := range strings.Lines(text) {
		number++
		switch fence := fenceLine.FindStringSubmatch(line); {
		case open != nil && fence != nil && fence[3] == "" && strings.HasPrefix(fence[2], open.fence):
			d.block(open)
			open, file = nil, ""
		case open != nil:
			open.code.WriteString(strings.TrimPrefix(line, open.indent))
		case fence != nil:
			open = &block{line: number, indent: fence[1], fence: fence[2], language: fence[3], file: file}
		case strings.TrimSpace(line) == "":
		default:
			file = ""
			if named := fileLine.FindStringSubmatch(line); named != nil {
				file = named[1]
			}
			d.links(line, number)
		}
	}
	if open != nil {
		d.notef(open.line, "block of code has no end")
	}
}

func (d *document) notef(line int, format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf("%s:%d: %s", d.name, line, fmt.Sprintf(format, args...)))
}

func (d *document) links(line string, number int) {
	for _, match := range linkTarget.FindAllStringSubmatch(codeSpan.ReplaceAllString(line, ""), -1) {
		whole := match[1] + match[2]
		target, anchor, _ := strings.Cut(whole, "#")
		if whole == "" || absolute.MatchString(whole) {
			continue
		}
		file := path.Join(path.Dir(d.name), target)
		if rooted, ok := strings.CutPrefix(target, "/"); ok {
			file = path.Clean(rooted)
		}
		if target == "" {
			file = d.name
		}
		if problem := broken(d.fsys, file, anchor); problem != "" {
			d.notef(number, "link to %q, %s", whole, problem)
		}
	}
}

func (d *document) block(b *block) {
	d.blocks = append(d.blocks, b)
	code := strings.TrimRight(b.code.String(), "\n")
	switch {
	case b.file != "":
		want, err := source(d.fsys, b.file)
		switch {
		case err != nil:
			d.notef(b.line, "block must equal file %q, which does not exist", b.file)
		case code != strings.Trim(want, "\n"):
			d.notef(b.line, "block differs from %s; copy the file", b.file)
		}
	case b.language == "":
		d.notef(b.line, "block names no language; write text if it has none")
	case b.language != "go":
	case isProgram(code):
		d.notef(b.line, "block is a program; keep it as a file and write <!-- file: … --> above it")
	default:
		if err := parseFragment(code); err != nil {
			d.notef(b.line, "block does not parse: %v", err)
		}
	}
}

// source returns a file, or a part of one if there is #name after its path.
func source(fsys fs.FS, name string) (string, error) {
	name, part, ok := strings.Cut(name, "#")
	text, err := fs.ReadFile(fsys, name)
	if err != nil || !ok {
		return string(text), err
	}
	var lines []string
	inside, found := false, false
	for line := range strings.Lines(string(text)) {
		switch mark := markLine.FindStringSubmatch(line); {
		case mark == nil && inside:
			lines = append(lines, line)
		case mark != nil:
			inside = mark[1] == "begin "+part
			found = found || inside
		}
	}
	if !found {
		return "", fs.ErrNotExist
	}
	return dedent(lines), nil
}

// dedent joins lines without the indentation that all lines share. Blank lines do not
// count.
func dedent(lines []string) string {
	indent, first := "", true
	for _, line := range lines {
		text := strings.TrimLeft(line, " \t")
		switch own := strings.TrimSuffix(line, text); {
		case strings.TrimSpace(text) == "":
		case first:
			indent, first = own, false
		default:
			for !strings.HasPrefix(own, indent) {
				indent = indent[:len(indent)-1]
			}
		}
	}
	var b strings.Builder
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			line = "\n"
		}
		b.WriteString(strings.TrimPrefix(line, indent))
	}
	return b.String()
}

// isProgram reports whether the first line of code is a package clause.
func isProgram(code string) bool {
	for line := range strings.Lines(code) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "//") {
			return strings.HasPrefix(line, "package ")
		}
	}
	return false
}

// parseFragment tries code as declarations, then as statements. The error is
// that of the second try, which takes more kinds of code, with the line
// counted within the block.
func parseFragment(code string) error {
	if _, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+code, parser.SkipObjectResolution); err == nil {
		return nil
	}
	_, err := parser.ParseFile(token.NewFileSet(), "", "package p; func _() {"+code+"\n}", parser.SkipObjectResolution)
	return err
}
