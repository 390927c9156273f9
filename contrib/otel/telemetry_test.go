package humasessotel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/memory"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type client struct{ *humasesstest.Client }

func newClient(handler http.Handler) client { return client{humasesstest.NewClient(handler)} }

func (c client) must(tb testing.TB, method, path string, want int, edits ...func(*http.Request)) {
	tb.Helper()
	w := c.Do(method, path, nil, edits...)
	if w.Code != want {
		tb.Errorf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, want)
	}
}

func attributes(s sdktrace.ReadOnlySpan) map[string]string {
	all := map[string]string{}
	for _, kv := range s.Attributes() {
		all[string(kv.Key)] = kv.Value.String()
	}
	return all
}

func TestSpansOfRequests(t *testing.T) {
	r := newRig(t, humasessotel.Options{})
	handler, _ := r.serve(t, r.Store(memory.New(nil)), nil)
	c := newClient(handler)
	c.must(t, "POST", "/login", 204)
	equal(t, "login", r.names(), []string{"POST /login > create session", "POST /login"})
	c.must(t, "POST", "/visit", 204)
	equal(t, "update", r.names(), []string{"POST /visit > load session", "POST /visit > update session", "POST /visit"})
	c.must(t, "GET", "/me", 200)
	for _, s := range r.spans.Ended() {
		if s.Name() != "load session" {
			continue
		}
		if got, want := s.SpanKind(), trace.SpanKindInternal; got != want {
			t.Errorf("kind of a store in the process: got %v, want %v", got, want)
		}
		want := map[string]string{"db.system.name": "memory", "db.operation.name": "load"}
		if got := attributes(s); !equalMaps(got, want) {
			t.Errorf("attributes: got %v, want %v", got, want)
		}
		if s.Status().Code != codes.Unset || s.InstrumentationScope().Name != humasessotel.ScopeName {
			t.Errorf("got status %v and scope %v", s.Status(), s.InstrumentationScope())
		}
	}
	equal(t, "read", r.names(), []string{"GET /me > load session", "GET /me"})
}

func equalMaps(a, b map[string]string) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// remote is a store whose package is not known to be in this process.
type remote struct{ stores.Store }

func (r remote) Load(context.Context, stores.ID) (stores.Record, error) { panic("not called") }

func TestKindOfOtherStores(t *testing.T) {
	r := newRig(t, humasessotel.Options{})
	_, _ = r.Store(remote{memory.New(nil)}).Touch(t.Context(), stores.ID{1}, time.Hour)
	s := r.spans.Ended()[0]
	if s.SpanKind() != trace.SpanKindClient || attributes(s)["db.system.name"] != "otel_test" {
		t.Errorf("got kind %v, attributes %v, want client and the name of the package", s.SpanKind(), attributes(s))
	}
}

// failing returns an error from each call.
type failing struct {
	stores.Store
	err error
}

func (f *failing) Load(context.Context, stores.ID) (stores.Record, error) {
	return stores.Record{}, f.err
}

type sqlError struct{ code string }

func (e sqlError) Error() string    { return "FATAL: password of user secret-user" }
func (e sqlError) SQLState() string { return e.code }

type rueidisError struct{ text string }

func (e rueidisError) Error() string    { return e.text }
func (e rueidisError) IsTryAgain() bool { return false }

type goRedisError struct{ text string }

func (e goRedisError) Error() string { return e.text }
func (e goRedisError) RedisError()   {}

