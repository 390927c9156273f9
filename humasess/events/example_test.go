package events_test

import (
	"context"
	"expvar"
	"fmt"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

type member struct{ ID string }

// Counters count events by kind and reason. expvar publishes them as they are.
// Prometheus needs a few lines, and OpenTelemetry an observable counter with the
// same loop. A rising rate of rejections shows that an attacker guesses tokens.
func ExampleCounters() {
	var counters events.Counters
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[member]{
		Identity: func(m member) string { return m.ID },
		OnEvent:  counters.Count,
	})
	if err != nil {
		panic(err)
	}
	expvar.Publish("sessions", &counters)

	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("API", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[member] }) (*struct{}, error) {
		return nil, in.Session.Start(member{ID: "u1"})
	})
	huma.Post(api, "/logout", func(_ context.Context, in *struct{ humasess.Session[member] }) (*struct{}, error) {
		return nil, in.Session.Destroy()
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		text := "# TYPE sessions_total counter\n"
		for s, n := range counters.All() {
			text += fmt.Sprintf("sessions_total{kind=%q,reason=%q} %d\n", s.Kind, s.Reason, n)
		}
		_, _ = io.WriteString(w, text)
	})

	client := humasesstest.NewClient(mux)
	for range 2 {
		client.Do(http.MethodPost, "/login", nil)
	}
	client.SetCookie(&http.Cookie{Name: sessions.CookieName(), Value: "a guess"})
	client.Do(http.MethodPost, "/logout", nil)
	fmt.Println(expvar.Get("sessions"))
	fmt.Print(client.Do(http.MethodGet, "/metrics", nil).Body)
	// Output:
	// {"created/sign_in":2,"destroyed/replaced":1,"rejected/malformed":1}
	// # TYPE sessions_total counter
	// sessions_total{kind="created",reason="sign_in"} 2
	// sessions_total{kind="destroyed",reason="replaced"} 1
	// sessions_total{kind="rejected",reason="malformed"} 1
}
