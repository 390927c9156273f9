package humasess_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/humasess/sessions/humasess"
)

// basket is a second session type.
type basket struct{ Items []string }

// Basket has an exported name, which huma looks for in embedded types.
type Basket = humasess.Session[basket]

func basketOptions() *humasess.Options[basket] {
	return &humasess.Options[basket]{SchemeName: "basketCookie", Cookie: humasess.CookieOptions{Name: "__Host-basket"}, Logger: everything.Logger(slog.LevelDebug)}
}

// who is the output of operations that name the user of their session.
type who struct {
	Body struct {
		ID    string   `json:"id"`
		Items []string `json:"items,omitempty"`
		Extra string   `json:"extra,omitempty"`
	}
}

func answerWho(id string, items []string, extra string) (*who, error) {
	w := &who{}
	w.Body.ID, w.Body.Items, w.Body.Extra = id, items, extra
	return w, nil
}

func plainAPI() (huma.API, *http.ServeMux) {
	mux := http.NewServeMux()
	return humago.New(mux, huma.DefaultConfig("Test", "1.0.0")), mux
}

func panicText(f func()) (text string, panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			text, panicked = fmt.Sprint(p), true
		}
	}()
	f()
	return "", false
}

func TestOtherPanicsPass(t *testing.T) {
	// A nil dereference of the handler's own is not taken for a pointer embed.
	r := newRig(t, accountOptions())
	text, panicked := panicText(func() {
		r.call(r.signedIn(account{ID: "u1"}), func(context.Context, *humasess.Session[account]) error {
			var a *account
			a.N++
			return nil
		})
	})
	if !panicked || !strings.Contains(text, "nil pointer") {
		t.Errorf("panic: got %q, %v, want the handler's own", text, panicked)
	}
}