func TestOutcomesAndErrors(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	ctx := t.Context()
	tests := []struct {
		name    string
		ctx     context.Context
		err     error
		outcome string
		kind    string // error.type
		code    string // db.response.status_code
	}{
		{"success", ctx, nil, "", "", ""},
		{"not found", ctx, fmt.Errorf("x: %w", stores.ErrNotFound), "not_found", "", ""},
		{"conflict", ctx, stores.ErrConflict, "conflict", "", ""},
		{"exists", ctx, stores.ErrExists, "exists", "", ""},
		{"limit", ctx, stores.ErrLimit, "limit", "", ""},
		{"revoked", ctx, stores.ErrRevoked, "revoked", "", ""},
		{"changed", ctx, stores.ErrChanged, "changed", "", ""},
		{"no identity", ctx, stores.ErrNoIdentity, "no_identity", "", ""},
		{"unsupported", ctx, errors.ErrUnsupported, "unsupported", "", ""},
		{"the caller has gone away", canceled, sqlError{"57014"}, "canceled", "", ""},
		{"canceled by another", ctx, context.Canceled, "", "canceled", ""},
		{"full", ctx, stores.ErrFull, "", "full", ""},
		{"too large", ctx, stores.ErrTooLarge, "", "too_large", ""},
		{"timeout", ctx, fmt.Errorf("x: %w", context.DeadlineExceeded), "", "timeout", ""},
		{"network timeout", ctx, &net.OpError{Err: os.ErrDeadlineExceeded}, "", "timeout", ""},
		{"refused", ctx, &net.OpError{Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "", "connection_refused", ""},
		{"reset", ctx, &net.OpError{Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "", "connection_reset", ""},
		{"broken pipe", ctx, syscall.EPIPE, "", "connection_reset", ""},
		{"end of file", ctx, io.ErrUnexpectedEOF, "", "connection_reset", ""},
		{"closed", ctx, net.ErrClosed, "", "connection_closed", ""},
		{"DNS", ctx, &net.DNSError{Err: "no such host", Name: "secret-host"}, "", "name_resolution", ""},
		{"no socket", ctx, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENOENT)}, "", "unreachable", ""},
		{"SQLSTATE", ctx, fmt.Errorf("postgres: %w", sqlError{"57P01"}), "", "57P01", "57P01"},
		{"a SQLSTATE of another form", ctx, sqlError{"a user's text"}, "", "_OTHER", ""},
		{"Redis", ctx, fmt.Errorf("redis: %w", rueidisError{"LOADING Redis is loading"}), "", "LOADING", "LOADING"},
		{"Redis in a script", ctx, rueidisError{"ERR Error running script: @user_script: -OOM command not allowed"}, "", "OOM", "OOM"},
		{"out of memory is full as well", ctx, fmt.Errorf("%w: %w", stores.ErrFull, rueidisError{"OOM x"}), "", "OOM", "OOM"},
		{"Redis by go-redis", ctx, goRedisError{"READONLY You can't write"}, "", "READONLY", "READONLY"},
		{"Redis with a new code", ctx, goRedisError{"SOMETHING new"}, "", "_OTHER", ""},
		{"anything else", ctx, errors.New("id=1234 user=secret"), "", "_OTHER", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, humasessotel.Options{})
			_, err := r.Store(&failing{memory.New(nil), tt.err}).Load(tt.ctx, stores.ID{1})
			if !errors.Is(err, tt.err) {
				t.Errorf("got error %v, want that of the store", err)
			}
			s := r.spans.Ended()[0]
			got := attributes(s)
			if got["humasess.outcome"] != tt.outcome || got["error.type"] != tt.kind || got["db.response.status_code"] != tt.code {
				t.Errorf("got %v, want outcome %q, error.type %q, status code %q", got, tt.outcome, tt.kind, tt.code)
			}
			wantStatus := sdktrace.Status{Code: codes.Unset}
			series := []string{"humasess.store.duration{db.operation.name=load,db.system.name=otel_test} 1"}
			if tt.kind != "" {
				wantStatus = sdktrace.Status{Code: codes.Error, Description: tt.kind}
				series[0] = "humasess.store.duration{db.operation.name=load,db.system.name=otel_test,error.type=" + tt.kind + "} 1"
			}
			if s.Status() != wantStatus {
				t.Errorf("status: got %v, want %v", s.Status(), wantStatus)
			}
			if tt.outcome == "conflict" {
				series = slices.Insert(series, 0, "humasess.store.conflicts{db.operation.name=load,db.system.name=otel_test} 1")
			}
			equal(t, "metrics", r.values(t), series)
		})
	}
}

