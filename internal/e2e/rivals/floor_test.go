package rivals_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// The floor is the least work that a session layer inside huma's inputs can do.
// Budgets are multiples of its time, so its parts are fixed here:
//
//   - one marker parameter and one Resolve, which huma calls for the input;
//   - one context around huma's, in one allocation with the request's data;
//   - a scan of the Cookie header by hand, and SHA-256 of the token;
//   - one look-up in a map under a read lock, and a copy of the value;
//   - Vary for each response, and Cache-Control for a response with a session.
//
// It has no timeouts, no store, no commit and no checks. No program should use it.
type floorStore struct {
	lock     sync.RWMutex
	sessions map[[sha256.Size]byte]*visitor
}

const (
	floorCookie = "__Host-id"
	floorToken  = 43 // characters: 32 bytes in base64
	floorName   = "floor"
)

type humaContext = huma.Context

// floorRequest is the context of a request, and its session.
type floorRequest struct {
	humaContext
	values  floorValues
	active  bool
	visitor visitor
}

// floorValues is the context for the handler. From it a session can be found.
type floorValues struct {
	context.Context
	request *floorRequest
}

type floorKey struct{}

func (v *floorValues) Value(key any) any {
	if key == (floorKey{}) {
		return v.request
	}
	return v.Context.Value(key)
}

// Context returns the context that the handler receives.
func (r *floorRequest) Context() context.Context { return &r.values }

// Unwrap returns the context of the router.
func (r *floorRequest) Unwrap() huma.Context { return r.humaContext }

// floorMarker is the parameter that shows a session to huma.
type floorMarker struct{ request *floorRequest }

// Schema implements [huma.SchemaProvider].
func (*floorMarker) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeString} }

// UnmarshalText implements [encoding.TextUnmarshaler]. It ignores text of a client.
func (*floorMarker) UnmarshalText([]byte) error { return nil }

// FloorSession is embedded in an operation's input. huma passes over fields that
// are not exported, so it is.
type FloorSession struct {
	Marker floorMarker `header:"Floor-Session"`
}

// Resolve implements [huma.Resolver].
func (s *FloorSession) Resolve(ctx huma.Context) []error {
	s.Marker.request, _ = ctx.(*floorRequest)
	return nil
}

func (s *FloorSession) get() (visitor, bool) {
	return s.Marker.request.visitor, s.Marker.request.active
}

// middleware loads the session.
func (f *floorStore) middleware(ctx huma.Context, next func(huma.Context)) {
	r := &floorRequest{humaContext: ctx}
	r.values = floorValues{ctx.Context(), r}
	ctx.AppendHeader("Vary", "Cookie")
	if token, ok := floorScan(ctx.Header("Cookie")); ok {
		var text [floorToken]byte
		copy(text[:], token)
		hash := sha256.Sum256(text[:])
		f.lock.RLock()
		found := f.sessions[hash]
		f.lock.RUnlock()
		if found != nil {
			r.visitor, r.active = *found, true
			ctx.SetHeader("Cache-Control", "no-store")
		}
	}
	next(r)
}

// floorScan returns the token in a Cookie header.
func floorScan(header string) (string, bool) {
	for header != "" {
		var pair string
		pair, header, _ = strings.Cut(header, ";")
		name, value, _ := strings.Cut(strings.TrimLeft(pair, " "), "=")
		if name == floorCookie {
			return value, len(value) == floorToken
		}
	}
	return "", false
}

// start stores a session, and returns its token.
func (f *floorStore) start(v visitor) string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	token := base64.RawURLEncoding.EncodeToString(random)
	f.lock.Lock()
	defer f.lock.Unlock()
	f.sessions[sha256.Sum256([]byte(token))] = &v
	return token
}

// floor is the subject. It has no operation that modifies a session.
func floor() subject {
	store := &floorStore{sessions: map[[sha256.Size]byte]*visitor{}}
	api, handler := newAPI()
	api.UseMiddleware(store.middleware)
	type login struct {
		SetCookie string `header:"Set-Cookie"`
		Body      answer
	}
	huma.Post(api, "/login", func(context.Context, *struct{}) (*login, error) {
		c := http.Cookie{Name: floorCookie, Value: store.start(sample), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
		return &login{c.String(), answer{sample.UID, 1}}, nil
	})
	huma.Get(api, "/read", func(_ context.Context, in *struct{ FloorSession }) (*greeting, error) {
		v, _ := in.get()
		return greet(v.UID, v.N), nil
	})
	return subject{name: floorName, handler: handler, has: []string{noCookie, read}}
}

// TestFloorMarker checks that huma sees the marker. Without it the floor is faster
// than any session layer can be.
func TestFloorMarker(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	floor().handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", http.NoBody))
	if !strings.Contains(w.Body.String(), "Floor-Session") {
		t.Error("the document has no parameter of the floor")
	}
}
