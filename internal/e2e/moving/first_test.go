package moving_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/e2e/moving"
)

// TestRareFirstRequests begins with requests that a browser seldom sends first. Each is
// followed by a read, then by a write. The old session must serve both if ours does not.
func TestRareFirstRequests(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		yes, no := []string{ours}, []string(nil)
		head := map[bool]int{false: 200, true: 405}[l.chi] // humago answers HEAD where GET is registered
		headSet := map[bool][]string{false: yes, true: no}[l.chi]
		for _, tt := range []struct {
			method, path string
			want         int
			set, then    []string // cookies of this answer, and of the read
		}{
			{http.MethodHead, "/page", 200, yes, no},
			{http.MethodHead, "/me", head, headSet, map[bool][]string{false: no, true: yes}[l.chi]},
			{http.MethodOptions, "/me", 405, no, yes},
			{http.MethodOptions, "/page", 204, yes, no},
			{get, "/nowhere", 404, no, yes},
			{get, "/missing", 404, no, no}, // its claim lasts ten seconds
			{get, "/broken", 500, no, no},
			{post, "/broken", 500, no, yes}, // a write claims nothing
		} {
			r := newRig(t, l)
			r.registerRare()
			b := l.signedIn(t)
			name := tt.method + " " + tt.path
			r.want(name, b.do(tt.method, r.url+tt.path), tt.want, "", tt.set...)
			r.want(name+", then a read", b.do(get, r.url+"/me"), 200, b.user, tt.then...)
			var set []string
			if len(tt.set)+len(tt.then) == 0 {
				set = yes
			}
			r.want(name+", then a write", b.do(post, r.url+"/note"), 200, b.user, set...)
			r.wantSessions(name, 1)
		}
	})
}

func (r *rig) registerRare() {
	me := func(context.Context, *required) (*struct{}, error) { return nil, nil }
	huma.Register(r.api, huma.Operation{OperationID: "head-page", Method: http.MethodHead, Path: "/page", DefaultStatus: 200}, me)
	huma.Register(r.api, huma.Operation{OperationID: "options-page", Method: http.MethodOptions, Path: "/page"}, me)
	broken := func(context.Context, *required) (*struct{}, error) { return nil, errors.New("broken") }
	huma.Get(r.api, "/broken", broken)
	huma.Post(r.api, "/broken", broken)
}

// TestPreflight sends the request that a browser sends before a request of another origin. It
// has no cookie, so the old session stays for the request after it.
func TestPreflight(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		r.registerRare()
		b := l.signedIn(t)
		preflight := func(req *http.Request) {
			req.Header.Set("Origin", "https://app.example")
			req.Header.Set("Access-Control-Request-Method", post)
		}
		r.want("without an operation", newBrowser(t).do(http.MethodOptions, r.url+"/note", preflight), 405, "")
		r.want("with an operation", newBrowser(t).do(http.MethodOptions, r.url+"/page", preflight), 401, "")
		r.wantSessions("preflight", 0)
		r.want("then", b.do(post, r.url+"/note"), 200, b.user, ours)
	})
}

// TestFirstAnswerIsCutOff panics in the handler of the first request.
func TestFirstAnswerIsCutOff(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		b := l.signedIn(t)
		r.meet = func() { panic(http.ErrAbortHandler) }
		if res, err := b.http.Get(r.url + "/part"); err == nil {
			_ = res.Body.Close()
			t.Errorf("got %d, want no answer", res.StatusCode)
		}
		r.wantSessions("cut off", 0)
		r.want("then a read", b.do(get, r.url+"/me"), 200, b.user)
		r.want("then a write", b.do(post, r.url+"/note"), 200, b.user, ours)
	})
}

type tick struct {
	User, Carrier string
}

