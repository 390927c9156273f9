package report_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/stores"
)

// memory is a log whose lines have no time.
type memory struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (m *memory) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.buffer.Write(b)
}

// take returns the lines since the last take.
func (m *memory) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := strings.TrimSuffix(m.buffer.String(), "\n")
	m.buffer.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

type rig struct {
	report.Reporter
	log    memory
	events int
}

func newRig(level slog.Level) *rig {
	r := &rig{}
	r.Scheme, r.LogIdentity = "s", true
	r.OnEvent = func(context.Context, events.Event) { r.events++ }
	r.Logger = slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	return r
}

func (r *rig) fail(n int) {
	for i := range n {
		r.Emit(context.Background(), events.Event{
			Kind: events.StoreFailed, SessionID: "id", Identity: "ada", Operation: "op", Err: fmt.Errorf("down %d", i+1),
		})
	}
}

func (r *rig) want(t *testing.T, step string, want ...string) {
	t.Helper()
	got := r.log.take()
	if len(got) != len(want) {
		t.Errorf("%s: got %q, want %q", step, got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: got %s, want %s", step, got[i], want[i])
		}
	}
}

const failed = `level=ERROR msg="session store_failed" event=store_failed scheme=s `

func TestStoreFailuresOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(slog.LevelInfo)
		r.fail(100)
		r.want(t, "the first at once", failed+`session_id=id identity=ada operation=op error="down 1"`)
		time.Sleep(time.Second - time.Nanosecond)
		r.fail(1)
		synctest.Wait()
		r.want(t, "before the second is over")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		r.want(t, "the others in one line", failed+`operation=op error="down 1" failures=100`)
		time.Sleep(time.Second / 2)
		r.fail(1)
		synctest.Wait()
		r.want(t, "the next second")
		time.Sleep(time.Second / 2)
		synctest.Wait()
		r.want(t, "one failure keeps its session", failed+`session_id=id identity=ada operation=op error="down 1" failures=1`)
		time.Sleep(time.Minute)
		synctest.Wait()
		r.want(t, "nothing more")
		r.fail(1)
		r.want(t, "the next outage at once", failed+`session_id=id identity=ada operation=op error="down 1"`)
		if r.events != 103 {
			t.Errorf("OnEvent: got %d events, want each of 103", r.events)
		}
	})
}

// An outage of ten minutes has at most one line for each second, and all failures.
func TestLongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(slog.LevelInfo)
		for range 6000 {
			r.fail(1)
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		lines, sum := r.log.take(), 0
		for _, l := range lines {
			n := 1
			if _, text, ok := strings.Cut(l, "failures="); ok {
				_, _ = fmt.Sscan(text, &n)
			}
			sum += n
		}
		if len(lines) > 601 || sum != 6000 {
			t.Errorf("got %d lines with %d failures, want at most 601 with 6000", len(lines), sum)
		}
	})
}

func TestCloseWritesTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(slog.LevelInfo)
		r.fail(3)
		r.log.take()
		r.Close()
		r.want(t, "Close", failed+`operation=op error="down 3" failures=2`)
		r.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		r.want(t, "afterwards")
	})
}

// A window that was left open when a bubble ended is not in the way of another one.
func TestTwoBubbles(t *testing.T) {
	r := newRig(slog.LevelInfo)
	synctest.Test(t, func(*testing.T) { r.fail(3) })
	r.log.take()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		r.fail(1)
		r.want(t, "the next bubble", failed+`operation=op error="down 1" failures=3`)
	})
}

func TestKindsOfLines(t *testing.T) {
	emit := func(r *rig, all ...events.Event) {
		for _, e := range all {
			r.Emit(context.Background(), e)
		}
	}
	for _, tt := range []struct {
		name string
		all  []events.Event
		want int // lines at once
	}{
		{"cross-site requests", []events.Event{{Kind: events.Refused, Reason: events.ReasonCrossOrigin}, {Kind: events.Refused, Reason: events.ReasonCrossOrigin}}, 1},
		{"different reasons", []events.Event{{Kind: events.Refused, Reason: events.ReasonCrossOrigin}, {Kind: events.Refused, Reason: events.ReasonCSRF}}, 2},
		{"undecodable data", []events.Event{{Kind: events.Undecodable, SessionID: "a"}, {Kind: events.Undecodable, SessionID: "b"}}, 1},
		{"reuse of one session", []events.Event{{Kind: events.Reused, SessionID: "a"}, {Kind: events.Reused, SessionID: "a"}}, 1},
		{"reuse of two sessions", []events.Event{{Kind: events.Reused, SessionID: "a"}, {Kind: events.Reused, SessionID: "b"}}, 2},
		{"an outage, and data of a client that are too large", []events.Event{
			{Kind: events.StoreFailed, Err: errors.New("down")}, {Kind: events.StoreFailed, Err: fmt.Errorf("9 bytes: %w", stores.ErrTooLarge)},
		}, 2},
		{"refusals by role are for debugging", []events.Event{{Kind: events.Refused, Reason: events.ReasonRole}}, 0},
		{"challenges are for debugging", []events.Event{{Kind: events.Challenged, Reason: events.ReasonAbsent}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(slog.LevelInfo)
				emit(r, tt.all...)
				if got := r.log.take(); len(got) != tt.want {
					t.Errorf("got %q, want %d lines", got, tt.want)
				}
				debug := newRig(slog.LevelDebug)
				emit(debug, tt.all...)
				if got := debug.log.take(); tt.want == 0 && len(got) != len(tt.all) {
					t.Errorf("debugging: got %q, want each of %d", got, len(tt.all))
				}
			})
		})
	}
}

func TestInvalidCallsOncePerOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(slog.LevelInfo)
		for _, operation := range []string{"a", "a", "a", "b"} {
			r.Invalid(context.Background(), operation, errors.New("broken"))
		}
		const line = `level=ERROR msg="invalid call of a session" operation=%s scheme=s error=broken`
		r.want(t, "at once", fmt.Sprintf(line, "a"), fmt.Sprintf(line, "b"))
		time.Sleep(time.Second)
		synctest.Wait()
		r.want(t, "afterwards", fmt.Sprintf(line, "a")+" times=2")
	})
}

// panicking is a log that fails at times.
type panicking struct {
	slog.Handler

	now *atomic.Bool
}

func (p panicking) Handle(ctx context.Context, r slog.Record) error {
	if p.now.Load() {
		panic("the log is broken")
	}
	return p.Handler.Handle(ctx, r)
}

// A log that panics in a request is for the router to answer. At the end of a window no
// caller could recover, so the process would end.
func TestPanicOfTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, broken := newRig(slog.LevelInfo), new(atomic.Bool)
		r.Logger = slog.New(panicking{r.Logger.Handler(), broken})
		r.fail(2)
		r.log.take()
		broken.Store(true)
		time.Sleep(time.Second)
		synctest.Wait()
		broken.Store(false)
		r.fail(1)
		time.Sleep(time.Second)
		synctest.Wait()
		r.want(t, "after the panic", failed+`session_id=id identity=ada operation=op error="down 1" failures=1`)
	})
}

// nilError is an error whose nil pointer has no text.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// The text of an error may panic. slog writes the panic into the line, so the request
// goes on.
func TestErrorWithoutText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(slog.LevelInfo)
		for range 2 {
			r.Emit(context.Background(), events.Event{Kind: events.StoreFailed, Err: (*nilError)(nil)})
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := r.log.take(); len(got) != 2 || !strings.Contains(got[1], "failures=1") {
			t.Errorf("got %q, want a line and another with a count", got)
		}
	})
}
