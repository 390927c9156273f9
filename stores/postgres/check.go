package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// oldestServer is the oldest version that the tests run on, as
	// server_version_num.
	oldestServer = 140000

	// maxSkew is the difference between the server's clock and ours that Check
	// accepts.
	maxSkew = 5 * time.Second

	// maxWaiting is how long the row of an expired session may stay before
	// Check reports it. A sweeper runs about every minute.
	maxWaiting = 15 * time.Minute
)

// Check reads the server's configuration and returns a sentence for each
// setting that breaks a promise to users, with its remedy. It is meant for
// operators and for the start of a program. It changes nothing and needs no
// right beyond those of the store. An error means that the server did not
// answer or that sessions cannot work, because tables, functions or rights are
// missing or the server refuses writes.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	if err := s.checkProduct(ctx); err != nil {
		return nil, err
	}
	found, err := s.checkServer(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.exec(ctx, s.names.sql(checkText)); err != nil {
		return nil, explain(err)
	}
	if err := s.checkTables(ctx); err != nil {
		return nil, err
	}
	f, err := s.functions(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(f.missing) > 0:
		return nil, fmt.Errorf("postgres: functions are missing, call Migrate: %s", strings.Join(f.missing, ", "))
	case len(f.locked) > 0:
		return nil, fmt.Errorf("postgres: the user of the database lacks rights, GRANT EXECUTE on the functions %s", strings.Join(f.locked, ", "))
	case len(f.stale) > 0:
		found = append(found, fmt.Sprintf("Some functions are from another release: %s. Call Migrate of the newer release.", strings.Join(f.stale, ", ")))
	}
	waiting, err := s.checkWaiting(ctx)
	return append(found, waiting...), err
}

func (s *Store) checkServer(ctx context.Context) ([]string, error) {
	var number int
	var version, isolation string
	var readOnly, fsync, commit, vacuum bool
	var clock time.Time
	before := time.Now()
	err := s.row(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_version'),
		current_setting('transaction_read_only')::bool, current_setting('transaction_isolation'), current_setting('fsync')::bool,
		current_setting('synchronous_commit') <> 'off', current_setting('autovacuum')::bool, clock_timestamp()`, nil,
		&number, &version, &readOnly, &isolation, &fsync, &commit, &vacuum, &clock)
	if err != nil {
		return nil, err
	}
	skew := clock.Sub(before.Add(time.Since(before) / 2))
	if readOnly {
		return nil, errors.New("postgres: transactions are read-only on this server; connect to the primary, with target_session_attrs=read-write")
	}
	if isolation != "read committed" {
		return nil, fmt.Errorf("postgres: transactions are at isolation level %s, but sessions need READ COMMITTED; "+
			"change default_transaction_isolation of the connection", isolation)
	}
	var found []string
	note := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	if number < oldestServer {
		note("The server is PostgreSQL %s, but the functions need 14 or newer. Upgrade it.", version)
	}
	if skew.Abs() > maxSkew {
		note("The server's clock is %v from the clock of this process. Deadlines are judged on the server's clock, "+
			"so after a fail-over to a server with another time sessions live longer or shorter. Run NTP on all of them.", skew.Round(time.Second))
	}
	if !fsync {
		note("The server does not wait for its disk (fsync off). A crash of the machine may damage the whole database. Set fsync to on.")
	}
	if !commit {
		note("The server acknowledges a commit before it has written it to disk (synchronous_commit off). A crash may undo logouts and revocations. Set synchronous_commit to on.")
	}
	if !vacuum {
		note("Autovacuum is off, so the tables grow without limit. Set autovacuum to on.")
	}
	return found, nil
}

// checkTables checks the rights on the tables. Missing tables are already an
// error.
func (s *Store) checkTables(ctx context.Context) error {
	var missing []string
	err := s.row(ctx, s.names.sql(`SELECT coalesce(array_agg(r.name || ' on ' || t.name ORDER BY t.name, r.name), '{}')
		FROM unnest(ARRAY[{sessions_text}, {marks_text}]) AS t (name), unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS r (name)
		WHERE NOT has_table_privilege(t.name, r.name)`), nil, &missing)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("postgres: the user of the database lacks rights, GRANT these: %s", strings.Join(missing, ", "))
	}
	return nil
}

// functionText matches the functions in the schema: name and body.
var functionText = regexp.MustCompile(`(?s)CREATE OR REPLACE FUNCTION \{(\w+)\}\(.*?AS \{body\}(.*?)\{body\}`)

// functions holds the names of functions with a problem.
type functions struct{ missing, stale, locked []string }

// functions returns the functions that are missing, that have another text than
// in this version, or that the user of the database may not execute.
func (s *Store) functions(ctx context.Context) (found functions, err error) {
	var names, bodies []string
	for _, f := range functionText.FindAllStringSubmatch(schemaText, -1) {
		names = append(names, s.names.prefix+objects[f[1]])
		bodies = append(bodies, s.names.sql(f[2]))
	}
	const text = `SELECT f.name, count(p.oid) > 0, coalesce(bool_or(p.prosrc = f.body), false),
		coalesce(bool_and(p.prorettype = 'trigger'::regtype OR has_function_privilege(p.oid, 'EXECUTE')), false)
		FROM unnest($2::text[], $3::text[]) AS f (name, body)
		LEFT JOIN (pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = $1) ON p.proname = f.name
		GROUP BY f.name ORDER BY f.name`
	l, err := s.begin(ctx)
	if err != nil {
		return found, err
	}
	defer l.end()
	rows, err := l.Query(l.ctx, text, s.names.schema, names, bodies)
	if err != nil {
		return found, explain(err)
	}
	var name string
	var there, current, usable bool
	_, err = pgx.ForEachRow(rows, []any{&name, &there, &current, &usable}, func() error {
		switch {
		case !there:
			found.missing = append(found.missing, name)
		case !current:
			found.stale = append(found.stale, name)
		}
		if there && !usable {
			found.locked = append(found.locked, name)
		}
		return nil
	})
	if err != nil {
		return found, explain(err)
	}
	return found, nil
}

// checkWaiting looks for sessions past their deadline, which an index finds.
func (s *Store) checkWaiting(ctx context.Context) ([]string, error) {
	const most = 100_000
	var count int64
	var seconds float64
	err := s.row(ctx, s.names.sql(`SELECT count(*), coalesce(extract(epoch FROM now() - min(w.deadline)), 0)::float8
		FROM (SELECT deadline FROM {sessions} WHERE deadline <= now() ORDER BY deadline LIMIT $1::bigint) w`), []any{int64(most)}, &count, &seconds)
	if err != nil {
		return nil, err
	}
	oldest := time.Duration(seconds * float64(time.Second))
	if oldest <= maxWaiting {
		return nil, nil
	}
	number := fmt.Sprint(count)
	if count == most {
		number += " or more"
	}
	return []string{fmt.Sprintf("Rows of expired sessions wait to be removed: %s, the oldest for %v. "+
		"A program that creates sessions removes them, unless SweepEvery is negative. In that case call Sweep.", number, oldest.Round(time.Minute))}, nil
}
