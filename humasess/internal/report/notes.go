package report

import (
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
)

// Notes say why a request has no session. They share one byte with a mark of another kind,
// because each request has them.
type Notes uint8

// Notes.
const (
	PresentedUnusable Notes = 1 << iota // a cookie or a token, which opened nothing
	PresentedSeveral                    // several sessions, too many cookies, or several tokens
	LostMeanwhile                       // a write has found that the session ended while the request ran
	ShownToGuard                        // the session is a copy that never changes
)

// Is reports whether one of the notes is there.
func (n Notes) Is(one Notes) bool { return n&one != 0 }

// Reason returns why the request has no session, and "" if it has one.
func (n Notes) Reason(life *lifecycle.State) events.Reason {
	switch {
	case n.Is(LostMeanwhile) && life.OnBase():
		return events.ReasonRevoked
	case life.Active():
		return ""
	case life.Doomed, life.OthersDoomed, life.Cookie == lifecycle.CookieExpire:
		return events.ReasonEnded
	case n.Is(LostMeanwhile):
		return events.ReasonRevoked
	case life.Hidden:
		return events.ReasonUndecodable
	case n.Is(PresentedSeveral):
		return events.ReasonAmbiguous
	case n.Is(PresentedUnusable):
		return events.ReasonUnknown
	}
	return events.ReasonAbsent
}
