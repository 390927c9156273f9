package docs_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// docs: begin moved
// moved compares the client of the last sign-in with the client of this request.
func moved(ctx huma.Context, session *humasess.Session[User]) (bool, error) {
	all, err := session.List(ctx.Context()) // one call of the store; this session is in the list
	if err != nil {
		return false, err
	}
	current := slices.IndexFunc(all, func(i humasess.Info[User]) bool { return i.Current })
	if current < 0 {
		return false, humasess.ErrNoSession // it has just ended
	}
	was, is := all[current].Client, humasess.ClientOf(ctx)
	known := was != (humasess.Client{}) // not of Manager.Issue
	if known && was.Label() == is.Label() && was.Address == is.Address {
		return false, nil
	}
	audit(ctx.Context(), session.ID(), was, is)
	return true, nil
}

// SameClient asks for a sign-in when the session is at another client.
type SameClient struct{}

func (SameClient) Fresh() time.Duration { return 12 * time.Hour } // the document then lists the problem type

func (SameClient) Check(ctx huma.Context, _ User) error {
	session, _ := humasess.From[User](ctx.Context())
	if moved, err := moved(ctx, session); err != nil || !moved {
		return err
	}
	return session.RequireFresh(0) // no sign-in is this fresh
}

// docs: end

// Observed reports, and admits each request.
type Observed struct{}

func (Observed) Check(ctx huma.Context, _ User) error {
	session, _ := humasess.From[User](ctx.Context())
	_, err := moved(ctx, session)
	return err
}

type (
	ObservedInput struct {
		humasess.Guarded[User, Observed]
	}
	SameClientInput struct {
		humasess.Guarded[User, SameClient]
	}
)

type auditKey struct{}

// audit hands the clients to the test.
func audit(ctx context.Context, _ string, was, is humasess.Client) {
	ctx.Value(auditKey{}).(func(was, is humasess.Client))(was, is)
}

const (
	firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	updated = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"
	safari  = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
)

// TestAnotherClient runs the blocks of docs/step-up.md about another client.
func TestAnotherClient(t *testing.T) {
	router := chi.NewRouter()
	api := humachi.New(router, huma.DefaultConfig("API", "1.0.0"))
	var refused []events.Event
	opts := &humasess.Options[User]{
		Identity: func(u User) string { return u.ID },
		OnEvent: func(_ context.Context, e events.Event) {
			if e.Kind == events.Refused {
				refused = append(refused, e)
			}
		},
	}
	// docs: begin client
	opts.Client = humasess.ClientOf
	// docs: end
	sessions, err := humasess.New(memory.New(nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	huma.Post(api, "/login", func(_ context.Context, in *struct{ humasess.Login[User] }) (*struct{}, error) {
		return nil, in.Session.Start(User{ID: "ada"})
	})
	huma.Post(api, "/prove", func(_ context.Context, in *MeInput) (*struct{}, error) {
		return nil, in.Session.Reauthenticated("pwd")
	}, humasess.Renews)
	huma.Post(api, "/read", func(context.Context, *MeInput) (*struct{}, error) { return nil, nil })
	huma.Post(api, "/observed", func(context.Context, *ObservedInput) (*struct{}, error) { return nil, nil })
	huma.Post(api, "/transfer", func(context.Context, *SameClientInput) (*struct{}, error) { return nil, nil })

	type step struct {
		path, userAgent, address string
		want                     int
		report                   string // the labels and networks before and now
	}
	const (
		home   = "203.0.113.9:1"
		next   = "203.0.113.77:1" // the same network
		abroad = "198.51.100.1:1"

		toAbroad = "Firefox on Windows 203.0.113.0/24 > Firefox on Windows 198.51.100.0/24"
		toSafari = "Firefox on Windows 203.0.113.0/24 > Safari on macOS 203.0.113.0/24"
	)
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"A5 the same client, updated and with another address of its network", []step{
			{"/transfer", updated, next, http.StatusNoContent, ""},
		}},
		{"A5 another client changes nothing by default", []step{
			{"/read", safari, abroad, http.StatusNoContent, ""},
		}},
		{"A5 another client is reported alone", []step{
			{"/observed", firefox, abroad, http.StatusNoContent, toAbroad},
			{"/observed", firefox, home, http.StatusNoContent, ""},
		}},
		{"A5 another network needs a fresh sign-in, and keeps the session", []step{
			{"/transfer", firefox, abroad, http.StatusForbidden, toAbroad},
			{"/read", firefox, abroad, http.StatusNoContent, ""},
			{"/transfer", firefox, home, http.StatusNoContent, ""},
			{"/transfer", firefox, abroad, http.StatusForbidden, toAbroad},
			{"/prove", firefox, abroad, http.StatusNoContent, ""},
			{"/transfer", firefox, abroad, http.StatusNoContent, ""},
		}},
		{"A5 another browser needs a fresh sign-in", []step{
			{"/transfer", safari, home, http.StatusForbidden, toSafari},
			{"/prove", safari, home, http.StatusNoContent, ""},
			{"/transfer", safari, home, http.StatusNoContent, ""},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report := ""
			client := humasesstest.NewClient(router)
			do := func(s step) (int, string) {
				report, refused = "", nil
				w := client.Do(http.MethodPost, s.path, nil, func(r *http.Request) {
					r.Header.Set("User-Agent", s.userAgent)
					r.RemoteAddr = s.address
					*r = *r.WithContext(context.WithValue(r.Context(), auditKey{}, func(was, is humasess.Client) {
						report = was.Label() + " " + was.Address.String() + " > " + is.Label() + " " + is.Address.String()
					}))
				})
				return w.Code, w.Body.String()
			}
			do(step{path: "/login", userAgent: firefox, address: home})
			for _, s := range tt.steps {
				status, body := do(s)
				if status != s.want || report != s.report {
					t.Errorf("%+v: got %d %s and report %q", s, status, body, report)
				}
				forbidden := s.want == http.StatusForbidden
				if strings.Contains(body, "urn:humasess:problem:reauthentication-required") != forbidden {
					t.Errorf("%+v: got %s, want the problem type with a 403 alone", s, body)
				}
				if forbidden && (len(refused) != 1 || refused[0].Identity != "ada") || !forbidden && len(refused) > 0 {
					t.Errorf("%+v: got events %+v, want one for a 403 alone", s, refused)
				}
			}
		})
	}
	t.Run("A5 a session without a client is not at the one without an address", func(t *testing.T) {
		cookie, err := sessions.Issue(t.Context(), User{ID: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		client := humasesstest.NewClient(router)
		client.SetCookie(cookie)
		reports := 0
		w := client.Do(http.MethodPost, "/transfer", nil, func(r *http.Request) {
			r.RemoteAddr = "@" // of a Unix socket
			*r = *r.WithContext(context.WithValue(r.Context(), auditKey{}, func(humasess.Client, humasess.Client) { reports++ }))
		})
		if w.Code != http.StatusForbidden || reports != 1 {
			t.Errorf("got %d %s and %d reports, want 403 and one", w.Code, w.Body, reports)
		}
	})
	document := api.OpenAPI().Paths["/transfer"].Post.Responses["403"]
	if text, err := document.Content["application/problem+json"].MarshalJSON(); err != nil || !strings.Contains(string(text), "reauthentication-required") {
		t.Errorf("the document of the 403: got %s, %v, want the problem type", text, err)
	}
}
