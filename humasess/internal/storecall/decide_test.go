package storecall_test

import (
	"context"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/storecall"
	"github.com/humasess/sessions/stores"
)

// clocked is a store whose clock is all that it has.
type clocked struct {
	stores.Store

	now func() time.Time
}

func (c clocked) Load(context.Context, stores.ID) (stores.Record, error) {
	return stores.Record{Now: c.now()}, nil
}

// TestDecideWithoutAClock asks about a mark that came right before a request. The answer
// of the store took longer than the time between them. A clock that stands still cannot
// tell the order, and must not say that the mark came later.
func TestDecideWithoutAClock(t *testing.T) {
	t.Parallel()
	const gap, way = 100 * time.Microsecond, time.Millisecond
	began := time.Now().Add(-2 * way)
	read := began.Add(way) // when the store read its clock
	call := marks.Bracket{From: began, To: read.Add(way)}
	var caller storecall.Caller
	still := began.Truncate(time.Second)
	for name, now := range map[string]func() time.Time{
		"stands still":    func() time.Time { return still },
		"was set":         func() time.Time { return still.Add(-time.Minute) },
		"jumps by a step": func() time.Time { return still.Add(time.Second) },
	} {
		created := stores.Created{Now: still, RevokedAgo: read.Sub(began.Add(-gap)), Mark: 1}
		judge := marks.Judge{Journal: new(marks.Journal), Began: began}
		if got := caller.Decide(t.Context(), clocked{now: now}, &judge, stores.ID{}, "ada", &created, call); got != marks.Perhaps {
			t.Errorf("clock %s: got verdict %d, want Perhaps", name, got)
		}
	}
	created := stores.Created{Now: read, RevokedAgo: read.Sub(began.Add(-gap)), Mark: 1}
	judge := marks.Judge{Journal: new(marks.Journal), Began: began}
	if got := caller.Decide(t.Context(), clocked{now: time.Now}, &judge, stores.ID{}, "ada", &created, call); got != marks.Before {
		t.Errorf("clock that moves: got verdict %d, want Before", got)
	}
	caller.ClientSide = true
	if got := caller.Decide(t.Context(), clocked{now: time.Now}, &judge, stores.ID{}, "ada", &created, call); got != marks.Perhaps {
		t.Errorf("clock of a cookie: got verdict %d, want Perhaps", got)
	}
}
