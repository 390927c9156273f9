package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

// accountIdleTenth is the age at which an extension of the idle timeout is due.
const accountIdleTenth = 3 * time.Minute

// commitBehaviours are about writing, and about stores that fail.
var commitBehaviours = []behaviour{
	{"X5 503 when the store cannot be asked", storeDownOnLoad},
	{"X5 503 with nothing of the handler's when the commit fails", storeDownOnCommit},
	{"C15 one cookie for any number of changes", oneCookie},
	{"X4 the next request sees the data that this one wrote", readYourWrites},
	{"H6 401 for 10 MB of nonsense, which are not read", unreadBodies},
}

func storeDownOnLoad(t *testing.T, a *adapter) {
	r := accounts(t, a, registerAccess)
	c := r.signedIn(account{ID: "ada"})
	r.store.Fail(humasesstest.OpLoad, errors.New("secret address"))
	for _, path := range []string{"/me", "/admin", "/by-hand", "/accounts/ada/orders"} {
		got := c.do("GET", path, "")
		got.wantProblem(t, http.StatusServiceUnavailable, "unavailable")
		got.wantHeader(t, "Retry-After", "5")
		got.wantCookies(t, 0)
		if strings.Contains(got.text, "secret") {
			t.Errorf("body: got %q, want nothing of the store's error", got.text)
		}
	}
	c.do("GET", "/open", "").wantStatus(t, http.StatusNoContent)
	r.store.Fail(humasesstest.OpLoad, nil)
	c.do("GET", "/me", "").wantStatus(t, http.StatusOK)
}

func storeDownOnCommit(t *testing.T, a *adapter) {
	type output struct {
		Secret string `header:"X-Secret"`
		ETag   string `header:"ETag"`
		Body   account
	}
	out := output{"of the handler", `"v1"`, account{ID: "of the handler"}}
	r := accounts(t, a, func(r *rig[account], api huma.API) {
		startAnd(api, huma.Operation{Path: "/start"}, returning(out))
		startAnd(api, huma.Operation{Path: "/start/bytes"}, returning(bytesOutput{"text/of-the-handler", []byte("of the handler")}))
		startAnd(api, huma.Operation{Path: "/start/redirect"}, returning(statusOutput{http.StatusSeeOther, "/of-the-handler"}))
		startAnd(api, huma.Operation{Path: "/start/stream"}, returning(huma.StreamResponse{Body: func(ctx huma.Context) {
			ctx.SetHeader("X-Secret", "of the handler")
			ctx.SetStatus(http.StatusAccepted)
			ctx.AppendHeader("X-Secret", "of the handler")
			for range 3 {
				_, _ = io.WriteString(ctx.BodyWriter(), "of the handler")
			}
		}}))
		startAnd(api, huma.Operation{Path: "/start/nothing"}, returning(huma.StreamResponse{Body: func(huma.Context) {}}))
		huma.Post(api, "/update", func(_ context.Context, in *meInput) (*output, error) {
			return &out, in.Session.Update(func(a *account) error { a.N++; return nil })
		})
		huma.Post(api, "/renew", func(_ context.Context, in *meInput) (*output, error) { return &out, in.Session.Renew() })
		huma.Post(api, "/destroy", func(_ context.Context, in *meInput) (*output, error) { return &out, in.Session.Destroy() })
	})
	for _, op := range []humasesstest.Op{humasesstest.OpCreate, humasesstest.OpUpdate, humasesstest.OpDelete} {
		r.store.Fail(op, errors.New("secret address"))
	}
	c := r.signedInAs(account{ID: "ada"})
	before := c.token()
	for _, path := range []string{
		"/start", "/start/bytes", "/start/redirect", "/start/stream", "/start/nothing", "/update", "/renew", "/destroy",
	} {
		t.Run(path, func(t *testing.T) {
			from := c
			if strings.HasPrefix(path, "/start") {
				from = r.client()
			}
			got := from.do("POST", path, "")
			got.wantProblem(t, http.StatusServiceUnavailable, "unavailable")
			got.wantHeader(t, "Retry-After", "5")
			got.wantHeader(t, "Set-Cookie")
			got.wantHeader(t, "X-Secret")
			got.wantHeader(t, "ETag")
			got.wantHeader(t, "Location")
			if strings.Contains(got.text, "of the handler") || strings.Contains(got.text, "secret") {
				t.Errorf("body: got %q, want a problem and nothing else", got.text)
			}
		})
	}
	for _, op := range []humasesstest.Op{humasesstest.OpCreate, humasesstest.OpUpdate, humasesstest.OpDelete} {
		r.store.Fail(op, nil)
	}
	if data, ok := r.data(c); !ok || data.N != 0 || c.token() != before {
		t.Errorf("session afterwards: got %+v, %v, want it as it was", data, ok)
	}
}

