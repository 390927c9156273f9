package humasessotel_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

type member struct {
	ID     string
	Visits int
}

// A program sets its providers as the global ones, and then observes its store and its
// events.
func Example() {
	// docs: begin setup
	telemetry, err := humasessotel.New(nil) // with the global providers
	if err != nil {
		panic(err)
	}
	sessions, err := humasess.New(telemetry.Store(memory.New(nil)), &humasess.Options[member]{
		Identity: func(m member) string { return m.ID },
		OnEvent:  telemetry.OnEvent,
	})
	if err != nil {
		panic(err)
	}
	// docs: end
	fmt.Println(sessions.CookieName())
	// Output: __Host-id
}

// The calls of the store are children of the span of their request.
func ExampleTelemetry_Store() {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	telemetry, err := humasessotel.New(&humasessotel.Options{TracerProvider: provider})
	if err != nil {
		panic(err)
	}
	sessions, err := humasess.New(telemetry.Store(memory.New(nil)), &humasess.Options[member]{
		Identity: func(m member) string { return m.ID },
		OnEvent:  telemetry.OnEvent,
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("API", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		panic(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[member] }) (*struct{}, error) {
		return nil, in.Session.Start(member{ID: "u1"})
	})
	huma.Post(api, "/visit", func(_ context.Context, in *struct{ humasess.Required[member] }) (*struct{}, error) {
		return nil, in.Update(func(m *member) error { m.Visits++; return nil })
	})
	// A program has otelhttp.NewHandler in place of this function.
	traced := func(w http.ResponseWriter, r *http.Request) {
		ctx, span := provider.Tracer("server").Start(r.Context(), r.Method+" "+r.URL.Path, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		mux.ServeHTTP(w, r.WithContext(ctx))
	}

	client := humasesstest.NewClient(http.HandlerFunc(traced))
	client.Do(http.MethodPost, "/login", nil)
	client.Do(http.MethodPost, "/visit", nil)
	fmt.Print(traces(exporter.GetSpans()))
	// Output:
	// POST /login (server)
	//   create session (internal) db.system.name=memory db.operation.name=create
	// POST /visit (server)
	//   load session (internal) db.system.name=memory db.operation.name=load
	//   update session (internal) db.system.name=memory db.operation.name=update
}

// A program with a function of its own for events calls both.
func ExampleTelemetry_OnEvent() {
	telemetry, err := humasessotel.New(nil)
	if err != nil {
		panic(err)
	}
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[member]{
		Identity: func(m member) string { return m.ID },
		OnEvent: func(ctx context.Context, e events.Event) {
			telemetry.OnEvent(ctx, e)
			fmt.Println(e.Identity, e.Kind)
		},
	})
	if err != nil {
		panic(err)
	}
	if _, err := sessions.Issue(context.Background(), member{ID: "ada"}); err != nil {
		panic(err)
	}
	// Output: ada created
}

// With sessions in cookies, the calls of the revocations leave the process.
func ExampleTelemetry_Revocations() {
	telemetry, err := humasessotel.New(nil)
	if err != nil {
		panic(err)
	}
	key, err := security.GenerateKey()
	if err != nil {
		panic(err)
	}
	sealer, err := security.NewAEAD(key)
	if err != nil {
		panic(err)
	}
	store := cookie.New(sealer, &cookie.Options{Revoked: telemetry.Revocations(memory.NewRevocations())})
	_, err = humasess.New(store, &humasess.Options[member]{Identity: func(m member) string { return m.ID }})
	fmt.Println(err)
	// Output: <nil>
}

// traces returns each request, and its children below it.
func traces(spans tracetest.SpanStubs) string {
	var b strings.Builder
	for _, request := range spans {
		if request.Parent.IsValid() {
			continue
		}
		fmt.Fprintf(&b, "%s (%v)\n", request.Name, request.SpanKind)
		for _, s := range spans {
			if s.Parent.SpanID() != request.SpanContext.SpanID() {
				continue
			}
			fmt.Fprintf(&b, "  %s (%v)", s.Name, s.SpanKind)
			for _, kv := range s.Attributes {
				fmt.Fprintf(&b, " %s=%s", kv.Key, kv.Value.String())
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
