package sharingtest_test

import (
	"testing"

	"github.com/humasess/sessions/internal/eavesdrop"
)

// everything reads the logs and events of all tests of this package.
var everything = eavesdrop.New()

func TestMain(m *testing.M) { everything.Run(m, "TestEverythingLogged", reportEverything) }

// TestEverythingLogged runs among the others. TestMain repeats its check after them.
func TestEverythingLogged(t *testing.T) {
	for _, leak := range everything.Leaks() {
		t.Errorf("a secret in: %s", leak)
	}
}

func reportEverything(t *testing.T) {
	t.Run("E2 no secret in the logs and events of the whole suite", func(t *testing.T) {
		everything.Report(t, 1, 10, 50)
	})
}
