//go:build unix

package faults_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
)

// app is the role of the API. Limits of connections do not hold for the owner of the
// server.
const app = "app"

type postgresServer struct {
	*servertest.Postgres

	pre *preloaded
}

func startPostgres(t *testing.T) postgresServer {
	t.Helper()
	pre := preload(t)
	s := postgresServer{servertest.StartPostgresWith(t, pre.env), pre}
	s.SQL(t, "CREATE ROLE "+app+" LOGIN")
	s.SQL(t, "GRANT CREATE ON SCHEMA public TO "+app)
	return s
}

// as returns a connection string of the role.
func as(dsn string) string { return strings.Replace(dsn, servertest.PostgresUser+"@", app+"@", 1) }

func openPostgresSite(t *testing.T, long time.Duration) site {
	t.Helper()
	s := startPostgres(t)
	way := newNetwork(t, s.Addr)
	return newSite(t, place{DSN: as(s.At(t, way.Addr))}, 2,
		networkFaults(way, long), s.faults(long), []fault{thief(), signInAgain(long), hangUps(long, s.sessions), besideTransactions(long), silentStop(way)}, ownFaults(long))
}

func (s postgresServer) faults(long time.Duration) []fault {
	pause := func(name string, long time.Duration, full bool) fault {
		return fault{name: name, full: full, do: func(t *testing.T, _ *run) {
			t.Helper()
			s.Signal(t, syscall.SIGSTOP)
			time.Sleep(long)
			s.Signal(t, syscall.SIGCONT)
		}}
	}
	alter := func(name, set, reset string) fault {
		return fault{name: name, do: func(t *testing.T, _ *run) {
			t.Helper()
			s.SQL(t, "ALTER ROLE "+app+" "+set)
			s.disconnect(t)
			time.Sleep(long)
			s.SQL(t, "ALTER ROLE "+app+" "+reset)
			s.disconnect(t)
		}}
	}
	return []fault{
		{name: "server killed and started again", do: func(t *testing.T, _ *run) {
			t.Helper()
			s.Stop(t)
			s.Restart(t)
		}},
		pause("server paused", long, false),
		pause("server paused for 20 s", 20*time.Second, true),
		alter("too few connections", "CONNECTION LIMIT 2", "CONNECTION LIMIT -1"),
		alter("read-only", "SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
		{name: "table locked", do: func(t *testing.T, _ *run) {
			t.Helper()
			s.SQL(t, fmt.Sprintf("LOCK TABLE humasess_sessions; SELECT pg_sleep(%g)", long.Seconds()))
		}},
		{name: "disk full", do: func(t *testing.T, _ *run) {
			t.Helper()
			s.pre.diskFull(t, long)
			s.Stop(t) // a server that could not write its log has ended by itself
			s.Restart(t)
		}},
		clockFault("clock of the server an hour ahead, and back", s.pre.clock),
	}
}

// sessions returns the number of connections that were ever made to the server.
func (s postgresServer) sessions(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(s.SQL(t, "SELECT sessions FROM pg_stat_database WHERE datname = current_database()")))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s postgresServer) disconnect(t *testing.T) {
	t.Helper()
	s.SQL(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+app+"'")
}

// besideTransactions commits sessions beside transactions of the program, as many at once
// as the pool has connections.
func besideTransactions(long time.Duration) fault {
	return fault{name: "commits beside transactions of the program", do: func(t *testing.T, r *run) {
		t.Helper()
		begin := time.Now()
		var loops sync.WaitGroup
		for i := range 4 * maxConns {
			loops.Go(func() {
				p := r.processes[i%len(r.processes)]
				for time.Since(begin) < long && !r.hangs.Load() {
					login := r.sendTo(p, http.MethodPost, fmt.Sprintf("/login?name=tx%d", i), "")
					if login.ok() {
						r.sendTo(p, http.MethodPost, "/transaction", login.token)
					}
				}
			})
		}
		loops.Wait()
	}}
}

func openBouncerSite(t *testing.T, _ time.Duration) site {
	t.Helper()
	s := servertest.StartPostgres(t)
	bouncer := s.StartPgBouncer(t)
	return newSite(t, place{DSN: bouncer.DSN + "&default_query_exec_mode=exec"}, 2, []fault{
		{name: "PgBouncer killed and started again", do: func(t *testing.T, _ *run) {
			t.Helper()
			bouncer.Restart(t)
		}},
		{name: "server killed and started again", do: func(t *testing.T, _ *run) {
			t.Helper()
			s.Stop(t)
			s.Restart(t)
		}},
	})
}

func openStandbySite(t *testing.T, long time.Duration) site {
	t.Helper()
	primary := servertest.StartPostgres(t)
	standby := primary.StartStandby(t)
	hosts := []string{primary.Addr, standby.Addr}
	dsn := "postgres://" + servertest.PostgresUser + "@" + strings.Join(hosts, ",") + "/postgres?sslmode=disable&target_session_attrs=read-write"
	return newSite(t, place{DSN: dsn}, 2, []fault{
		{name: "standby paused", do: func(t *testing.T, _ *run) {
			t.Helper()
			standby.Signal(t, syscall.SIGSTOP)
			time.Sleep(long)
			standby.Signal(t, syscall.SIGCONT)
		}},
		{name: "primary killed, standby promoted", do: func(t *testing.T, _ *run) {
			t.Helper()
			primary.Stop(t)
			standby.Promote(t)
		}},
	})
}

func openCookiePostgresSite(t *testing.T, long time.Duration) site {
	t.Helper()
	s := startPostgres(t)
	way := newNetwork(t, s.Addr)
	return newSite(t, place{DSN: as(s.At(t, way.Addr)), Key: newKey(t)}, 2,
		networkFaults(way, long)[:1], s.faults(long)[:2], []fault{thief(), signInAgain(long)})
}
