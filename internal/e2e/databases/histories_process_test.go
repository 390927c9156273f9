package databases_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores"
)

// These environment variables tell another process its task.
const (
	envJob   = "DATABASES_TEST_JOB"
	envKind  = "DATABASES_TEST_KIND"
	envWhere = "DATABASES_TEST_WHERE"
)

// TestOtherProcess runs in another process. In the test's own process it does
// nothing.
func TestOtherProcess(t *testing.T) {
	job := os.Getenv(envJob)
	if job == "" {
		return
	}
	store := openAt(t, os.Getenv(envKind), os.Getenv(envWhere))
	switch job {
	case "serve":
		server := httptest.NewServer(serve(t, store, &limited))
		defer server.Close()
		_, _ = fmt.Fprintln(os.Stdout, "ready", server.URL)
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "write":
		for range 4 {
			go writeForever(t, store)
		}
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

// writeForever creates and updates sessions, and reports each write that the
// store has acknowledged.
func writeForever(t *testing.T, store stores.Store) {
	ctx := t.Context()
	for {
		id, err := stores.NewID(t.Context(), store, "ada")
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(os.Stdout, "try %x 1\n", id[:])
		if _, err := store.Create(ctx, stores.Create{ID: id, Identity: "ada", Payload: []byte("1"), Idle: time.Hour, Absolute: time.Hour}); err != nil {
			return
		}
		_, _ = fmt.Fprintf(os.Stdout, "did %x 1\n", id[:])
		for version := int64(1); version < 5; version++ {
			_, _ = fmt.Fprintf(os.Stdout, "try %x %d\n", id[:], version+1)
			if _, err := store.Update(ctx, stores.Update{ID: id, Version: version, Payload: fmt.Append(nil, version+1)}); err != nil {
				return
			}
			_, _ = fmt.Fprintf(os.Stdout, "did %x %d\n", id[:], version+1)
		}
	}
}

// startOther starts another process.
func startOther(t *testing.T, job string, p place) (servertest.Process, *bufio.Scanner) {
	t.Helper()
	other := servertest.StartProcess(t, os.Args[0], []string{"-test.run=^TestOtherProcess$"}, envJob+"="+job, envKind+"="+p.kind, envWhere+"="+p.where)
	return other, bufio.NewScanner(other.Output)
}

var limited = humasess.Options[coretest.User]{MaxPerIdentity: coretest.TwoProcessesLimit}

// TestTwoProcesses makes changes in one process that must hold in another.
func TestTwoProcesses(t *testing.T) {
	for _, k := range shared {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p := k.open(t)
			_, output := startOther(t, "serve", p)
			var url string
			for output.Scan() {
				if rest, ok := strings.CutPrefix(output.Text(), "ready "); ok {
					url = rest
					break
				}
			}
			there := coretest.Remote{URL: url}
			here, sessions := coretest.Serve(t, p.store(t), &limited, onChi)
			coretest.TwoProcesses(t, here, there, sessions)
		})
	}
}

// TestKilled kills a process in the middle of its writes. Acknowledged writes
// must be in the store.
func TestKilled(t *testing.T) {
	const rounds, lines = 3, 400
	for _, k := range shared {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p := k.open(t)
			store := p.store(t)
			for range rounds {
				other, output := startOther(t, "write", p)
				tried, did := map[stores.ID]int64{}, map[stores.ID]int64{}
				for n := 0; output.Scan(); n++ {
					var label, id string
					var version int64
					if _, err := fmt.Sscan(output.Text(), &label, &id, &version); err != nil {
						continue // the end of the process cut the line
					}
					raw, err := hex.DecodeString(id)
					if err != nil || len(raw) != len(stores.ID{}) {
						continue
					}
					if label == "did" {
						did[stores.ID(raw)] = version
					}
					tried[stores.ID(raw)] = version
					if n == lines {
						if err := other.Process.Kill(); err != nil {
							t.Fatal(err)
						}
					}
				}
				_ = other.Wait()
				if len(did) < 10 {
					t.Fatalf("got %d sessions acknowledged, want some", len(did))
				}
				for id, version := range did {
					r, err := store.Load(t.Context(), id)
					if err != nil {
						t.Errorf("session acknowledged at version %d: %v", version, err)
						continue
					}
					if r.Version < version || r.Version > tried[id] || string(r.Payload) != fmt.Sprint(r.Version) {
						t.Errorf("got version %d and payload %q, want %d to %d", r.Version, r.Payload, version, tried[id])
					}
				}
			}
			// The store still works for the others.
			coretest.Do(t, coretest.SignIn(t, serve(t, store, nil), "ada"), "POST", "/bump", 200)
		})
	}
}
