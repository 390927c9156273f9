//go:build unix

package faults_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func openSQLiteSite(t *testing.T, long time.Duration) site {
	t.Helper()
	file, clock := filepath.Join(t.TempDir(), "sessions.db"), newClock(t)
	return newSite(t, place{File: file, Clock: clock}, 2, []fault{
		{name: "file locked", do: func(t *testing.T, _ *run) {
			t.Helper()
			lockFile(t, file, long)
		}},
		{name: "disk full", do: func(t *testing.T, r *run) {
			t.Helper()
			for _, size := range []uint64{0, unix.RLIM_INFINITY} {
				for _, p := range r.processes {
					limit := unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
					if err := unix.Prlimit(p.child.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
						t.Fatal(err)
					}
				}
				if size == 0 {
					time.Sleep(long)
				}
			}
		}},
		clockFault("clocks of the API an hour ahead, and back", clock),
		thief(), signInAgain(long),
	}, ownFaults(long))
}

// lockFile holds the lock of a writer.
func lockFile(t *testing.T, file string, long time.Duration) {
	t.Helper()
	ctx := context.Background()
	db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(long)
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
}

func openMemorySite(t *testing.T, long time.Duration) site {
	t.Helper()
	clock := newClock(t)
	faults := ownFaults(long)
	for i := range faults {
		faults[i].forgets = "sessions end with the process"
	}
	return newSite(t, place{Clock: clock}, 1,
		[]fault{clockFault("clock of the API an hour ahead, and back", clock), thief(), signInAgain(long), hangUps(long, nil)}, faults)
}