// Each event of a running program is counted once.
func TestCounters(t *testing.T) {
	r := newRig(t, humasessotel.Options{})
	backend := humasesstest.Wrap(memory.New(nil))
	handler, sessions := r.serve(t, backend, &humasess.Options[user]{MaxPerIdentity: 2})
	last := map[string]bool{}
	for _, s := range r.values(t) {
		last[s] = true
	}
	step := func(name string, f func(), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			f()
			var got []string
			for _, s := range r.values(t) {
				if !last[s] {
					got = append(got, s)
				}
				last[s] = true
			}
			equal(t, "changed series", got, want)
		})
	}
	const scheme = "humasess.scheme=sessionCookie"
	a, b, visitor := newClient(handler), newClient(handler), newClient(handler)
	step("E1 sign-in", func() { a.must(t, "POST", "/login", 204) },
		"humasess.sessions.created{humasess.reason=sign_in,"+scheme+"} 1", "humasess.sign_ins{"+scheme+"} 1")
	step("E1 anonymous session", func() { visitor.must(t, "POST", "/visit", 204) },
		"humasess.sessions.created{humasess.reason=anonymous,"+scheme+"} 1")
	step("E1 challenge", func() { newClient(handler).must(t, "GET", "/me", 401) },
		"humasess.challenges{humasess.reason=absent,"+scheme+"} 1")
	step("E1 forbid", func() { a.must(t, "GET", "/admin/all", 403) },
		"humasess.forbids{humasess.reason=role,"+scheme+"} 1")
	step("E1 cross-site", func() {
		a.must(t, "POST", "/visit", 403, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
	}, "humasess.forbids{humasess.reason=cross_origin,"+scheme+"} 1")
	step("E3 a guess", func() {
		guess := newClient(handler)
		guess.SetCookie(&http.Cookie{Name: sessions.CookieName(), Value: strings.Repeat("A", 64)})
		guess.must(t, "POST", "/visit", 204)
	}, "humasess.rejections{humasess.reason=unknown,"+scheme+"} 1", "humasess.sessions.created{humasess.reason=anonymous,"+scheme+"} 2")
	step("E1 revoked", func() { b.must(t, "POST", "/login", 204); a.must(t, "POST", "/others", 204) },
		"humasess.sessions.created{humasess.reason=sign_in,"+scheme+"} 2",
		"humasess.sessions.renewed{"+scheme+"} 1", "humasess.sessions.revoked{"+scheme+"} 1", "humasess.sign_ins{"+scheme+"} 2")
	step("E1 store failure", func() {
		backend.Fail(humasesstest.OpLoad, syscall.ECONNREFUSED)
		a.must(t, "GET", "/me", 503)
		backend.Fail(humasesstest.OpLoad, nil)
	}, "humasess.store.failures{error.type=connection_refused,"+scheme+"} 1")
	step("E1 sign-out", func() { a.must(t, "POST", "/logout", 204) },
		"humasess.sessions.destroyed{humasess.reason=sign_out,"+scheme+"} 1", "humasess.sign_outs{"+scheme+"} 1")
	step("the end of an anonymous session is not a sign-out", func() { visitor.must(t, "POST", "/logout", 204) },
		"humasess.sessions.destroyed{"+scheme+"} 1")
}

// These events are counted as they come, because they take long to provoke.
func TestCountersOfEvents(t *testing.T) {
	for _, tt := range []struct {
		event events.Event
		want  []string
	}{
		{events.Event{Kind: events.Reused}, []string{"humasess.reuses{humasess.scheme=s} 1"}},
		{events.Event{Kind: events.Evicted, Count: 3}, []string{"humasess.sessions.evicted{humasess.scheme=s} 3"}},
		{events.Event{Kind: events.Revoked, Count: -1}, []string{"humasess.sessions.revoked{humasess.scheme=s} 1"}},
		{events.Event{Kind: events.Renewed, Reason: events.ReasonPeriodic}, []string{"humasess.sessions.renewed{humasess.reason=periodic,humasess.scheme=s} 1"}},
		{events.Event{Kind: events.Undecodable}, []string{"humasess.sessions.undecodable{humasess.scheme=s} 1"}},
		{events.Event{Kind: events.Canceled}, []string{"humasess.cancellations{humasess.scheme=s} 1"}},
		{events.Event{Kind: events.Rejected, Reason: events.ReasonLimit}, []string{"humasess.sign_ins{error.type=limit,humasess.scheme=s} 1"}},
		{events.Event{Kind: events.Rejected, Reason: events.ReasonRevokedDuringSignIn}, []string{"humasess.sign_ins{error.type=revoked_during_sign_in,humasess.scheme=s} 1"}},
		{events.Event{Kind: events.Touched}, nil},
		{events.Event{Kind: "a later version"}, nil},
	} {
		r := newRig(t, humasessotel.Options{})
		tt.event.Scheme, tt.event.SessionID, tt.event.Identity, tt.event.Operation = "s", "an ID", "ada", "get-x"
		r.OnEvent(t.Context(), tt.event)
		equal(t, string(tt.event.Kind), r.values(t), tt.want)
	}
}

