package humasess_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// reasonOf returns the reason that the handler of a request sees.
func (r *rig[T]) reasonOf(c *humasesstest.Client, before handler[T], edits ...func(*http.Request)) (reason events.Reason) {
	r.t.Helper()
	reason = "not called"
	r.call(c, func(ctx context.Context, s *humasess.Session[T]) error {
		var err error
		if before != nil {
			err = before(ctx, s)
		}
		reason = s.Reason()
		return err
	}, edits...)
	return reason
}

// withCookies sends these tokens, and no other cookie.
func withCookies(tokens ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del("Cookie")
		for _, t := range tokens {
			r.Header.Add("Cookie", cookieName+"="+t)
		}
	}
}

func TestReason(t *testing.T) {
	opts := accountOptions()
	opts.Bearer = &humasess.BearerOptions{}
	r := newRig(t, opts)
	first, second, ended, expired := r.signedIn(account{ID: "u1"}), r.signedIn(account{ID: "u2"}), r.signedIn(account{ID: "u3"}), r.signedIn(account{ID: "u4"})
	endedToken, expiredToken := token(ended), token(expired)
	r.must(ended, func(_ context.Context, s *humasess.Session[account]) error { return s.Destroy() })
	r.must(expired, func(_ context.Context, s *humasess.Session[account]) error { return s.SetTTL(1e9) })
	r.clock.Advance(2e9)
	forged := token(first)[:40] + token(second)[40:]
	many := make([]string, 17)
	for i := range many {
		many[i] = token(first)[:62] + strconv.Itoa(10+i)
	}
	revoke := func(ctx context.Context, s *humasess.Session[account]) error {
		a, _ := s.Get()
		if _, err := r.sessions.RevokeIdentity(ctx, a.ID); err != nil {
			return err
		}
		if err := increment(ctx, s); err != nil {
			return err
		}
		if err := s.Commit(ctx); !errors.Is(err, humasess.ErrRevoked) {
			t.Errorf("Commit: got %v, want ErrRevoked", err)
		}
		return nil
	}
	for _, tt := range []struct {
		name   string
		edit   func(*http.Request)
		before handler[account]
		want   events.Reason
	}{
		{"no cookie", withCookies(), nil, events.ReasonAbsent},
		{"another Authorization", func(r *http.Request) { r.Header.Set("Authorization", "Basic x") }, nil, events.ReasonAbsent},
		{"a live session", withCookies(token(first)), nil, ""},
		{"malformed", withCookies("a guess"), nil, events.ReasonUnknown},
		{"a wrong secret", withCookies(forged), nil, events.ReasonUnknown},
		{"signed out", withCookies(endedToken), nil, events.ReasonUnknown},
		{"expired", withCookies(expiredToken), nil, events.ReasonUnknown},
		{"several ended", withCookies(endedToken, expiredToken), nil, events.ReasonUnknown},
		{"a cookie's token as a bearer token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer hs_"+endedToken) }, nil, events.ReasonUnknown},
		{"two bearer tokens", func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer hs_x", "Bearer hs_y"} }, nil, events.ReasonAmbiguous},
		{"two live sessions", withCookies(token(first), token(second)), nil, events.ReasonAmbiguous},
		{"too many cookies", withCookies(many...), nil, events.ReasonAmbiguous},
		{"started", withCookies(endedToken), func(_ context.Context, s *humasess.Session[account]) error { return s.Start(account{ID: "u1"}) }, ""},
		{"an anonymous session started", withCookies(), increment, ""},
		{"nothing destroyed", withCookies(), func(_ context.Context, s *humasess.Session[account]) error { return s.Destroy() }, events.ReasonAbsent},
		{"revoked meanwhile", withCookies(token(second)), revoke, events.ReasonRevoked},
		{"destroyed", withCookies(token(first)), func(_ context.Context, s *humasess.Session[account]) error { return s.Destroy() }, events.ReasonEnded},
	} {
		if got := r.reasonOf(r.client(), tt.before, tt.edit); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestReasonAfterRevokeAll(t *testing.T) {
	r := newRig(t, accountOptions())
	c := r.signedIn(account{ID: "u1"})
	end := func(ctx context.Context, s *humasess.Session[account]) error { _, err := s.RevokeAll(ctx); return err }
	if got := r.reasonOf(c, end); got != events.ReasonEnded {
		t.Errorf("got %q, want %q", got, events.ReasonEnded)
	}
	c = r.signedIn(account{ID: "u1"})
	again := func(ctx context.Context, s *humasess.Session[account]) error {
		if err := end(ctx, s); err != nil {
			return err
		}
		return s.Start(account{ID: "u1"})
	}
	if got := r.reasonOf(c, again); got != "" {
		t.Errorf("after another Start: got %q, want none", got)
	}
}

func TestReasonOfHiddenSession(t *testing.T) {
	store := memory.New(nil)
	old := release(t, store, func(o *humasess.Options[account]) { o.Codec = taggedCodec("v1") })
	r := release(t, store, func(o *humasess.Options[account]) { o.Codec = taggedCodec("v2") })
	c := r.withToken(token(old.signedIn(account{ID: "u1"})))
	if got := r.reasonOf(c, nil); got != events.ReasonUndecodable {
		t.Errorf("got %q, want %q", got, events.ReasonUndecodable)
	}
	if got := r.reasonOf(c, func(_ context.Context, s *humasess.Session[account]) error { return s.Destroy() }); got != events.ReasonEnded {
		t.Errorf("after Destroy: got %q, want %q", got, events.ReasonEnded)
	}
}

// TestReasonOfStartedSessionRevoked ends a session that the request itself has written.
func TestReasonOfStartedSessionRevoked(t *testing.T) {
	r := newRig(t, accountOptions())
	end := func(ctx context.Context, s *humasess.Session[account]) error {
		if err := s.Commit(ctx); err != nil {
			return err
		}
		if _, err := r.sessions.RevokeIdentity(context.WithoutCancel(ctx), "u1"); err != nil {
			return err
		}
		if _, err := s.List(ctx); !errors.Is(err, humasess.ErrRevoked) {
			t.Errorf("List: got %v, want ErrRevoked", err)
		}
		return nil
	}
	started := func(ctx context.Context, s *humasess.Session[account]) error {
		if err := s.Start(account{ID: "u1"}); err != nil {
			return err
		}
		return end(ctx, s)
	}
	if got := r.reasonOf(r.client(), started); got != events.ReasonRevoked {
		t.Errorf("got %q, want %q", got, events.ReasonRevoked)
	}
	again := func(ctx context.Context, s *humasess.Session[account]) error {
		if err := started(ctx, s); err != nil {
			return err
		}
		if err := s.Start(account{ID: "u1"}); err != nil {
			return err
		}
		return s.Commit(ctx)
	}
	if got := r.reasonOf(r.client(), again); got != "" {
		t.Errorf("after another Start: got %q, want none", got)
	}
}
