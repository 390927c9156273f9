package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TestMigrateWithoutRights migrates as a user that has all rights except to
// create.
func TestMigrateWithoutRights(t *testing.T) {
	t.Parallel()
	owner := shared(t)
	store, name := open(t, owner)
	r := postgres.NewRevocations(owner, &postgres.Options{Schema: name})
	if err := r.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	role := name + "_app"
	replace := strings.NewReplacer("{schema}", pgx.Identifier{name}.Sanitize(), "{app}", pgx.Identifier{role}.Sanitize()).Replace
	exec := func(text string) {
		t.Helper()
		if _, err := owner.Exec(context.Background(), replace(text)); err != nil {
			t.Fatal(err)
		}
	}
	exec(`CREATE ROLE {app} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {app};
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {app}; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {app}`)
	t.Cleanup(func() { exec(`DROP OWNED BY {app}; DROP ROLE {app}`) })
	db := dial(t, servertest.PostgresShared(t).DSN, func(c *pgxpool.Config) { c.ConnConfig.User = role })
	app := postgres.New(db, &postgres.Options{Schema: name, SweepEvery: -1})
	appRevocations := postgres.NewRevocations(db, &postgres.Options{Schema: name})
	if err := app.Migrate(t.Context()); err != nil {
		t.Errorf("Migrate: %v", err)
	}
	if err := appRevocations.Migrate(t.Context()); err != nil {
		t.Errorf("Migrate of the revocations: %v", err)
	}
	mustMark(t.Context(), t, app, "ada")
	mustAdd(t, app)
	mustRevoke(t, app, stores.ID{})
	if _, err := appRevocations.RevokeIdentity(t.Context(), "ada", 0); err != nil {
		t.Errorf("RevokeIdentity: %v", err)
	}

	// To restore missing objects needs the right, which the owner has.
	for _, spoil := range []string{
		`DROP FUNCTION {schema}.humasess_touch_v1`,
		`CREATE OR REPLACE FUNCTION {schema}.humasess_lock_v1(p_identity bytea) RETURNS void LANGUAGE sql AS ''`,
		`DROP TRIGGER stamp ON {schema}.humasess_marks`,
		`ALTER TABLE {schema}.humasess_marks RENAME TO other`,
	} {
		exec(spoil)
		if err := app.Migrate(t.Context()); err == nil {
			t.Errorf("after %s: got no error", spoil)
		}
		if strings.HasPrefix(spoil, "ALTER TABLE") {
			exec(`ALTER TABLE {schema}.other RENAME TO humasess_marks`)
		}
		if err := store.Migrate(t.Context()); err != nil {
			t.Errorf("after %s, the owner: %v", spoil, err)
		}
		if err := app.Migrate(t.Context()); err != nil {
			t.Errorf("after that: %v", err)
		}
	}
}

// TestMigrateFromBefore upgrades the tables of a development database.
func TestMigrateFromBefore(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	store, name := open(t, pool)
	r := postgres.NewRevocations(pool, &postgres.Options{Schema: name})
	if err := r.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	old, err := r.RevokeIdentity(t.Context(), "ada", 0)
	if err != nil {
		t.Fatal(err)
	}
	id := mustAdd(t, store)
	if _, err := pool.Exec(t.Context(), strings.ReplaceAll(`DROP TABLE {schema}.humasess_marks; ALTER TABLE {schema}.humasess_revoked DROP COLUMN replaced;
		CREATE TABLE {schema}.humasess_revocations (identity bytea NOT NULL PRIMARY KEY, revoked timestamptz NOT NULL, pending bigint NOT NULL);
		INSERT INTO {schema}.humasess_revocations VALUES ('ada', now() - interval '1 minute', 1)`, "{schema}", pgx.Identifier{name}.Sanitize())); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Load(t.Context(), id); err != nil {
		t.Errorf("Load: %v", err)
	}
	if got := started(t.Context(), t, store, "ada"); got.Mark == 0 || got.RevokedAgo < time.Minute || got.ChangeMark != 0 {
		t.Errorf("got %+v, want a revocation of a minute ago", got)
	}
	again, err := r.RevokeIdentity(t.Context(), "ada", 0)
	if err != nil || again.Before != old.Mark || again.Mark == old.Mark {
		t.Errorf("got %+v and error %v, want mark %d before", again, err, old.Mark)
	}
	const tables = `SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = 'humasess_revocations'`
	if n := number(t, pool, tables, name); n != 0 {
		t.Error("the table of before is still there")
	}
}

// TestImpostors connects to servers that only claim to be PostgreSQL: functions
// and views of the test come before those of the server.
func TestImpostors(t *testing.T) {
	t.Parallel()
	pool := shared(t)
	for _, tt := range []struct{ name, version, want string }{
		{"cockroach", "CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/04 14:12:58, go1.23.7)", "the server is CockroachDB"},
		{"yugabyte", "PostgreSQL 15.12-YB-2025.2.3.0-b1 on x86_64-pc-linux-gnu, compiled by clang version 17.0.6, 64-bit", "the server is YugabyteDB"},
		{"redshift", "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.12103", "the server is Amazon Redshift"},
		{"gauss", "PostgreSQL 9.2.4 (GaussDB 8.1.3 build 39137c2d) compiled at 2022-04-01 15:43:11", "the server is GaussDB"},
		{"unknown", "PostgreSQL 17.0 (Something Else)", `the advisory locks of the server ("PostgreSQL 17.0 (Something Else)") have no effect`},
		{"real", "PostgreSQL 17.0", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home := schema(t, pool)
			quoted := pgx.Identifier{home}.Sanitize()
			fake := `CREATE SCHEMA ` + quoted + `; CREATE FUNCTION ` + quoted + `.version() RETURNS text LANGUAGE sql AS $$SELECT '` + tt.version + `'::text$$;`
			if tt.name == "unknown" {
				fake += `CREATE VIEW ` + quoted + `.pg_locks AS SELECT * FROM pg_catalog.pg_locks WHERE false`
			}
			if _, err := pool.Exec(t.Context(), fake); err != nil {
				t.Fatal(err)
			}
			db := dial(t, servertest.PostgresShared(t).DSN, func(c *pgxpool.Config) {
				c.ConnConfig.RuntimeParams["search_path"] = quoted + ", pg_catalog"
			})
			store := postgres.New(db, &postgres.Options{Schema: home, SweepEvery: -1})
			r := postgres.NewRevocations(db, &postgres.Options{Schema: home})
			err, errRevocations := store.Migrate(t.Context()), r.Migrate(t.Context())
			if tt.want == "" {
				if err != nil || errRevocations != nil {
					t.Errorf("Migrate: %v and %v", err, errRevocations)
				}
				if _, err := store.Check(t.Context()); err != nil {
					t.Errorf("Check: %v", err)
				}
				return
			}
			says(t, "Migrate", err, tt.want)
			says(t, "Migrate of the revocations", errRevocations, tt.want)
			wantCheck(t, store, "", tt.want)
			if n := number(t, pool, "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'", home); n != 0 {
				t.Errorf("got %d tables, want none", n)
			}
		})
	}
}
