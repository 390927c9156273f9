package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// report prints one row for each step and remembers whether one failed.
type report struct {
	out    io.Writer
	failed []string
}

// step runs f and prints its result and its time. It returns false if f failed.
func (r *report) step(name string, f func() (string, error)) bool {
	start := time.Now()
	detail, err := f()
	verdict := "ok"
	if err != nil {
		verdict, detail = "FAILED", err.Error()
		r.failed = append(r.failed, name)
	}
	_, _ = fmt.Fprintf(r.out, "%5.1f s  %-7s %-22s %s\n", time.Since(start).Seconds(), verdict, name, indent(detail))
	return err == nil
}

// result is the error of the failed steps.
func (r *report) result() error {
	if len(r.failed) == 0 {
		return nil
	}
	return fmt.Errorf("failed: %s", strings.Join(r.failed, ", "))
}

// indent places further lines below the first.
func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+strings.Repeat(" ", 40))
}
