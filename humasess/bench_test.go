package humasess_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

// visitor is 119 bytes of JSON and flat: a copy shares nothing.
type visitor struct {
	UID   string    `json:"uid"`
	Name  string    `json:"name"`
	Roles [2]string `json:"roles"`
	N     int       `json:"n"`
	Seen  time.Time `json:"seen"`
}

// anyVisitor holds the same, but every reader needs roles of its own.
type anyVisitor struct {
	UID   string    `json:"uid"`
	Name  string    `json:"name"`
	Roles []string  `json:"roles"`
	N     int       `json:"n"`
	Seen  time.Time `json:"seen"`
}

var (
	sample    = visitor{UID: "u-1234567", Name: "Grace Hopper", Roles: [2]string{"admin", "author"}, N: 1, Seen: time.Unix(1_900_000_000, 0).UTC()}
	anySample = anyVisitor{UID: sample.UID, Name: sample.Name, Roles: sample.Roles[:], N: sample.N, Seen: sample.Seen}
)

type greeting struct {
	Body struct {
		UID string `json:"uid"`
		N   int    `json:"n"`
	}
}

// noted is a greeting with a header of the handler.
type noted struct {
	Note string `header:"X-Note"`
	Body struct {
		UID string `json:"uid"`
		N   int    `json:"n"`
	}
}

// plainConfig has no link transformer: the budgets are over a bare operation.
func plainConfig() huma.Config {
	c := huma.DefaultConfig("Bench", "1.0.0")
	c.CreateHooks = nil
	return c
}

// discard is a response writer that costs nothing and is reused.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// scenario is one operation and a request for it.
type scenario struct {
	name    string
	handler http.Handler
	request *http.Request
}

func (s scenario) run() func() {
	w := &discard{header: http.Header{}}
	return func() {
		clear(w.header)
		s.handler.ServeHTTP(w, s.request)
	}
}

