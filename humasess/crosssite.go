package humasess

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
)

// AllowCrossSite exempts one operation from the cross-origin check: pages of
// any origin may then send it with the user's cookie, as far as SameSite lets
// the browser add it. It is for operations that a page elsewhere has to post
// to, such as the answer of an identity provider, and that check by other
// means who has asked. It shows in the document as x-session.crossSite.
//
//	huma.Post(api, "/callback", callback, humasess.AllowCrossSite)
func AllowCrossSite(op *huma.Operation) { openapi.AllowCrossSite(op) }
