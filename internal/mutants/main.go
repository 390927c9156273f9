// Mutants breaks the code on purpose, one promise at a time, and checks that
// the tests that are named for the promise fail. A promise whose mutant
// survives is one that no test keeps.
//
//	go run ./internal/mutants [-run regexp] [-update]
//
// Files are replaced by go test -overlay: the tree stays as it is, and others
// may work in it meanwhile. A new mutant is a row in the table of its area;
// -update then writes README.md anew, from what the run has seen; rows that did
// not run stay as they are.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// page is where -update writes.
const page = "internal/mutants/README.md"

func main() {
	only := flag.String("run", "", "run the mutants whose promise or name matches")
	workers := flag.Int("parallel", 2, "number of mutants at a time")
	update := flag.Bool("update", false, "rewrite the page of all mutants")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *only, *workers, *update)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, workers int, update bool) error {
	filter, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	lab := &lab{root: "."}
	chosen := slices.DeleteFunc(all(), func(m mutant) bool { return !filter.MatchString(m.promise + " " + m.name) })
	if err := lab.healthy(ctx, chosen); err != nil {
		return err
	}
	results := lab.tryAll(ctx, chosen, workers)
	survivors := 0
	for _, r := range results {
		if r.err != nil {
			survivors++
		}
	}
	if survivors > 0 {
		return fmt.Errorf("%d of %d were not caught", survivors, len(chosen))
	}
	fmt.Printf("all of %d mutants were caught\n", len(chosen))
	if !update {
		return nil
	}
	before, err := os.ReadFile(filepath.FromSlash(page))
	if err != nil {
		return err
	}
	text, err := pageOf(results, string(before))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.FromSlash(page), []byte(text), 0o600)
}

// result is what became of a mutant.
type result struct {
	mutant

	killers []string // the test functions that failed
	err     error    // that none did
}

// tryAll returns the results in the order of the mutants.
func (l *lab) tryAll(ctx context.Context, mutants []mutant, workers int) []result {
	results := make([]result, len(mutants))
	var (
		wg sync.WaitGroup
		mu sync.Mutex // of the output
	)
	next := make(chan int)
	for range workers {
		wg.Go(func() {
			for i := range next {
				start := time.Now()
				m := mutants[i]
				killers, err := l.try(ctx, m)
				results[i] = result{m, killers, err}
				mu.Lock()
				if err != nil {
					fmt.Printf("FAIL %-4s %s: %v\n", m.promise, m.name, err)
				} else {
					fmt.Printf("ok   %-4s %s: %d tests, e.g. %s (%.1f s)\n", m.promise, m.name, len(killers), killers[0], time.Since(start).Seconds())
				}
				mu.Unlock()
			}
		})
	}
	for i := range mutants {
		next <- i
	}
	close(next)
	wg.Wait()
	return results
}
