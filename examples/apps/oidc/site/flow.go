package site

import (
	"context"
	"errors"
	"time"

	"github.com/humasess/sessions/humasess"
)

// Flow is the data of the second session type: the sign-ins that a browser has begun.
// The key is the state (RFC 6749 § 10.12). Each tab has its own.
type Flow struct {
	SignIns map[string]SignIn `json:"sign_ins"`
}

// SignIn is a sign-in that is under way.
type SignIn struct {
	Provider string    `json:"provider"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"` // of PKCE
	ReturnTo string    `json:"return_to"`
	StepUp   bool      `json:"step_up"`
	Until    time.Time `json:"until"`

	Result *Result `json:"result"` // set by the callback
}

const (
	signInTime = 10 * time.Minute
	finishTime = time.Minute // of a result, which waits for one redirect
	maxSignIns = 8           // the oldest goes first
)

var errNoSignIn = errors.New("no such sign-in in this browser")

// put adds a sign-in.
func (f *Flow) put(key string, in SignIn) {
	if f.SignIns == nil {
		f.SignIns = map[string]SignIn{}
	}
	if len(f.SignIns) >= maxSignIns {
		oldest := ""
		for k, other := range f.SignIns {
			if oldest == "" || other.Until.Before(f.SignIns[oldest].Until) {
				oldest = k
			}
		}
		delete(f.SignIns, oldest)
	}
	f.SignIns[key] = in
}

// begin stores a sign-in until its key comes back.
func (s *Site) begin(ctx context.Context, key string, in SignIn) error {
	flow, _ := humasess.From[Flow](ctx)
	return flow.Update(func(f *Flow) error {
		f.put(key, in)
		return nil
	})
}

// docs: begin take

// take removes a sign-in and returns it. Of several requests with the same key, one
// gets it. Commit writes the removal at once, so an error response does not undo it.
func (s *Site) take(ctx context.Context, key string, finished bool) (SignIn, error) {
	flow, _ := humasess.From[Flow](ctx)
	if !flow.Active() {
		return SignIn{}, errNoSignIn
	}
	var in SignIn
	err := flow.Update(func(f *Flow) error { // runs again after a conflict
		var ok bool
		if in, ok = f.SignIns[key]; !ok || (in.Result != nil) != finished {
			return errNoSignIn
		}
		delete(f.SignIns, key)
		return nil
	})
	if err == nil {
		err = flow.Commit(ctx)
	}
	if err == nil && !s.now().Before(in.Until) {
		err = errNoSignIn
	}
	return in, err
}

// docs: end
