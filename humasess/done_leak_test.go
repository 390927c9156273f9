package humasess_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// TestDoneLeaksNothing has many requests ask for Done, of one session and of
// many, and nothing is left of them.
func TestDoneLeaksNothing(t *testing.T) {
	const requests, clients, users = 100_000, 8, 100
	opts := accountOptions()
	opts.Logger, opts.DoneInterval = slog.New(slog.DiscardHandler), 100*time.Millisecond
	sessions, err := humasess.New(memory.New(nil), &opts)
	if err != nil {
		t.Fatal(err)
	}
	handler := sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[account](r.Context())
		if first, second := s.Done(), s.Done(); first != second {
			t.Error("two channels of one session")
		}
	}))
	cookies := make([]*http.Cookie, users)
	for i := range cookies {
		cookies[i] = humasesstest.Login(t, sessions, account{ID: string(rune('a' + i))})
	}
	run := func(n int) {
		var all sync.WaitGroup
		for c := range clients {
			all.Go(func() {
				for i := range n / clients {
					req := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://example.com/", nil)
					req.AddCookie(cookies[(i*i+c)%users])
					handler.ServeHTTP(httptest.NewRecorder(), req)
				}
			})
		}
		all.Wait()
	}
	held := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	goroutines := runtime.NumGoroutine()
	run(requests / 10)
	before := held()
	run(requests)
	if after := held(); after > before+requests*16 {
		t.Errorf("%d requests leave %d bytes", requests, after-before)
	} else {
		t.Logf("%d requests leave %d bytes", requests, int64(after)-int64(before))
	}
	for begin := time.Now(); runtime.NumGoroutine() > goroutines && time.Since(begin) < patience; {
		time.Sleep(10 * time.Millisecond) // the goroutine stops when no request waits
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("got %d goroutines after the last request, %d before", n, goroutines)
	}
	if err := sessions.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
