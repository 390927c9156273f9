package account

import (
	"cmp"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess"
)

// The names of these types are the names of their schemas in the document. They
// begin with Account, so that they rarely clash with types of the program.

// AccountCurrentSession is the answer of get-session.
type AccountCurrentSession[V any] struct {
	ID        string    `json:"id" doc:"Public ID of the session. It is not a credential."`
	CreatedAt time.Time `json:"created_at" doc:"When the user signed in."`
	ExpiresAt time.Time `json:"expires_at" doc:"When the session ends if it is not used again. Requests for this operation do not count as use."`
	Deadline  time.Time `json:"deadline" doc:"When the session ends, even if it is used."`
	Carrier   string    `json:"carrier" doc:"What the client keeps: \"cookie\" or \"bearer\", a token."`

	// Authentication tells a page whether a guard with Fresh or Methods would ask the
	// user again, before the page sends the request.
	Authentication humasess.Authentication `json:"authentication" doc:"When and how the user last proved their identity."`

	User V `json:"user"` // no text: OpenAPI 3.0 allows none beside a reference
}

// AccountSessionList is the answer of list-sessions. The names of these types are those of
// the schemas in the document, where they stand beside yours.
type AccountSessionList struct {
	Sessions []AccountSessionSummary `json:"sessions" nullable:"false" doc:"This session first, then the most recently used."`
	Total    int                     `json:"total" minimum:"0" doc:"Number of the user's sessions. The list may contain fewer."`
}

// AccountSessionSummary is one of a user's sessions.
type AccountSessionSummary struct {
	ID         string    `json:"id" doc:"Public ID of the session, for revoke-session. It is not a credential."`
	Current    bool      `json:"current" doc:"Whether this is the current session."`
	Label      string    `json:"label,omitempty" doc:"Name of the session for the user, for example its browser."`
	Carrier    string    `json:"carrier" doc:"What the client keeps: \"cookie\" or \"bearer\", a token."`
	Address    string    `json:"address,omitempty" doc:"IP address or network of the client at sign-in."`
	CreatedAt  time.Time `json:"created_at" doc:"When the user signed in."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When the session was last used, accurate to a tenth of its idle timeout."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When the session ends if it is not used again."`
}

// AccountRevokedSessions is the answer of revoke-other-sessions and
// sign-out-everywhere.
type AccountRevokedSessions struct {
	Revoked *int `json:"revoked,omitempty" minimum:"0" doc:"Number of sessions that ended. Missing if the server does not count them."`
}

// ended returns the answer for a count, which is negative if it is unknown.
func ended(n int) *endedOutput {
	if n < 0 {
		return &endedOutput{}
	}
	return &endedOutput{AccountRevokedSessions{&n}}
}

// listed returns the answer of list-sessions of no more than most sessions, and sorts
// infos.
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
			ID: info.ID, Current: info.Current, Label: label(info), Carrier: info.Carrier,
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
