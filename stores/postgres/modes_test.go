package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
)

// TestModes runs the life of a session in each query mode of pgx. Some modes
// work behind any pool of connections.
func TestModes(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresShared(t)
	for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			db := dial(t, server.With(t, "default_query_exec_mode", mode))
			store, _ := open(t, db)
			coretest.Behaviours[0].Run(t, coretest.Shared{One: store, Other: store})
			if _, err := store.Sweep(t.Context()); err != nil {
				t.Errorf("Sweep: %v", err)
			}
			id := mustAdd(t, store)
			if records, err := store.LoadMany(t.Context(), []stores.ID{id, {1}}); err != nil || len(records) != 1 {
				t.Errorf("LoadMany: got %d records and error %v, want one", len(records), err)
			}
			r := openRevocations(t, db)
			if err := r.End(t.Context(), stores.ID{1}, time.Hour, 0); err != nil {
				t.Fatal(err)
			}
			revoked, err := r.RevokeIdentity(t.Context(), "ada", 0)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.CheckMany(t.Context(), []stores.Subject{{ID: stores.ID{1}}, {ID: stores.ID{2}, Identity: "ada"}})
			if err != nil || len(got) != 2 || !got[0].Ended || got[1].Ended || got[1].Mark != revoked.Mark {
				t.Errorf("CheckMany: got %+v, %v, want one ended and one revoked", got, err)
			}
		})
	}
}

// TestPgBouncer does the same behind a pool in transaction mode without support
// for prepared statements.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	server := servertest.PostgresShared(t)
	dsn := server.StartPgBouncer(t).DSN
	separator := map[bool]string{true: "&", false: "?"}[strings.Contains(dsn, "?")]
	for _, mode := range []string{"exec", "cache_describe"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			one := dial(t, dsn+separator+"default_query_exec_mode="+mode)
			other := dial(t, dsn+separator+"default_query_exec_mode="+mode)
			for _, b := range coretest.Behaviours {
				store, name := open(t, one)
				b.Run(t, coretest.Shared{One: store, Other: openIn(t, other, name)})
			}
		})
	}
}
