package docs_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/humatest"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// The tests of docs/testing.md test the API of the guide.

// docs: begin me
func TestMe(t *testing.T) {
	api, sessions := newAPI(t)
	client := humasesstest.NewClient(api.Adapter())
	client.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}))
	if got := client.Do("GET", "/me", nil).Code; got != http.StatusOK {
		t.Errorf("got %d, want 200", got)
	}
}

// docs: end

// docs: begin document
func TestDocument(t *testing.T) {
	api, sessions := newAPI(t)
	humasesstest.CheckDocument(t, api, &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{{
			Name:    "grace", // a session without roles
			Cookies: []*http.Cookie{humasesstest.Login(t, sessions, User{ID: "grace"})},
		}},
	})
}

// docs: end

// TestTesting runs the other blocks of docs/testing.md.
func TestTesting(t *testing.T) {
	_, api := humatest.New(t, huma.DefaultConfig("API", "1.0.0"))
	sessions, err := newSessions(api)
	if err != nil {
		t.Fatal(err)
	}
	registerMe(api)
	// docs: begin humatest
	cookie := humasesstest.Login(t, sessions, User{ID: "ada"})
	response := api.Get("/me", "Cookie: "+cookie.Name+"="+cookie.Value)
	// docs: end
	if response.Code != http.StatusOK {
		t.Errorf("got %d, want 200", response.Code)
	}
}

func TestTime(t *testing.T) {
	// docs: begin clock
	clock := humasesstest.NewClock()
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[User]{Now: clock.Now})
	// docs: end
	if err != nil {
		t.Fatal(err)
	}
	_, api := humatest.New(t, huma.DefaultConfig("API", "1.0.0"))
	if err := sessions.Attach(api); err != nil {
		t.Fatal(err)
	}
	registerMe(api)
	client := humasesstest.NewClient(api.Adapter())
	client.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}))
	if got := client.Do("GET", "/me", nil).Code; got != http.StatusOK {
		t.Errorf("got %d, want 200", got)
	}
	// docs: begin advance
	clock.Advance(33 * time.Minute) // idle for too long: IdleTimeout and a tenth
	// docs: end
	if got := client.Do("GET", "/me", nil).Code; got != http.StatusUnauthorized {
		t.Errorf("got %d after the idle timeout, want 401", got)
	}
}

func TestFailingStore(t *testing.T) {
	// docs: begin store
	store := humasesstest.Wrap(memory.New(nil))
	store.Fail(humasesstest.OpLoad, errors.New("connection refused")) // every Load, until Fail(op, nil)
	// docs: end
	_, api := humatest.New(t, huma.DefaultConfig("API", "1.0.0"))
	sessions, err := humasess.New(store, &humasess.Options[User]{Identity: func(u User) string { return u.ID }})
	if err != nil || sessions.Attach(api) != nil {
		t.Fatal(err)
	}
	registerMe(api)
	client := humasesstest.NewClient(api.Adapter())
	client.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}))
	// docs: begin fail
	if got := client.Do("GET", "/me", nil).Code; got != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", got)
	}
	if n := store.Calls()[humasesstest.OpLoad]; n != 1 {
		t.Errorf("got %d loads, want 1", n)
	}
	// docs: end
}
