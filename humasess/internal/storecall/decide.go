package storecall

import (
	"context"
	"time"

	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/stores"
)

const (
	// maxProbes bounds how often the store's clock is read for one new session
	// to tell whether a mark came before the request. The latest read may have
	// been slow, so all count together.
	maxProbes = 4

	// clockStep covers the resolution of the clocks of stores.
	clockStep = 10 * time.Microsecond
)

// Decide tells whether a new session may stand, and reads the store's clock again if
// the order cannot be told. A write takes long, so its call says little about the
// moment at which that clock read created.Now. A read is fast. It does not count if the
// clock was set or stands still. The clock of sessions in cookies is not that of the marks,
// so it is not read.
func (c *Caller) Decide(
	ctx context.Context, store stores.Store, judge *marks.Judge, id stores.ID, owner string, created *stores.Created, call marks.Bracket,
) marks.Verdict {
	v := judge.Created(owner, created, call)
	for probes := 0; v == marks.Perhaps && probes < maxProbes && !c.ClientSide; probes++ {
		from := time.Now()
		r, err := store.Load(ctx, id)
		to := time.Now()
		later := r.Now.Sub(created.Now)
		if err != nil || later <= 0 && from.After(call.To) || later > to.Sub(call.From)+clockStep || later < from.Sub(call.To)-clockStep {
			break // the session has ended or a client holds it, or the clock is no help
		}
		if from = from.Add(-later - clockStep); from.After(call.From) {
			call.From = from
		}
		if to = to.Add(-later + clockStep); to.Before(call.To) {
			call.To = to
		}
		v = judge.Created(owner, created, call)
	}
	return v
}
