package site

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"time"

	"github.com/humasess/sessions/humasess"
)

// Notices are texts that the next page shows once, such as "You are signed out". The key
// of a text is in the address that the browser is sent to, so the text appears in the tab
// that caused it, whichever tab loads first.
//
// They have a session of their own, beside the user's. A sign-in or a sign-out in another
// tab ends the user's session, and would take the texts with it. Session.Take would read
// the texts of all tabs at once, so each is taken by Update.
type Notices map[string]string

// noticeTime is how long a text waits for its page.
const noticeTime = 5 * time.Minute

// redirect answers a form with 303: the browser gets the next page with GET, so reloading
// it does not send the form again. The path is local, and its page shows the notice.
// If the session of the notices cannot take it, the user goes on without it.
func redirect(w http.ResponseWriter, r *http.Request, path, notice string) {
	session, _ := humasess.From[Notices](r.Context())
	key := rand.Text()
	err := humasess.SetKey(session, key, notice)
	if to, parseErr := url.Parse(path); err == nil && parseErr == nil {
		query := to.Query()
		query.Set("notice", key)
		to.RawQuery = query.Encode()
		path = to.String()
	}
	http.Redirect(w, r, path, http.StatusSeeOther) //nolint:gosec // the callers give local paths
}

// takeNotice returns the notice for a page. Commit makes sure that of two requests with
// the same key one gets it: if another request was faster, Update runs again on the new
// data.
func takeNotice(r *http.Request) string {
	key := r.URL.Query().Get("notice")
	session, ok := humasess.From[Notices](r.Context())
	if !ok || key == "" {
		return ""
	}
	if _, kept := humasess.GetKey(session, key); !kept {
		return ""
	}
	var notice string
	err := session.Update(func(all *Notices) error {
		notice = (*all)[key]
		delete(*all, key)
		return nil
	})
	if err != nil || session.Commit(r.Context()) != nil {
		return ""
	}
	return notice
}
