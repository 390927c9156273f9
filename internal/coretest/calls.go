package coretest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
)

// Add creates a session of an identity that lives for an hour.
func Add(t *testing.T, store stores.Store, identity string) stores.ID {
	t.Helper()
	id, err := stores.NewID(t.Context(), store, identity)
	if err != nil {
		t.Fatalf("NewID: %v", err)
	}
	c := stores.Create{ID: id, Identity: identity, Payload: []byte("payload"), Idle: time.Hour, Absolute: time.Hour}
	if _, err := store.Create(t.Context(), c); err != nil {
		t.Fatalf("Create: %v", err)
	}
	return id
}

// Says requires an error whose text contains all parts.
func Says(t *testing.T, label string, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: got no error", label)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got error %q, want %q in it", label, err, part)
		}
	}
}

// CheckInTime calls Check until it takes less than a second: a longer call tells the
// difference of two clocks less exactly.
func CheckInTime(t *testing.T, store interface {
	Check(ctx context.Context) ([]string, error)
},
) ([]string, error) {
	t.Helper()
	for begin := time.Now(); ; {
		asked := time.Now()
		found, err := store.Check(t.Context())
		if time.Since(asked) < time.Second || time.Since(begin) > patience {
			return found, err
		}
	}
}

// patience bounds how long tests wait for servers.
const patience = 30 * time.Second
