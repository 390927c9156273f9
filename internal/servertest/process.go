package servertest

import (
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Process is a program that runs beside the test. It has to end when its input ends, so it
// ends with the test, and with the process of the test.
type Process struct {
	*exec.Cmd
	Input  io.WriteCloser
	Output io.Reader
}

// StartProcess starts a program, such as the binary of the test, which is os.Args[0]. The test fails
// if the program fails, unless the test has waited for it.
func StartProcess(tb testing.TB, program string, args []string, env ...string) Process {
	tb.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = input.Close()
		if cmd.ProcessState != nil {
			return
		}
		stop := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer stop.Stop()
		_, _ = io.Copy(io.Discard, output)
		if err := cmd.Wait(); err != nil {
			tb.Errorf("the other process: %v", err)
		}
	})
	return Process{cmd, input, output}
}
