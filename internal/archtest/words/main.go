// Words prints the pronouns that the language rule counts, with file and line,
// and their rate per thousand words for each kind of text.
//
//	go run ./internal/archtest/words [area]
//
// An area is a folder at the root, or "root" for the files that are there.
// Without an area it prints the rates only.
package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/humasess/sessions/internal/archtest"
)

func main() {
	area := ""
	if len(os.Args) > 1 {
		area = os.Args[1]
	}
	all, err := archtest.Language(os.DirFS("."))
	if err == nil && area != "" && !slices.ContainsFunc(all, func(p archtest.Prose) bool { return p.Area == area }) {
		err = fmt.Errorf("no area %q", area)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(1)
	}
	show(all, area)
}

func show(all []archtest.Prose, area string) {
	sums := map[string]archtest.Prose{}
	for _, p := range all {
		sum := sums[p.Kind]
		sums[p.Kind] = archtest.Prose{Area: "all", Kind: p.Kind, Words: sum.Words + p.Words, Hits: slices.Concat(sum.Hits, p.Hits)}
		if p.Area != area {
			continue
		}
		for _, hit := range p.Hits {
			fmt.Printf("%s [%s]\n", hit, p.Kind)
		}
	}
	if area == "" {
		for _, kind := range []string{"comments", "markdown", "strings", "tests"} {
			all = append(all, sums[kind])
		}
	}
	fmt.Printf("%-10s %-10s %9s %6s %9s\n", "area", "kind", "words", "hits", "per 1000")
	for _, p := range all {
		if area == "" || p.Area == area {
			fmt.Printf("%-10s %-10s %9d %6d %9.1f\n", p.Area, p.Kind, p.Words, len(p.Hits), p.Rate())
		}
	}
}