func newScenario[I, O any](name, cookie string, attach func(huma.API), handler func(context.Context, *I) (*O, error)) scenario {
	mux := http.NewServeMux()
	api := humago.New(mux, plainConfig())
	attach(api)
	huma.Get(api, "/", handler)
	r, _ := http.NewRequest(http.MethodGet, "https://example.com/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	return scenario{name, mux, r}
}

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

type (
	sharedInput struct{ humasess.Session[visitor] }
	anyInput    struct{ humasess.Required[anyVisitor] }
)

// scenarios are those of the budget for the memory store.
func scenarios() map[string]scenario {
	shared := must(humasess.New(memory.New(nil), &humasess.Options[visitor]{
		Identity: func(v visitor) string { return v.UID },
	}))
	opaque := must(humasess.New(memory.New(nil), &humasess.Options[anyVisitor]{
		Identity: func(v anyVisitor) string { return v.UID },
	}))
	sharedCookie := must(shared.Issue(context.Background(), sample)).String()
	anyCookie := must(opaque.Issue(context.Background(), anySample)).String()
	attachShared := func(api huma.API) { must(0, shared.Attach(api)) }
	both := must(humasess.New(memory.New(nil), &humasess.Options[visitor]{
		Identity: func(v visitor) string { return v.UID }, Bearer: &humasess.BearerOptions{},
	}))
	bothCookie := must(both.Issue(context.Background(), sample)).String()
	attachBoth := func(api huma.API) { must(0, both.Attach(api)) }
	attachAny := func(api huma.API) { must(0, opaque.Attach(api)) }

	answer := func(uid string, n int) (*greeting, error) {
		g := &greeting{}
		g.Body.UID, g.Body.N = uid, n
		return g, nil
	}
	readShared := func(_ context.Context, in *sharedInput) (*greeting, error) {
		v, _ := in.Get()
		return answer(v.UID, v.N)
	}
	bare := func(_ context.Context, _ *struct{}) (*greeting, error) { return answer("u-1234567", 1) }

	modifyShared := func(_ context.Context, in *sharedInput) (*greeting, error) {
		if err := in.Update(func(v *visitor) error { v.N++; return nil }); err != nil {
			return nil, err
		}
		return answer("u-1234567", 1)
	}
	byToken := func(s scenario) scenario {
		token := must(both.IssueBearer(context.Background(), sample))
		s.request.Header.Set("Authorization", "Bearer "+token.AccessToken)
		return s
	}
	// The gate has a quicker way for answers without a header of the handler.
	noting := func(_ context.Context, in *sharedInput) (*noted, error) {
		v, _ := in.Get()
		n := &noted{Note: "yes"}
		n.Body.UID, n.Body.N = v.UID, v.N
		return n, nil
	}

	all := map[string]scenario{}
	for _, s := range []scenario{
		newScenario("both: no cookie", "", attachBoth, readShared),
		newScenario("both: malformed cookie", cookieName+"=x", attachBoth, readShared),
		newScenario("both: read shared", bothCookie, attachBoth, readShared),
		newScenario("both: modify shared", bothCookie, attachBoth, modifyShared),
		newScenario("both: read noted", bothCookie, attachBoth, noting),
		newScenario("read noted", sharedCookie, attachShared, noting),
		byToken(newScenario("read by token", "", attachBoth, readShared)),
		byToken(newScenario("modify by token", "", attachBoth, modifyShared)),
		newScenario("bare", sharedCookie, func(huma.API) {}, bare),
		newScenario("without session", sharedCookie, attachShared, bare),
		newScenario("no cookie", "", attachShared, readShared),
		newScenario("malformed cookie", cookieName+"=x", attachShared, readShared),
		newScenario("read shared", sharedCookie, attachShared, readShared),
		newScenario("read any", anyCookie, attachAny, func(_ context.Context, in *anyInput) (*greeting, error) {
			v := in.Value()
			return answer(v.UID, v.N)
		}),
		newScenario("modify shared", sharedCookie, attachShared, modifyShared),
		newScenario("modify any", anyCookie, attachAny, func(_ context.Context, in *anyInput) (*greeting, error) {
			err := in.Update(func(v *anyVisitor) error { v.N++; return nil })
			if err != nil {
				return nil, err
			}
			return answer("u-1234567", 1)
		}),
	} {
		all[s.name] = s
	}
	return all
}

// How much time does a session add to a huma operation? Compare with bare in the same
// run.
func BenchmarkOperation(b *testing.B) {
	all := scenarios()
	for _, name := range []string{"bare", "without session", "no cookie", "malformed cookie", "read shared", "read any", "modify shared", "modify any"} {
		b.Run(name, func(b *testing.B) {
			run := all[name].run()
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

// How many times as long as bare huma? The scenarios take turns, a batch each,
// and the fastest batch counts: a busy machine slows down all of them alike.
func BenchmarkRatios(b *testing.B) {
	const batch = 50
	names := []string{"bare", "without session", "no cookie", "malformed cookie", "read shared", "read any", "modify shared", "modify any"}
	all := scenarios()
	runs, fastest := map[string]func(){}, map[string]time.Duration{}
	for _, name := range names {
		runs[name], fastest[name] = all[name].run(), time.Hour
	}
	for b.Loop() {
		for _, name := range names {
			run, start := runs[name], time.Now()
			for range batch {
				run()
			}
			fastest[name] = min(fastest[name], time.Since(start))
		}
	}
	for _, name := range names {
		b.ReportMetric(float64(fastest[name])/float64(fastest["bare"]), strings.ReplaceAll(name, " ", "-")+"/bare")
	}
}

// Does it stay flat when many goroutines read?
func BenchmarkOperationParallel(b *testing.B) {
	all := scenarios()
	for _, name := range []string{"bare", "read shared"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				run := all[name].run()
				for pb.Next() {
					run()
				}
			})
		})
	}
}
