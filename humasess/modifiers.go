package humasess

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/policy"
)

// AllowCrossSite exempts one operation from the cross-origin check: pages of
// any origin may then send it with the user's cookie, as far as SameSite lets
// the browser add it. It is for operations that a page elsewhere has to post
// to, such as the answer of an identity provider, and that check by other
// means who has asked. It shows in the document as x-session.crossSite.
//
//	huma.Post(api, "/callback", callback, humasess.AllowCrossSite)
func AllowCrossSite(op *huma.Operation) { policy.AllowCrossSite(op) }

// NoTouch makes requests to one operation no activity: they neither extend the
// session nor have its token renewed by Options.RotateEvery. It is for what
// pages ask by themselves, such as how much time is left, which would keep the
// session of a user alive who has gone home. What the handler itself changes
// extends the session as ever, and so does the first request with a new token.
// It shows in the document as x-session.touch.
//
//	huma.Get(api, "/time-left", timeLeft, humasess.NoTouch)
//
// Within [Manager.Handler] around the API, that handler's request counts.
func NoTouch(op *huma.Operation) { policy.NoTouch(op) }
