package notes_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/humasess/sessions/stores/postgres"
)

var update = flag.Bool("update", false, "add a migration with the present tables of the sessions")

// TestGoldenSessionsMigration fails after an update of the library whose tables or
// functions differ from those of the newest migration. Then it needs a new migration,
// because goose does not run a file twice. The text may run again at any time.
func TestGoldenSessionsMigration(t *testing.T) {
	all, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, name := range all {
		if ok, _ := filepath.Match("migrations/*_sessions.sql", name); ok {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got = string(text) // the newest comes last
		}
	}
	want := "-- +goose Up\n-- +goose StatementBegin\n" + postgres.Schema(nil) + "-- +goose StatementEnd\n"
	if got == want {
		return
	}
	next := fmt.Sprintf("migrations/%05d_sessions.sql", len(all)+1)
	if !*update {
		t.Fatalf("the library has other tables than the newest migration: add %s by go test -run Golden -update", next)
	}
	if err := os.WriteFile(next, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}
