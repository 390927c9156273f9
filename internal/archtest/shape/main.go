// Shape measures how the files of each package need each other. A file needs
// another one if it uses a name, a field or a method that the other declares.
//
//	go run ./internal/archtest/shape [-check] [-update] [-v] [pattern]
//
// The default pattern is ./..., which leaves out nested modules. Tests do not
// count. With -check the program fails if a package exceeds its limits in
// internal/archtest/testdata/shape.txt, and -update writes that file. With -v it
// also prints the circle, the pairs, the edges with few names, and the types with
// most methods.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

var limitsFile = filepath.Join("internal", "archtest", "testdata", "shape.txt")

func main() {
	checked := flag.Bool("check", false, "fail if a package exceeds its limits")
	update := flag.Bool("update", false, "write the limits anew; needs the default pattern")
	verbose := flag.Bool("v", false, "also print circles, pairs, thin edges and types")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *checked, *update, *verbose, flag.Arg(0))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "shape:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, checked, update, verbose bool, pattern string) error {
	if update && pattern != "" {
		return errors.New("-update writes the limits of all packages, so it takes no pattern")
	}
	packages, err := load(ctx, cmp.Or(pattern, "./..."))
	if err != nil {
		return err
	}
	shapes := make([]shape, 0, len(packages))
	for _, p := range packages {
		shapes = append(shapes, measure(p))
	}
	slices.SortFunc(shapes, func(a, b shape) int { return strings.Compare(a.dir, b.dir) })
	show(shapes)
	if verbose {
		for _, s := range shapes {
			s.show()
		}
	}
	if !checked && !update {
		return nil
	}
	text, err := os.ReadFile(limitsFile)
	if err != nil {
		return err
	}
	l, err := readLimits(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%s: %w", limitsFile, err)
	}
	if update {
		l = l.updated(shapes)
		if err := os.WriteFile(limitsFile, []byte(l.String()), 0o600); err != nil {
			return err
		}
	}
	if broken := l.broken(shapes); checked && len(broken) > 0 {
		return errors.New(strings.Join(broken, "\nshape: "))
	}
	return nil
}

func show(shapes []shape) {
	fmt.Printf("%-32s %5s %6s %6s %8s %5s %5s %6s %5s %5s  %s\n",
		"package", "files", "lines", "code", "comments", "edges", "thin", "circle", "pairs", "names", "type with most methods")
	for _, s := range shapes {
		line := fmt.Sprintf("%-32s %5d %6d %6d %6.1f %% %5d %5d %6d %5d %5d  ", s.dir, s.files, s.lines, s.code,
			100*float64(s.comments)/float64(max(1, s.lines)), len(s.edges), s.thin, len(s.circle), len(s.pairs), len(s.exported))
		if types := s.largest(); len(types) > 0 {
			line += s.describe(types[0])
		}
		fmt.Println(strings.TrimRight(line, " "))
	}
}

// largest returns the types, those with most methods first.
func (s shape) largest() []string {
	return slices.SortedFunc(maps.Keys(s.methods), func(a, b string) int {
		return cmp.Or(s.methods[b].methods-s.methods[a].methods, strings.Compare(a, b))
	})
}

func (s shape) describe(name string) string {
	return fmt.Sprintf("%s: %d in %d files", name, s.methods[name].methods, s.methods[name].files)
}

// show prints the details of a package.
func (s shape) show() {
	fmt.Printf("\n%s\n", s.dir)
	fmt.Println("  circle:", strings.Join(s.circle, " "))
	for _, pair := range s.pairs {
		fmt.Printf("  pair: %s %s\n    %s\n    %s\n", pair[0], pair[1],
			strings.Join(s.edges[edge{pair[0], pair[1]}], " "), strings.Join(s.edges[edge{pair[1], pair[0]}], " "))
	}
	thin := slices.SortedFunc(maps.Keys(s.edges), func(a, b edge) int {
		return cmp.Or(strings.Compare(a.to, b.to), strings.Compare(a.from, b.from))
	})
	for _, e := range thin {
		if names := s.edges[e]; len(names) <= thinNames {
			fmt.Printf("  thin: %s -> %s: %s\n", e.from, e.to, strings.Join(names, " "))
		}
	}
	for _, name := range s.largest() {
		fmt.Println("  methods of", s.describe(name))
	}
	fmt.Println("  exported:", strings.Join(s.exported, " "))
}
