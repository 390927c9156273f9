package main

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/humasess/sessions/internal/archtest/walk/trace"
)

// sums counts the calls of a walk.
type sums struct{ calls, files, functions, moves, withReturns int }

func sumsOf(entries []trace.Entry) sums {
	files, functions := map[string]bool{}, map[string]bool{}
	s := sums{calls: len(entries)}
	var callers []trace.Entry
	at := "" // the file of the last call or return
	move := func(file string) {
		if at != "" && at != file {
			s.withReturns++
		}
		at = file
	}
	returnTo := func(depth int) {
		for len(callers) > 0 && callers[len(callers)-1].Depth >= depth {
			callers = callers[:len(callers)-1]
			if len(callers) > 0 {
				move(callers[len(callers)-1].File)
			}
		}
	}
	for i, e := range entries {
		files[e.File] = true
		functions[path.Dir(e.File)+" "+e.Function] = true
		if i > 0 && e.File != entries[i-1].File {
			s.moves++
		}
		returnTo(e.Depth)
		move(e.File)
		callers = append(callers, e)
	}
	returnTo(0)
	s.files, s.functions = len(files), len(functions)
	return s
}

// within returns the entries whose file is of one of the packages.
func within(entries []trace.Entry, packages []listed) []trace.Entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e trace.Entry) bool {
		return !slices.ContainsFunc(packages, func(p listed) bool {
			return filepath.Join(p.Module.Dir, filepath.FromSlash(path.Dir(e.File))) == p.Dir
		})
	})
}

func show(walks []walk, inner []listed, verbose bool) {
	if verbose {
		for _, w := range walks {
			fmt.Println(w.Request)
			for _, e := range w.Entries {
				fmt.Printf("  %s%s  %s\n", strings.Repeat("  ", e.Depth), e.Function, e.File)
			}
			fmt.Println()
		}
	}
	fmt.Printf("%-8s %-10s %6s %6s %10s %6s %13s\n", "request", "of", "calls", "files", "functions", "moves", "with returns")
	for _, w := range walks {
		for _, part := range []struct {
			name    string
			entries []trace.Entry
		}{{"core", within(w.Entries, inner)}, {"and below", w.Entries}} {
			s := sumsOf(part.entries)
			fmt.Printf("%-8s %-10s %6d %6d %10d %6d %13d\n", w.Request, part.name, s.calls, s.files, s.functions, s.moves, s.withReturns)
		}
	}
}
