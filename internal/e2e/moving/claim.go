package moving

import (
	"context"
	"sync"
	"time"
)

// docs: begin claim

// ClaimOnce is Move.Claim for one process. A claim counts for ten seconds, because the answer
// with our cookie may get lost.
func ClaimOnce() func(context.Context, string) bool {
	var claimed sync.Map
	return func(_ context.Context, cookie string) bool {
		_, taken := claimed.LoadOrStore(cookie, true)
		if !taken {
			time.AfterFunc(10*time.Second, func() { claimed.Delete(cookie) })
		}
		return !taken
	}
}

// docs: end
