package rivals_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
)

// visitor is 119 bytes of JSON, and a copy shares no memory.
type visitor struct {
	UID   string    `json:"uid"`
	Name  string    `json:"name"`
	Roles [2]string `json:"roles"`
	N     int       `json:"n"`
	Seen  time.Time `json:"seen"`
}

// anyVisitor holds the same, but a copy would share the roles.
type anyVisitor struct {
	UID   string    `json:"uid"`
	Name  string    `json:"name"`
	Roles []string  `json:"roles"`
	N     int       `json:"n"`
	Seen  time.Time `json:"seen"`
}

var (
	sample    = visitor{"u-1234567", "Grace Hopper", [2]string{"admin", "author"}, 1, time.Unix(1_900_000_000, 0).UTC()}
	anySample = anyVisitor{sample.UID, sample.Name, sample.Roles[:], sample.N, sample.Seen}
)

// greeting is the body of /read and /modify.
type greeting struct {
	Body struct {
		UID string `json:"uid"`
		N   int    `json:"n"`
	}
}

func greet(uid string, n int) *greeting {
	g := &greeting{}
	g.Body.UID, g.Body.N = uid, n
	return g
}

// subject is a way to have sessions in a huma API on chi. One operation reads
// two values of the session, and one adds 1 to a counter. As in a browser, the
// cookie of a response replaces that of the request.
type subject struct {
	name    string
	handler http.Handler
	has     []string // requests that it answers; nil for those of peers
	own     bool     // uses this module
}

// answers tells whether the subject takes part in the comparison of a request.
func (s subject) answers(request string) bool {
	if s.has == nil {
		return request != plain
	}
	return slices.Contains(s.has, request)
}

// newAPI returns an API whose operations add no cost to huma's.
func newAPI(middlewares ...func(http.Handler) http.Handler) (huma.API, http.Handler) {
	config := huma.DefaultConfig("Rivals", "1.0.0")
	config.CreateHooks = nil
	router := chi.NewMux()
	router.Use(middlewares...)
	return humachi.New(router, config), router
}

// bareName is the subject that all others are compared to. It has no sessions.
const bareName = "bare huma"

// bare has no sessions at all.
func bare() subject {
	api, handler := newAPI()
	constant := func(context.Context, *struct{}) (*greeting, error) { return greet(sample.UID, 1), nil }
	huma.Post(api, "/login", constant)
	huma.Get(api, "/read", constant)
	huma.Get(api, "/modify", constant)
	huma.Get(api, "/plain", constant)
	return subject{name: bareName, handler: handler, has: []string{plain, noCookie, read, modify}}
}

// client repeats one request, as long as the session lasts.
type client struct {
	handler http.Handler
	request *http.Request
	w       *discard
}

// discard is a reusable response writer without cost.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

func (c *client) send() {
	clear(c.w.header)
	c.w.status = http.StatusOK
	c.handler.ServeHTTP(c.w, c.request)
	if c.w.status != http.StatusOK {
		panic(fmt.Sprintf("%s answers %d", c.request.URL, c.w.status))
	}
}

// visit signs in and returns a client that sends requests for path with the
// session's cookie. Without signing in it sends no cookie.
func (s subject) visit(tb testing.TB, path string, signIn bool) *client {
	tb.Helper()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "https://example.com"+path, http.NoBody)
	r.Header.Set("Accept", "application/json")
	if signIn {
		answer, cookies := s.do(tb, http.MethodPost, "/login", nil)
		if answer.UID != sample.UID {
			tb.Fatalf("%s: POST /login answers %+v", s.name, answer)
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}
	return &client{s.handler, r, &discard{header: http.Header{}}}
}

// answer is the JSON of a greeting.
type answer struct {
	UID string `json:"uid"`
	N   int    `json:"n"`
}

// do returns the answer, and the cookies for the next request.
func (s subject) do(tb testing.TB, method, path string, cookies []*http.Cookie) (answer, []*http.Cookie) {
	tb.Helper()
	r := httptest.NewRequestWithContext(context.Background(), method, "https://example.com"+path, http.NoBody)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		tb.Fatalf("%s: %s %s answers %d %s", s.name, method, path, w.Code, w.Body)
	}
	if set := w.Result().Cookies(); len(set) > 0 {
		cookies = set
	}
	return a, cookies
}

// TestSubjects checks that every subject signs in, reads and modifies.
// Otherwise a benchmark could measure less work.
func TestSubjects(t *testing.T) {
	t.Parallel()
	for _, group := range append([]group{{"floor", 1, func(testing.TB) []subject { return []subject{floor()} }}}, groups...) {
		for _, s := range group.subjects(t) {
			t.Run(group.name+"/"+s.name, func(t *testing.T) {
				_, cookies := s.do(t, http.MethodPost, "/login", nil)
				var a answer
				for n := 1; n <= 3; n++ {
					if a, _ = s.do(t, http.MethodGet, "/read", cookies); a != (answer{sample.UID, n}) {
						t.Fatalf("GET /read answers %+v, want %s and %d", a, sample.UID, n)
					}
					if !s.answers(modify) {
						break
					}
					_, cookies = s.do(t, http.MethodGet, "/modify", cookies)
				}
				if a, _ = s.do(t, http.MethodGet, "/read", nil); a != (answer{}) {
					t.Errorf("GET /read without a cookie answers %+v", a)
				}
				if s.answers(plain) {
					s.do(t, http.MethodGet, "/plain", nil)
				}
			})
		}
	}
}
