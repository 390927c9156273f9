package redis_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/humasess/sessions/humasess"
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
	handler, _ := serve(&testing.T{}, redis.New(client, &redis.Options{Prefix: os.Getenv(childPrefix)}), &humasess.Options[user]{MaxPerIdentity: coretest.TwoProcessesLimit}, hooks{})
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
	other := servertest.StartProcess(t, os.Args[0], nil, childAddr+"="+strings.Join(server.Addrs, ","), childPrefix+"="+name)
	url, err := bufio.NewReader(other.Output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)

	store := redis.New(dial(t, server), &redis.Options{Prefix: name})
	here, sessions := serve(t, store, &humasess.Options[user]{MaxPerIdentity: coretest.TwoProcessesLimit}, hooks{})
	there := coretest.Remote{URL: url}
	coretest.TwoProcesses(t, here, there, sessions)
}
