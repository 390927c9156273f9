package account

import (
	"cmp"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess"
)

// The names of these types are the names of their schemas in the document. They
// begin with Account, so that they rarely clash with types of the program.

// AccountCurrentSession is what get-session answers.
type AccountCurrentSession[V any] struct {
	ID        string    `json:"id" doc:"Public ID of the session. It is no credential."`
	CreatedAt time.Time `json:"created_at" doc:"When the user signed in."`
	ExpiresAt time.Time `json:"expires_at" doc:"When the session ends unless it is used again, for which asking does not count."`
	Deadline  time.Time `json:"deadline" doc:"When the session ends however much it is used."`
	User      V         `json:"user"` // no text: OpenAPI 3.0 allows none beside a reference
}

// AccountSessionList is what list-sessions answers.
type AccountSessionList struct {
	Sessions []AccountSessionSummary `json:"sessions" nullable:"false" doc:"This session first, then those that were used last."`
	Total    int                     `json:"total" minimum:"0" doc:"How many sessions the user has. More than are listed if there are very many."`
}

// AccountSessionSummary is one of a user's sessions.
type AccountSessionSummary struct {
	ID         string    `json:"id" doc:"Public ID, for revoke-session. It is no credential."`
	Current    bool      `json:"current" doc:"Whether this is the session that asks."`
	Label      string    `json:"label,omitempty" doc:"What the user may know the session by."`
	Address    string    `json:"address,omitempty" doc:"Where the user signed in from: an address or its network."`
	CreatedAt  time.Time `json:"created_at" doc:"When the user signed in."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When the session was last used, to within a tenth of its idle timeout."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When the session ends unless it is used again."`
}

// AccountEndedSessions is what revoke-other-sessions and sign-out-everywhere answer.
type AccountEndedSessions struct {
	Ended *int `json:"ended,omitempty" minimum:"0" doc:"How many sessions ended. Missing where nobody counts them."`
}

// ended is the answer for a count that is -1 when it is not known.
func ended(n int) *endedOutput {
	if n < 0 {
		return &endedOutput{}
	}
	return &endedOutput{AccountEndedSessions{&n}}
}

// listed are the sessions in the order in which they are shown, at most so
// many of them.
func listed[T any](infos []humasess.Info[T], most int, label func(humasess.Info[T]) string) AccountSessionList {
	slices.SortFunc(infos, func(a, b humasess.Info[T]) int {
		if a.Current != b.Current {
			if a.Current {
				return -1
			}
			return 1
		}
		return cmp.Or(b.LastSeenAt.Compare(a.LastSeenAt), b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	list := AccountSessionList{Total: len(infos), Sessions: []AccountSessionSummary{}}
	for _, info := range infos[:min(len(infos), most)] {
		shown := AccountSessionSummary{
			ID: info.ID, Current: info.Current, Label: label(info),
			CreatedAt: info.CreatedAt.UTC(), LastSeenAt: info.LastSeenAt.UTC(), ExpiresAt: info.ExpiresAt.UTC(),
		}
		if where := info.Client.Address; where.IsValid() {
			shown.Address = where.String()
			if where.IsSingleIP() {
				shown.Address = where.Addr().String()
			}
		}
		list.Sessions = append(list.Sessions, shown)
	}
	return list
}
