package sharingtest_test

import (
	"testing"

	"github.com/humasess/sessions/internal/eavesdrop"
)

// everything reads the logs and events of all tests of this package.
var everything = eavesdrop.New()

func TestMain(m *testing.M) { everything.Run(m, "TestEverythingLogged", TestEverythingLogged) }

// TestEverythingLogged runs among the others, and once more after them.
func TestEverythingLogged(t *testing.T) {
	t.Run("E2 no secret in the logs and events of the whole suite", func(t *testing.T) { everything.Report(t, 1, 10, 50) })
}
