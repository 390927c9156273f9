package postgres_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/postgres"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t, "autovacuum=on")
	pool := dial(t, server.DSN)
	wrong := map[string]struct {
		params string // of the connection, "name=value"
		spoil  string // statements, for which {schema} is quoted
		want   string // in a sentence
		fails  string // in the error, instead
	}{
		"as it should be": {},
		"not written":     {params: "synchronous_commit=off", want: "Set synchronous_commit to on"},
		"isolation":       {params: "default_transaction_isolation=serializable", fails: "default_transaction_isolation"},
		"read-only":       {params: "default_transaction_read_only=on", fails: "target_session_attrs"},
		"no schema":       {spoil: `DROP SCHEMA {schema} CASCADE`, fails: "call Migrate"},
		"no table":        {spoil: `DROP TABLE {schema}.humasess_marks`, fails: "call Migrate"},
		"no column":       {spoil: `ALTER TABLE {schema}.humasess_sessions DROP COLUMN last_seen`, fails: "call Migrate"},
		"no function":     {spoil: `DROP FUNCTION {schema}.humasess_touch_v1`, fails: "functions are missing, call Migrate: humasess_touch_v1"},
		"another release's": {
			spoil: `CREATE OR REPLACE FUNCTION {schema}.humasess_lock_v1(p_identity bytea) RETURNS void LANGUAGE sql AS ''`,
			want:  "another release: humasess_lock_v1. Call Migrate",
		},
		"expired, and swept": {spoil: waiting("14 minutes")},
		"expired, for long":  {spoil: waiting("25 hours"), want: "wait to be removed: 1, the oldest for 25h0m0s"},
	}
	for name, tt := range wrong {
		t.Run(name, func(t *testing.T) {
			home := schema(t, pool)
			openIn(t, pool, home)
			if tt.spoil != "" {
				if _, err := pool.Exec(t.Context(), strings.ReplaceAll(tt.spoil, "{schema}", pgx.Identifier{home}.Sanitize())); err != nil {
					t.Fatal(err)
				}
			}
			db := dial(t, server.DSN, func(c *pgxpool.Config) {
				if param, value, ok := strings.Cut(tt.params, "="); ok {
					c.ConnConfig.RuntimeParams[param] = value
				}
			})
			wantCheck(t, postgres.New(db, &postgres.Options{Schema: home}), tt.want, tt.fails)
		})
	}
	t.Run("the disk", func(t *testing.T) {
		careless := servertest.StartPostgres(t, "fsync=off", "autovacuum=off")
		store, _ := open(t, dial(t, careless.DSN))
		found, err := store.Check(t.Context())
		if err != nil || len(found) != 2 || !strings.Contains(found[0], "fsync") || !strings.Contains(found[1], "autovacuum") {
			t.Errorf("got %q and error %v, want a sentence each about fsync and autovacuum", found, err)
		}
	})
	t.Run("clock", func(t *testing.T) {
		_, home := open(t, pool)
		for by, want := range map[int]string{60: "clock is 1m0s from", -3600: "clock is -1h0m0s from", 1: ""} {
			// In the text format the proxy can change a time in the reply.
			db := dial(t, server.At(t, ahead(t, server.Addr, by)), func(c *pgxpool.Config) {
				c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
			})
			wantCheck(t, postgres.New(db, &postgres.Options{Schema: home}), want, "")
		}
	})
	t.Run("rights", func(t *testing.T) {
		_, home := open(t, pool)
		quoted := pgx.Identifier{home}.Sanitize()
		role := home + "_app"
		app := pgx.Identifier{role}.Sanitize()
		exec := func(text string) {
			t.Helper()
			if _, err := pool.Exec(context.Background(), strings.NewReplacer("{schema}", quoted, "{app}", app).Replace(text)); err != nil {
				t.Fatal(err)
			}
		}
		exec(`CREATE ROLE {app} LOGIN`)
		t.Cleanup(func() { exec(`DROP OWNED BY {app}; DROP ROLE {app}`) })
		store := postgres.New(dial(t, server.DSN, func(c *pgxpool.Config) { c.ConnConfig.User = role }), &postgres.Options{Schema: home})
		wantCheck(t, store, "", "lacks a right")
		exec(`GRANT USAGE ON SCHEMA {schema} TO {app}; GRANT SELECT ON {schema}.humasess_sessions, {schema}.humasess_marks TO {app}`)
		wantCheck(t, store, "", "INSERT on "+quoted+`."humasess_marks"`)
		exec(`GRANT INSERT, UPDATE, DELETE ON {schema}.humasess_sessions, {schema}.humasess_marks TO {app}`)
		wantCheck(t, store, "", "")
		exec(`REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM public; GRANT USAGE ON SCHEMA {schema} TO {app}`)
		wantCheck(t, store, "", "GRANT EXECUTE on the functions humasess_change_v1, humasess_clear_v1, humasess_create_v2")
	})
	t.Run("server gone", func(t *testing.T) {
		gone := servertest.StartPostgres(t)
		store := postgres.New(dial(t, gone.DSN), nil)
		gone.Stop(t)
		if found, err := store.Check(t.Context()); err == nil {
			t.Errorf("got %q and no error", found)
		}
	})
}

// waiting returns a statement that inserts a session whose deadline was that
// long ago.
func waiting(ago string) string {
	return `INSERT INTO {schema}.humasess_sessions (version, last_seen, expires, deadline, id, payload)
		SELECT 1, t, t, t, decode('00112233445566778899aabbccddeeff', 'hex'), '' FROM (SELECT now() - interval '` + ago + `' AS t) s`
}

// wantCheck requires one sentence, none, or an error.
func wantCheck(t *testing.T, store *postgres.Store, sentence, fails string) {
	t.Helper()
	found, err := coretest.CheckInTime(t, store)
	switch {
	case fails != "":
		says(t, "Check", err, fails)
	case err != nil:
		t.Errorf("Check: %v", err)
	case sentence == "" && len(found) == 0:
	case sentence == "" || len(found) != 1 || !strings.Contains(found[0], sentence):
		t.Errorf("got %q, want a sentence with %q", found, sentence)
	}
}

var timeText = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)

// ahead returns the address of a server whose clock is ahead by that many
// seconds.
func ahead(t *testing.T, server string, by int) string {
	t.Helper()
	return servertest.NewChangingProxy(t, server, func(data []byte) []byte {
		return timeText.ReplaceAllFunc(data, func(b []byte) []byte {
			at, err := time.Parse(time.DateTime, string(b))
			if err != nil {
				t.Errorf("time %q: %v", b, err)
			}
			return []byte(at.Add(time.Duration(by) * time.Second).Format(time.DateTime))
		})
	}).Addr
}
