package cookie_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
)

type greeting struct {
	Body struct {
		UID string `json:"uid"`
		N   int    `json:"n"`
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// operation returns one request for an operation that reads or modifies the
// sample session, or has no session.
func operation(tb testing.TB, sealer security.Sealer, path string) func() {
	tb.Helper()
	config := huma.DefaultConfig("Cost", "1.0.0")
	config.CreateHooks = nil
	mux := http.NewServeMux()
	api := humago.New(mux, config)
	r, err := http.NewRequest(http.MethodGet, "https://example.com"+path, http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	answer := func(uid string, n int) *greeting {
		g := &greeting{}
		g.Body.UID, g.Body.N = uid, n
		return g
	}
	if sealer != nil {
		sample := visitor{"u-1234567", "Grace Hopper", [2]string{"admin", "author"}, 1, time.Unix(1_900_000_000, 0).UTC()}
		m, err := humasess.New(cookie.New(sealer, &cookie.Options{AllowReplayAfterLogout: true}),
			&humasess.Options[visitor]{Identity: func(v visitor) string { return v.UID }})
		if err != nil {
			tb.Fatal(err)
		}
		if err := m.Attach(api); err != nil {
			tb.Fatal(err)
		}
		c, err := m.Issue(tb.Context(), sample)
		if err != nil {
			tb.Fatal(err)
		}
		r.Header.Set("Cookie", c.Name+"="+c.Value)
	}
	type input struct{ humasess.Session[visitor] }
	huma.Get(api, "/bare", func(context.Context, *struct{}) (*greeting, error) { return answer("u-1234567", 1), nil })
	if sealer != nil {
		huma.Get(api, "/read", func(_ context.Context, in *input) (*greeting, error) {
			v, _ := in.Get()
			return answer(v.UID, v.N), nil
		})
		huma.Get(api, "/modify", func(_ context.Context, in *input) (*greeting, error) {
			return answer("u-1234567", 1), in.Update(func(v *visitor) error { v.N++; return nil })
		})
	}
	w := &discard{http.Header{}}
	return func() {
		clear(w.header)
		mux.ServeHTTP(w, r)
	}
}

// costs are the budgets. With AEAD a read uses 12 allocations: four for JSON's
// values, two for headers, two for the key of this cookie. The input, the
// request, the request store and the identity take one each.
var costs = []struct {
	kind         string
	make         func(...security.Key) (security.Sealer, error)
	read, modify float64 // allocations over a bare operation, at most
}{
	{"aead", security.NewAEAD, 14, 18},
	{"securecookie", security.NewSecureCookie, 30, 52},
}

// How much does a session in a cookie add to an operation? Compare with bare.
func BenchmarkOperation(b *testing.B) {
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
	run("bare", operation(b, nil, "/bare"))
	for _, c := range costs {
		sealer, err := c.make(key(b))
		if err != nil {
			b.Fatal(err)
		}
		run(c.kind+" read", operation(b, sealer, "/read"))
		run(c.kind+" modify", operation(b, sealer, "/modify"))
	}
}
