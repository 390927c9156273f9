// Mutants breaks the code on purpose, one promise at a time, and checks that
// the tests that are named for the promise fail. A mutant that survives shows a
// promise without a test.
//
//	go run ./internal/mutants [-run regexp] [-update]
//	go run ./internal/mutants -check
//
// A row of the table names a package and a function, so code moves between the
// files of a package without a change here. The tests of a package are built
// once, with all mutants in them, and run once for each. Mutants outside
// functions have builds of their own. Files are replaced by go test -overlay, so
// the tree stays as it is.
//
// A new mutant is a row in the table of its area. -update writes README.md anew,
// from the results of the run. Rows that did not run stay as they are. -check
// compares the table with the code and runs no test.
package main

import (
	"context"
	"errors"
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

// page is the file that -update writes.
const page = "internal/mutants/README.md"

func main() {
	only := flag.String("run", "", "run the mutants whose promise or name matches")
	workers := flag.Int("parallel", 2, "number of mutants at a time")
	update := flag.Bool("update", false, "rewrite the page of all mutants")
	checks := flag.Bool("check", false, "compare the table with the code, and run no test")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *only, *workers, *update, *checks)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, workers int, update, checks bool) error {
	filter, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(filepath.FromSlash(page))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	lab := newLab(".", dir)
	if checks {
		return check(lab, all(), string(before))
	}
	chosen := slices.DeleteFunc(all(), func(m mutant) bool { return !filter.MatchString(m.promise + " " + m.name) })
	results, err := lab.tryAll(ctx, chosen, workers)
	if err != nil {
		return err
	}
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
	text, err := pageOf(results, string(before))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.FromSlash(page), []byte(text), 0o600)
}

// result is that of a mutant.
type result struct {
	mutant

	killers []string // the test functions that failed
	err     error    // none did
}

// tryAll returns the results in the order of the mutants. It fails when tests
// fail without any mutant.
func (l *lab) tryAll(ctx context.Context, mutants []mutant, workers int) ([]result, error) {
	results := make([]result, len(mutants))
	packages := map[string][]numbered{}
	var order []string
	for i, m := range mutants {
		if packages[m.pkg] == nil {
			order = append(order, m.pkg)
		}
		packages[m.pkg] = append(packages[m.pkg], numbered{m, i + 1})
	}
	var errs []error
	for _, pkg := range order {
		if ctx.Err() != nil {
			break
		}
		if err := l.tryPackage(ctx, pkg, packages[pkg], workers, results); err != nil {
			fmt.Printf("FAIL %s: %v\n", pkg, err)
			errs = append(errs, fmt.Errorf("%s was not tried", pkg))
		}
	}
	return results, errors.Join(append(errs, ctx.Err())...)
}

// tryPackage tries the mutants that tests of the package must notice.
func (l *lab) tryPackage(ctx context.Context, pkg string, mutants []numbered, workers int, results []result) error {
	start := time.Now()
	program, err := l.build(ctx, pkg, mutants)
	if err != nil {
		return err
	}
	defer os.Remove(program.path) //nolint:errcheck // a temporary file
	built := time.Since(start)
	if err := program.healthy(ctx, mutants); err != nil {
		return err
	}
	fmt.Printf("== %s: %d of %d mutants in one build (%.1f s), %.1f s without any mutant\n",
		pkg, len(program.has), len(mutants), built.Seconds(), (time.Since(start) - built).Seconds())
	if len(program.unfit) > 0 {
		fmt.Printf("   not used, because the shared build breaks them: %v\n", program.unfit)
	}
	// Builds are slow, so they come after the runs.
	var mu sync.Mutex // of the output and of alone
	var alone []numbered
	parallel(ctx, workers, mutants, func(m numbered) {
		start := time.Now()
		killers := program.try(ctx, m)
		mu.Lock()
		defer mu.Unlock()
		if len(killers) == 0 {
			alone = append(alone, m)
			return
		}
		results[m.number-1] = result{m.mutant, killers, nil}
		report(results[m.number-1], "", time.Since(start))
	})
	parallel(ctx, workers, alone, func(m numbered) {
		start := time.Now()
		killers, err := l.tryAlone(ctx, m)
		mu.Lock()
		defer mu.Unlock()
		results[m.number-1] = result{m.mutant, killers, err}
		report(results[m.number-1], ", own build", time.Since(start))
	})
	return nil
}

// parallel calls do for each mutant, until the context ends.
func parallel(ctx context.Context, workers int, mutants []numbered, do func(numbered)) {
	var wg sync.WaitGroup
	next := make(chan numbered)
	for range workers {
		wg.Go(func() {
			for m := range next {
				do(m)
			}
		})
	}
	for _, m := range mutants {
		if ctx.Err() != nil {
			break
		}
		next <- m
	}
	close(next)
	wg.Wait()
}

func report(r result, build string, took time.Duration) {
	if r.err != nil {
		fmt.Printf("FAIL %-4s %s: %v\n", r.promise, r.name, r.err)
		return
	}
	fmt.Printf("ok   %-4s %s: %d tests, e.g. %s (%.1f s%s)\n", r.promise, r.name, len(r.killers), r.killers[0], took.Seconds(), build)
}
