package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/jackc/pgx/v5"
)

// asProgram names the variable that makes the test binary run as the program.
const asProgram = "HUMASESS_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// process returns a command that runs the program in a process of its own.
func process(t *testing.T, s *site, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "HUMASESS_STORE="+s.url)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	return cmd, &errs
}

// many returns a site with more sessions than a pipe can hold.
func many(t *testing.T) *site {
	t.Helper()
	s := onSQLite(t)
	m := s.program(t, func(o *humasess.Options[user]) { o.MaxPerIdentity = -1 })
	for range 1500 {
		signIn(t, m, user{ID: "ada", Note: strings.Repeat("x", 500)})
	}
	return s
}

func TestProcess(t *testing.T) {
	s := many(t)
	t.Run("closed pipe", func(t *testing.T) {
		for _, format := range []string{"--json=false", "--json"} {
			cmd, errs := process(t, s, "list", "--user", "ada", format)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			_ = out.Close() // as head does
			_ = cmd.Wait()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if status.Signal() != syscall.SIGPIPE || errs.Len() > 0 {
				t.Errorf("%s: got %v and %q, want a silent end", format, cmd.ProcessState, errs)
			}
		}
	})
	t.Run("Ctrl-C in a list", func(t *testing.T) {
		cmd, errs := process(t, s, "list", "--user", "ada", "--json", "--data")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var read bytes.Buffer
		if _, err := io.CopyN(&read, out, 1); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		// The full pipe blocks the program, so the signal arrives before its end.
		for err == nil {
			_, err = io.CopyN(&read, out, 8<<10)
			<-time.After(50 * time.Millisecond)
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
			t.Errorf("got %v and %q, want exit code %d", cmd.ProcessState, errs, exitInterrupted)
		}
		has(t, "message", errs.String(), "interrupted: after ")
		if n := len(parse[row](t, read.String())); n == 0 || n == 1500 {
			t.Errorf("got %d rows, want some", n)
		}
	})
	t.Run("exit codes", func(t *testing.T) {
		for want, args := range map[int][]string{
			exitOK: {"count", "--user", "ada"}, exitUsage: {"count", "--blub"}, exitNotFound: {"revoke", "--id", strings.Repeat("A", 22)},
		} {
			cmd, errs := process(t, s, args...)
			if _ = cmd.Run(); cmd.ProcessState.ExitCode() != want {
				t.Errorf("%q: got %v with %q, want %d", args, cmd.ProcessState, errs, want)
			}
		}
	})
	t.Run("question without a terminal", func(t *testing.T) {
		for _, input := range []string{"", os.DevNull} {
			cmd, errs := process(t, s, "revoke", "--all")
			if input != "" {
				f, err := os.Open(input)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				cmd.Stdin = f
			} else {
				cmd.Stdin = strings.NewReader("yes\n")
			}
			if _ = cmd.Run(); cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(errs.String(), "--yes") {
				t.Errorf("input %q: got %v with %q, want exit code %d", input, cmd.ProcessState, errs, exitUsage)
			}
		}
		if n := number(t, s.program(t), "ada"); n != 1500 {
			t.Errorf("got %d sessions left, want all", n)
		}
	})
}

// TestPatience ends a call if the store does not answer, after --timeout or at
// Ctrl-C.
func TestPatience(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	conn, err := pgx.Connect(t.Context(), servertest.PostgresShared(t).DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	table := pgx.Identifier{s.flags[1], "humasess_sessions"}.Sanitize()
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE "+table); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"list", "--user", "ada"}, {"count", "--user", "ada"}, {"revoke", "--user", "ada"}, {"doctor"}} {
		r := s.call(t, append(args, "--timeout", "200ms")...)
		if r.code != exitError {
			t.Errorf("%q: got %+v, want exit code %d", args, r, exitError)
		}
		has(t, args[0], r.out+r.err, "the store does not answer within 200ms", "--timeout")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	r := in(ctx, nil, "", "list", "--user", "ada", "--store", s.url, s.flags[0], s.flags[1])
	if r.code != exitInterrupted {
		t.Errorf("Ctrl-C: got %+v, want exit code %d", r, exitInterrupted)
	}
}