// stream registers server-sent events. The handler sends one at once, one for each value of
// more, and ends when the session has ended.
func (r *rig) stream(more <-chan struct{}) {
	op := huma.Operation{OperationID: "events", Method: get, Path: "/events"}
	sse.Register(r.api, op, map[string]any{"tick": tick{}}, func(ctx context.Context, in *required, send sse.Sender) {
		ended := in.Session.Done()
		for {
			if send.Data(tick{in.Value().ID, in.Session.Carrier()}) != nil {
				return
			}
			select {
			case <-more:
			case <-ended:
				return
			case <-ctx.Done():
				return
			}
		}
	})
}

// events is an open stream.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
	set   []string
}

func (b *browser) events(ctx context.Context, url string) events {
	b.t.Helper()
	req, err := http.NewRequestWithContext(ctx, get, url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		b.t.Fatalf("stream: got %d, want 200", res.StatusCode)
	}
	e := events{t: b.t, lines: bufio.NewScanner(res.Body)}
	for _, c := range res.Cookies() {
		e.set = append(e.set, c.Name)
	}
	return e
}

// next returns the data of the next event, and "" at the end of the stream.
func (e events) next() string {
	for e.lines.Scan() {
		if data, ok := strings.CutPrefix(e.lines.Text(), "data: "); ok {
			return data
		}
	}
	return ""
}

func (e events) want(label, data string, set ...string) {
	e.t.Helper()
	if got := e.next(); got != data || !slices.Equal(e.set, set) {
		e.t.Errorf("%s: got %q with cookies %q, want %q with cookies %q", label, got, e.set, data, set)
	}
}

// TestFirstRequestIsAStream opens server-sent events by the old cookie. The stream is the
// user's for as long as it runs, beside the requests after it, and ends with the logout.
func TestFirstRequestIsAStream(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		more := make(chan struct{})
		r := newRig(t, l)
		r.stream(more)
		b := l.signedIn(t)
		event := `{"User":"` + b.user + `","Carrier":"cookie"}`
		stream := b.events(t.Context(), r.url+"/events")
		stream.want("first event", event, ours)
		r.wantSessions("an open stream", 1)
		r.want("a read beside it", b.do(get, r.url+"/me"), 200, b.user)
		r.want("a write beside it", b.do(post, r.url+"/note"), 200, b.user)
		more <- struct{}{}
		stream.want("second event", event, ours)
		r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name, "-"+ours)
		stream.want("after the logout", "", ours)
		r.wantSessions("after the logout", 0)
	})
}

// TestStreamOfTheOldSession opens a stream while another request of the page moves. The old
// session serves it to its end. Done knows no end of an old session.
func TestStreamOfTheOldSession(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		more := make(chan struct{})
		r := newRig(t, l, func(s *moving.Settings) { s.Claim = func(context.Context, string) bool { return false } })
		r.stream(more)
		b := l.signedIn(t)
		event := `{"User":"` + b.user + `","Carrier":"oldSession"}`
		ctx, hangUp := context.WithCancel(t.Context())
		stream := b.events(ctx, r.url+"/events")
		stream.want("first event", event)
		r.want("a write beside it", b.do(post, r.url+"/note"), 200, b.user, ours)
		r.want("logout", b.do(post, r.url+"/logout"), 204, "", "-"+l.cookie.Name, "-"+ours)
		more <- struct{}{}
		stream.want("after the logout", event)
		hangUp()
	})
}

// TestStreamWhileOurStoreIsDown gets an error in place of a stream, and keeps the old cookie.
func TestStreamWhileOurStoreIsDown(t *testing.T) {
	eachLibrary(t, func(t *testing.T, l library) {
		r := newRig(t, l)
		r.stream(nil)
		b := l.signedIn(t)
		r.store.Fail(humasesstest.OpCreate, errors.New("down"))
		got := b.do(get, r.url+"/events")
		if got.status != 503 || len(got.set) > 0 || strings.Contains(got.body, b.user) {
			t.Errorf("got %+v, want a 503 without an event", got)
		}
		r.store.Fail(humasesstest.OpCreate, nil)
		r.want("then", b.do(post, r.url+"/note"), 200, b.user, ours)
	})
}
