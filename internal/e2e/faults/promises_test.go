//go:build unix

package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
)

// TestBrokenPromises breaks a promise of the store, and wants the clients to notice
// within 30 seconds.
func TestBrokenPromises(t *testing.T) {
	for _, tt := range []struct {
		name, promise, want string
	}{
		{"an update creates what has ended", "update", "resurrected"},
		{"a load that failed is no session", "missing", "signed out"},
		{"loads have no bound", "bound", "loads took"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			way := newNetwork(t, servertest.PostgresShared(t).Addr)
			dsn := servertest.PostgresShared(t).At(t, way.Addr)
			s := newSite(t, place{DSN: dsn, Schema: strings.ReplaceAll(tt.promise, " ", "_"), Break: tt.promise}, 2)
			r := s.play(t, 0, networkFaults(way, 2*storeTimeout)[0])
			if all := strings.Join(r.broken(), "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("got violations %q, want one with %q", all, tt.want)
			}
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("noticed after %v", took)
			}
		})
	}
}
