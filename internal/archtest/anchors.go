package archtest

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode"
)

var (
	fenceLine   = regexp.MustCompile("^( *)(```+|~~~+) *([A-Za-z0-9_+-]*)")
	headingLine = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$`)
	htmlAnchor  = regexp.MustCompile(`<a\s[^>]*(?:id|name)="([^"]+)"`)
	linkInText  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	docsPage    = regexp.MustCompile(`\bdocs/[A-Za-z0-9_-]+\.md(?:#[A-Za-z0-9_-]+)?`)
)

// anchors returns the names that a link to a Markdown file may have after its #. They are
// those that GitHub gives to headings, and those of <a id="…">.
func anchors(text string) map[string]bool {
	found, count := map[string]bool{}, map[string]int{}
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if mark := fenceLine.FindStringSubmatch(line); mark != nil {
			switch {
			case fence == "":
				fence = mark[2]
			case mark[3] == "" && strings.HasPrefix(mark[2], fence):
				fence = ""
			}
			continue
		}
		if fence != "" {
			continue
		}
		for _, anchor := range htmlAnchor.FindAllStringSubmatch(line, -1) {
			found[anchor[1]] = true
		}
		heading := headingLine.FindStringSubmatch(line)
		if heading == nil {
			continue
		}
		name := slug(heading[1])
		unique := name
		for found[unique] {
			count[name]++
			unique = fmt.Sprintf("%s-%d", name, count[name])
		}
		found[unique] = true
	}
	return found
}

// slug returns the anchor of a heading: lower case, letters, digits, hyphens and
// underscores only, and a hyphen for each blank.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return -1
	}, linkInText.ReplaceAllString(heading, "$1"))
}

// GoLinks looks at the pages of docs that Go files name: in the comments of every file, and in
// the strings of files that are not tests. The page must exist, and have the anchor.
func GoLinks(fsys fs.FS) ([]string, error) {
	var found []string
	err := walk(fsys, ignored, func(name string) error {
		if path.Ext(name) != extGo {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		file := token.NewFileSet().AddFile(name, -1, len(text))
		var s scanner.Scanner
		s.Init(file, text, nil, scanner.ScanComments)
		for {
			pos, kind, literal := s.Scan()
			if kind == token.EOF {
				return nil
			}
			if kind != token.COMMENT && (kind != token.STRING || strings.HasSuffix(name, "_test.go")) {
				continue
			}
			for _, target := range docsPage.FindAllString(literal, -1) {
				page, anchor, _ := strings.Cut(target, "#")
				if problem := broken(fsys, page, anchor); problem != "" {
					found = append(found, fmt.Sprintf("%s:%d: %q names %s", name, file.Line(pos), target, problem))
				}
			}
		}
	})
	return found, err
}

// broken returns the reason why a link leads nowhere, and "" if it does not.
func broken(fsys fs.FS, file, anchor string) string {
	text, err := fs.ReadFile(fsys, file)
	switch {
	case err == nil && anchor != "" && path.Ext(file) == extMarkdown && !anchors(string(text))[anchor]:
		return fmt.Sprintf("a heading that %s does not have", file)
	case err == nil:
		return ""
	}
	if _, err := fs.Stat(fsys, file); err != nil {
		return "a file that does not exist"
	}
	return ""
}
