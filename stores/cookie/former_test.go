package cookie_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/memory"
)

// A browser may have cookies under a former name after a change of the cookie's
// scope. The test uses a server-side store, with and without a sealer, and this
// store.
func TestFormerCookies(t *testing.T) {
	onServer := func() coretest.Shared {
		s := memory.New(nil)
		return coretest.Shared{One: s, Other: s}
	}
	t.Run("server", func(t *testing.T) {
		coretest.FormerCookies(t, onServer, humasess.Options[coretest.User]{})
	})
	t.Run("sealed", func(t *testing.T) {
		coretest.FormerCookies(t, onServer, humasess.Options[coretest.User]{Sealer: aead(t, key(t))})
	})
	t.Run("client-side", func(t *testing.T) {
		coretest.FormerCookies(t, func() coretest.Shared {
			s := cookie.New(aead(t, key(t)), revoked())
			return coretest.Shared{One: s, Other: s}
		}, humasess.Options[coretest.User]{})
	})
}

// A value opens only under the name that it was sealed for.
func TestOpenFormer(t *testing.T) {
	store := cookie.New(aead(t, key(t)), revoked())
	request := func(name string) stores.FormerNameOpener {
		newRequest, err := store.Bind(name, "m")
		if err != nil {
			t.Fatal(err)
		}
		return newRequest().(stores.FormerNameOpener)
	}
	made, id := request("sid"), stores.ID{1, 2, 3}
	if _, err := made.Create(t.Context(), stores.Create{ID: id, Payload: []byte("data"), Idle: time.Hour, Absolute: time.Hour}); err != nil {
		t.Fatal(err)
	}
	value := string(made.AppendValue(nil, id))
	now := request("__Host-id")
	for _, name := range []string{"__Host-id", "other", ""} {
		if _, _, err := now.OpenFormer(name, value); err != stores.ErrNotFound {
			t.Errorf("K2 as %q: got error %v, want exactly ErrNotFound", name, err)
		}
	}
	if _, _, err := now.Open(value); err != stores.ErrNotFound {
		t.Errorf("K2 as the present name: got error %v, want exactly ErrNotFound", err)
	}
	if got, _, err := now.OpenFormer("sid", value); err != nil || got != id {
		t.Fatalf("got %v, %v, want %v", got, err, id)
	}
	if _, err := now.Update(t.Context(), stores.Update{ID: id, Version: 1, Payload: []byte("more")}); err != nil {
		t.Fatal(err)
	}
	written := string(now.AppendValue(nil, id))
	if got, _, err := request("__Host-id").Open(written); err != nil || got != id {
		t.Errorf("written: got %v, %v, want %v under the present name", got, err, id)
	}
	if _, _, err := request("__Host-id").OpenFormer("sid", written); err != stores.ErrNotFound {
		t.Errorf("K2 written, as a former one: got error %v, want exactly ErrNotFound", err)
	}
}

// Session.Done reports the end of a session whose cookie has a former name.
func TestDoneUnderFormerName(t *testing.T) {
	type data struct{ ID string }
	synctest.Test(t, func(t *testing.T) {
		store := cookie.New(aead(t, key(t)), revoked())
		open := func(c humasess.CookieOptions) *humasess.Manager[data] {
			m, err := humasess.New(store, &humasess.Options[data]{Cookie: c, Identity: func(d data) string { return d.ID }})
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		before := open(humasess.CookieOptions{Name: "sid"})
		after := open(humasess.CookieOptions{Former: []humasess.CookieScope{{Name: "other"}, {Name: "sid"}}})
		waits, over := make(chan struct{}), make(chan struct{})
		handler := after.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			s, _ := humasess.From[data](r.Context())
			done := s.Done()
			close(waits)
			<-done
			close(over)
		}))
		go handler.ServeHTTP(httptest.NewRecorder(), request("/wait", humasesstest.Login(t, before, data{"ada"})))
		<-waits
		synctest.Wait()
		select {
		case <-over:
			t.Error("Done is closed before the session has ended")
		default:
		}
		if _, err := before.RevokeIdentity(t.Context(), "ada"); err != nil {
			t.Error(err)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		select {
		case <-over:
		default:
			t.Error("Done is open after the session has ended")
			if err := after.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := after.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// plain opens only values of the present name.
type plain struct{ stores.RequestStore }

type plainClientSide struct{ *cookie.Store }

func (p plainClientSide) Bind(name, manager string) (func() stores.RequestStore, error) {
	newRequest, err := p.Store.Bind(name, manager)
	return func() stores.RequestStore { return plain{newRequest()} }, err
}

func TestFormerNeedsFormerOpener(t *testing.T) {
	store := plainClientSide{cookie.New(aead(t, key(t)), revoked())}
	for _, tt := range []struct {
		former  humasess.CookieScope
		refused bool
	}{
		{humasess.CookieScope{Name: "sid"}, true},
		{humasess.CookieScope{Name: "__Secure-id", Path: "/app"}, false},
	} {
		_, err := humasess.New(store, &humasess.Options[coretest.User]{Cookie: humasess.CookieOptions{
			Name: "__Secure-id", Former: []humasess.CookieScope{tt.former},
		}})
		if (err != nil) != tt.refused {
			t.Errorf("%+v: got error %v, want one: %v", tt.former, err, tt.refused)
		}
	}
}
