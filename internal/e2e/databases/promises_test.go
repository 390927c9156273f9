package databases_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/stores/storetest"
)

var updatePromises = flag.Bool("update", false, "rewrite the golden files")

// keeps runs a check on an empty store. While the machine proves too slow for the
// unit of time, it runs the check again with a longer one.
func keeps(t *testing.T, c storetest.Check, k kind) error {
	t.Helper()
	const tries = 3
	unit := 300 * time.Millisecond
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		err := c.Run(ctx, k.open(t).store(t), &storetest.Options{Rounds: 2, Unit: unit})
		cancel()
		var slow interface{ Timeout() bool }
		if try == tries || !errors.As(err, &slow) || !slow.Timeout() {
			return err
		}
		unit *= 4
		t.Logf("again with %v for a unit of time: %v", unit, err)
	}
}

// TestGoldenPromises runs all checks on each store, and compares the results
// with the table in docs/stores.md. The store's own tests run the checks for
// longer.
func TestGoldenPromises(t *testing.T) {
	var mu sync.Mutex
	broken := map[string]map[int]bool{}
	var stores []string
	t.Run("run", func(t *testing.T) {
		for _, k := range kinds {
			// The forms of Redis count as one store.
			store := strings.Fields(k.name)[0]
			if broken[store] == nil {
				broken[store] = map[int]bool{}
				stores = append(stores, store)
			}
			for _, c := range storetest.Checks() {
				t.Run(k.name+"/"+c.Name, func(t *testing.T) {
					t.Parallel()
					err := keeps(t, c, k)
					if err != nil && (!c.Optional || !errors.Is(err, errors.ErrUnsupported)) {
						t.Log(err)
						mu.Lock()
						defer mu.Unlock()
						broken[store][c.Promise] = true
					}
				})
			}
		}
	})
	name := filepath.Join("..", "..", "..", "docs", "stores.md")
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(page), "\n")
	for _, store := range stores {
		row := fmt.Sprintf("| `%s` |", store)
		want := row
		for promise := 1; promise <= 11; promise++ {
			if broken[store][promise] {
				want += " no |"
			} else {
				want += " yes |"
			}
		}
		found := false
		for i, line := range lines {
			if strings.HasPrefix(line, row) && strings.Count(line, "|") == 13 {
				found = true
				if line != want && *updatePromises {
					lines[i] = want
				} else if line != want {
					t.Errorf("docs/stores.md, line %d: got %q, want %q: if it is meant, run make golden", i+1, line, want)
				}
			}
		}
		if !found {
			t.Errorf("docs/stores.md has no line that begins with %q", row)
		}
	}
	if *updatePromises {
		if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
