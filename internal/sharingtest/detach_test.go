package sharingtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
)

// flatAccount can be shared between requests.
type flatAccount struct {
	ID    string
	Names [2]string
	Inner struct{ Note string }
	Since time.Time
}

func TestNothingKeptOfARequest(t *testing.T) {
	r := newRigWith(t, humasess.Options[flatAccount]{Identity: func(a flatAccount) string { return a.ID }})
	since := time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC)
	id, reuseID := borrowed("owner")
	note, reuseNote := borrowed("first")
	c := r.client()
	r.must(c, start(flatAccount{ID: id, Names: [2]string{"kept", "old"}, Since: since}))
	reuseID()
	for range 2 {
		r.must(c, func(_ context.Context, s *humasess.Session[flatAccount]) error {
			return s.Update(func(a *flatAccount) error {
				a.Names[1], a.Inner.Note = note, note
				return nil
			})
		})
	}
	reuseNote()
	want := flatAccount{ID: "owner", Names: [2]string{"kept", "first"}, Since: since}
	want.Inner.Note = "first"
	if got, ok := r.data(c); !ok || got != want {
		t.Errorf("data: got %+v, %v, want %+v", got, ok, want)
	}

	other := r.signedIn(flatAccount{ID: "owner"})
	target := ""
	r.must(other, func(_ context.Context, s *humasess.Session[flatAccount]) error { target = s.ID(); return nil })
	r.events.take()
	text, reuse := borrowed(target)
	r.must(c, func(ctx context.Context, s *humasess.Session[flatAccount]) error { return s.Revoke(ctx, text) })
	reuse()
	if got := r.events.take(); len(got) != 1 || got[0].SessionID != target {
		t.Errorf("event: got %+v, want session %s", got, target)
	}
	own := ""
	r.must(c, func(_ context.Context, s *humasess.Session[flatAccount]) error { own = s.ID(); return nil })
	mine, reuse := borrowed(own)
	if err := r.sessions.Revoke(context.Background(), mine); err != nil {
		t.Fatalf("Revoke: %v", err)
	}
	reuse()
	if got := r.events.take(); got[len(got)-1].SessionID != own {
		t.Errorf("event: got %+v, want session %s", got, own)
	}
}