// signedInAs is signedIn on a store that fails to create.
func (r *rig[T]) signedInAs(data T) *client {
	r.t.Helper()
	r.store.Fail(humasesstest.OpCreate, nil)
	defer r.store.Fail(humasesstest.OpCreate, errors.New("secret address"))
	return r.signedIn(data)
}

func oneCookie(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	for _, tt := range []struct {
		name string
		do   []handler[account]
		want int
	}{
		{"nothing", nil, 0},
		{"updates", []handler[account]{increment, increment}, 0},
		{"renewals", []handler[account]{renew[account], increment, renew[account]}, 1},
		{"starts", []handler[account]{start(account{ID: "a"}), start(account{ID: "b"})}, 1},
		{"all of it", []handler[account]{increment, renew[account], destroy[account], start(account{ID: "b"}), increment}, 1},
		{"written in between", []handler[account]{
			renew[account], func(ctx context.Context, s *humasess.Session[account]) error { return s.Commit(ctx) }, renew[account], increment,
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := r.signedIn(account{ID: "ada"})
			r.must(c, func(ctx context.Context, s *humasess.Session[account]) error {
				var all error
				for _, do := range tt.do {
					all = errors.Join(all, do(ctx, s))
				}
				return all
			}).wantCookies(t, tt.want)
			r.wantActive(c, true)
		})
	}
}

func readYourWrites(t *testing.T, a *adapter) {
	r := accounts(t, a, nil)
	c := r.signedIn(account{ID: "ada"})
	for n := 1; n <= 20; n++ {
		r.must(c, increment)
		if got, _ := r.data(c.clone()); got.N != n {
			t.Fatalf("N after %d requests: got %d", n, got.N)
		}
	}
}

func unreadBodies(t *testing.T, a *adapter) {
	r := accounts(t, a, func(_ *rig[account], api huma.API) {
		huma.Register(api, huma.Operation{OperationID: "big", Method: http.MethodPost, Path: "/big", MaxBodyBytes: 1 << 30},
			func(context.Context, *struct {
				humasess.Guarded[account, adminGuard]
				Query int `query:"q" required:"true"`
				Body  struct {
					Name string `json:"name"`
				}
			}) (*struct{}, error) {
				t.Error("the handler ran")
				return nil, nil
			})
	})
	user := r.signedIn(account{ID: "ada"})
	if !a.can(unreadBody) {
		t.Run("413 for more than the server reads", func(t *testing.T) {
			conn := user.dial()
			head := user.head("POST", "/big", "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", bodyLimit+1))
			if _, err := io.WriteString(conn, head+"{"); err != nil {
				t.Fatal(err)
			}
			got := answer(conn)
			if got == nil {
				t.Fatal("got no answer")
			}
			got.wantStatus(t, http.StatusRequestEntityTooLarge)
			got.wantHeader(t, "Set-Cookie")
		})
	}
	const size = 10 << 20
	for _, tt := range []struct {
		name   string
		c      *client
		status int
		kind   string
	}{{"401", r.client(), http.StatusUnauthorized, "no-session"}, {"403", user, http.StatusForbidden, "forbidden"}} {
		t.Run(tt.name+" for the whole body", func(t *testing.T) {
			got := tt.c.do("POST", "/big", strings.Repeat("{", size))
			got.wantProblem(t, tt.status, tt.kind)
		})
		t.Run(tt.name+" for its beginning", func(t *testing.T) {
			conn := tt.c.dial()
			_, err := io.WriteString(conn, tt.c.head("POST", "/big", "Content-Type: application/json", "Content-Length: 10485760")+strings.Repeat("{", 1000))
			if err != nil {
				t.Fatal(err)
			}
			if !a.can(unreadBody) {
				// The server waits for the rest, and learns that it will not
				// come.
				_ = conn.(interface{ CloseWrite() error }).CloseWrite()
			}
			got := answer(conn)
			if a.can(unreadBody) {
				if got == nil {
					t.Fatal("got no answer before the body was there")
				}
				got.wantProblem(t, tt.status, tt.kind)
			} else if got != nil && got.StatusCode == tt.status {
				t.Errorf("got %d: want it told in the table that the body is not read", got.StatusCode)
			}
		})
	}
}
