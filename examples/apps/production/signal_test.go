package main

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/servertest"
)

// asMain makes the binary of the test run the program.
const asMain = "HUMASESS_PRODUCTION_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestSecondSignal stops the program while it drains for an hour. The first signal is the
// polite one, so another must end the process at once.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asMain+"=1", "DATABASE_URL="+servertest.StartPostgres(t, "fsync=off").DSN,
		"LISTEN=localhost:0", "ORIGIN=http://localhost:8888", "DRAIN=1h")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	until := func(message string) {
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"msg":"`+message+`"`) {
				return
			}
		}
		t.Fatalf("the log ends before %q: %v", message, lines.Err())
	}
	until("serving")
	_ = cmd.Process.Signal(syscall.SIGTERM)
	until("shutting down")
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	again, limit := time.NewTicker(100*time.Millisecond), time.After(20*time.Second)
	defer again.Stop()
	for {
		select {
		case <-ended:
			return
		case <-again.C:
			_ = cmd.Process.Signal(syscall.SIGTERM)
		case <-limit:
			_ = cmd.Process.Kill()
			t.Fatal("the process runs on after many signals")
		}
	}
}