// No span and no metric holds a secret, a payload or, by default, an identity or an ID.
func TestSecrets(t *testing.T) {
	for _, opened := range []bool{false, true} {
		t.Run(fmt.Sprintf("E2 no token in telemetry, with IDs %v", opened), func(t *testing.T) {
			r := newRig(t, humasessotel.Options{SessionID: opened, Identity: opened})
			backend := humasesstest.Wrap(memory.New(nil))
			handler, sessions := r.serve(t, r.Store(backend), nil)
			c := newClient(handler)
			c.must(t, "POST", "/login", 204)
			token := c.Cookie(sessions.CookieName())
			c.must(t, "POST", "/visit", 204)
			c.must(t, "POST", "/others", 204)
			backend.Fail(humasesstest.OpLoad, fmt.Errorf("cookie %s of ada", token))
			c.must(t, "GET", "/me", 503)
			backend.Fail(humasesstest.OpLoad, nil)
			c.must(t, "POST", "/logout", 204)
			c.SetCookie(&http.Cookie{Name: sessions.CookieName(), Value: token})
			c.must(t, "GET", "/me", 401)

			spans := r.spans.Ended()
			if len(spans) < 10 {
				t.Fatalf("got %d spans", len(spans))
			}
			text := ""
			for _, s := range spans {
				text += fmt.Sprintln(s.Name(), s.Attributes(), s.Events(), s.Status(), s.Links())
			}
			measured := fmt.Sprint(r.collect(t))
			// A token is the base64url of 16 bytes of ID and 32 of secret.
			secret := token[len(token)-40:]
			for _, hidden := range []string{token, secret, secret[:20], "cookie "} {
				if strings.Contains(text, hidden) || strings.Contains(measured, hidden) {
					t.Errorf("telemetry has %q", hidden)
				}
			}
			id := attribute.String("session.id", "").Key
			if got := strings.Contains(text, string(id)) && strings.Contains(text, "enduser.id"); got != opened {
				t.Errorf("session.id and enduser.id on spans: got %v, want %v", got, opened)
			}
			if strings.Contains(measured, string(id)) || strings.Contains(measured, "ada") {
				t.Error("a metric has the session or its user")
			}
		})
	}
}

// sequence notes hooks in the order in which they are called.
type sequence struct {
	slog.Handler
	steps *[]string
}

func (s sequence) Enabled(context.Context, slog.Level) bool { return true }

func (s sequence) Handle(ctx context.Context, r slog.Record) error {
	note := "log " + strings.TrimPrefix(r.Message, "session ")
	if !trace.SpanContextFromContext(ctx).IsValid() {
		note += " without a span"
	}
	*s.steps = append(*s.steps, note)
	return nil
}

// The span of a store's call has ended before its event comes, and the event comes
// before its line in the log. All have the trace of the request.
func TestOrder(t *testing.T) {
	t.Run("E1 spans, events, log", func(t *testing.T) {
		r := newRig(t, humasessotel.Options{})
		var steps []string
		spans := func() {
			for _, name := range r.names() {
				steps = append(steps, "span "+name)
			}
		}
		handler, _ := r.serve(t, r.Store(memory.New(nil)), &humasess.Options[user]{
			Logger: slog.New(sequence{slog.DiscardHandler, &steps}),
			OnEvent: func(ctx context.Context, e events.Event) {
				spans()
				if !trace.SpanContextFromContext(ctx).IsValid() {
					t.Errorf("%s: got no span in the context", e.Kind)
				}
				steps = append(steps, "event "+string(e.Kind))
			},
		})
		c := newClient(handler)
		c.must(t, "POST", "/login", 204)
		c.must(t, "POST", "/logout", 204)
		spans()
		equal(t, "steps", steps, []string{
			"span create session", "event created", "log created", "span POST /login",
			"span load session", "span delete session", "event destroyed", "log destroyed", "span POST /logout",
		})
	})
}
