package redis_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// This is the environment of the second process: this test binary, as an API.
const (
	childAddr   = "HUMASESS_TEST_CHILD_ADDR"
	childPrefix = "HUMASESS_TEST_CHILD_PREFIX"
)

func TestMain(m *testing.M) {
	if os.Getenv(childAddr) == "" {
		// Tests wait for servers more than for processors, so more of them run
		// in parallel.
		flag.Parse()
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child serves until its input ends.
func child() error {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: strings.Split(os.Getenv(childAddr), ",")})
	if err != nil {
		return err
	}
	defer client.Close()
	handler, _ := serve(&testing.T{}, redis.New(client, &redis.Options{Prefix: os.Getenv(childPrefix)}), &humasess.Options[user]{MaxPerIdentity: 3}, hooks{})
	server := httptest.NewServer(handler)
	defer server.Close()
	_, _ = fmt.Fprintln(os.Stdout, server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// TestTwoProcesses shows that a change by one process holds in another at its
// next request.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	server := servertest.RedisCluster(t)
	name := prefix(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childAddr+"="+strings.Join(server.Addrs, ","), childPrefix+"="+name)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("second process: %v", err)
		}
	})
	url, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)

	store := redis.New(dial(t, server), &redis.Options{Prefix: name})
	here, sessions := serve(t, store, &humasess.Options[user]{MaxPerIdentity: 3}, hooks{})
	there := coretest.Remote{URL: url}
	login := func(at http.Handler) *humasesstest.Client { return coretest.SignIn(t, at, "ada") }

	t.Run("R1 logout", func(t *testing.T) {
		a := login(here)
		b := coretest.Move(a, there)
		if got := n(t, do(t, b, "POST", "/bump", 200)); got != 1 {
			t.Errorf("counter there: got %d, want 1", got)
		}
		if got := n(t, do(t, a, "POST", "/bump", 200)); got != 2 {
			t.Errorf("counter here: got %d, want 2", got)
		}
		do(t, b, "POST", "/logout", 200)
		do(t, a, "GET", "/me", 401)
	})
	t.Run("R2 revoke all", func(t *testing.T) {
		a, b := login(here), login(there)
		if count, err := sessions.RevokeIdentity(t.Context(), "ada"); count != 2 || err != nil {
			t.Errorf("got %d revoked and error %v, want 2", count, err)
		}
		do(t, a, "GET", "/me", 401)
		do(t, b, "GET", "/me", 401)
	})
	t.Run("R6 limit", func(t *testing.T) {
		clients := make([]*humasesstest.Client, 20)
		together(len(clients), func(i int) { clients[i] = login([]http.Handler{here, there}[i%2]) })
		live := 0
		for _, c := range clients {
			if coretest.Move(c, here).Do("GET", "/me", nil).Code == http.StatusOK {
				live++
			}
		}
		if live != 3 {
			t.Errorf("got %d sessions, want 3", live)
		}
	})
}
