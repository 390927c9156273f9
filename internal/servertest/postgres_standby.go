package servertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// StartStandby starts a standby of a private server for one test. The primary
// acknowledges no write before the standby has it.
func (p *Postgres) StartStandby(tb testing.TB, settings ...string) *Postgres {
	tb.Helper()
	dir, err := os.MkdirTemp("", "humasess-pg-") //nolint:usetesting // the user of the server cannot enter the parent of TempDir
	if err != nil {
		tb.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	copied := exec.Command(filepath.Join(p.bin, "pg_basebackup"), "-d", p.With(tb, "application_name", "standby"),
		"-D", filepath.Join(dir, "data"), "-R", "-X", "stream", "-c", "fast")
	if out, err := copied.CombinedOutput(); err != nil {
		tb.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	if err := open(dir); err != nil {
		tb.Fatal(err)
	}
	s, err := startPostgresOnce(p.bin, dir, nil, settings)
	if err != nil {
		tb.Fatalf("start the standby: %v", err)
	}
	tb.Cleanup(s.proc.stop)
	p.SQL(tb, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
	p.SQL(tb, "SELECT pg_reload_conf()")
	return s
}

// Promote makes a standby the primary, and waits until it accepts writes.
func (p *Postgres) Promote(tb testing.TB) {
	tb.Helper()
	p.SQL(tb, "SELECT pg_promote(true, 60)")
}

// SQL runs one statement as the owner of the server.
func (p *Postgres) SQL(tb testing.TB, statement string) string {
	tb.Helper()
	psql := exec.Command(filepath.Join(p.bin, "psql"), "-d", p.DSN, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement)
	out, err := psql.CombinedOutput()
	if err != nil {
		tb.Fatalf("%s: %v\n%s", statement, err, out)
	}
	return string(out)
}

// open lets the user of the server read a folder.
func open(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	})
}
