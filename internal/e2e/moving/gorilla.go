package moving

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

// docs: begin gorilla

// Gorilla finds sessions of github.com/gorilla/sessions.
type Gorilla struct {
	Store sessions.Store
	Name  string
	Ended Ended // for a CookieStore, which has nothing on the server; nil for others
}

// accepted is the age up to which NewCookieStore accepts a cookie by default.
const accepted = 30 * 24 * time.Hour

// Find returns the session of a cookie.
func (o Gorilla) Find(ctx context.Context, cookie string) (Found, error) {
	session, err := o.session(ctx, cookie)
	if err != nil {
		return Found{}, err
	}
	id, _ := session.Values["userID"].(string)     // the keys of your program
	since, _ := session.Values["signedIn"].(int64) // Unix seconds
	life := time.Duration(session.Options.MaxAge) * time.Second
	if life <= 0 { // the cookie ends with the browser
		life = accepted
	}
	found := Found{ID: id, SignedIn: time.Unix(since, 0), Persistent: session.Options.MaxAge > 0}
	if found.Ends = found.SignedIn.Add(life); time.Until(found.Ends) <= 0 {
		found.Ends = time.Now().Add(life) // saved again after the sign-in, or that is not known
	}
	return found, notEnded(ctx, o.Ended, found)
}

// End deletes the session of a cookie.
func (o Gorilla) End(ctx context.Context, cookie string) error {
	session, err := o.session(ctx, cookie)
	switch {
	case errors.Is(err, ErrDead):
		return nil
	case err != nil:
		return err
	case o.Ended != nil:
		found, err := o.Find(ctx, cookie)
		if err != nil || found.ID == "" {
			return ignoreDead(err)
		}
		// A copy that was saved a moment ago is valid for so long. MaxAge of Options is about
		// the browser only, unless the program has called MaxAge of the store.
		found.Ends = time.Now().Add(max(accepted, time.Duration(session.Options.MaxAge)*time.Second))
		return o.Ended.Add(ctx, found)
	}
	session.Options.MaxAge = -1
	return session.Save(&http.Request{}, discard{})
}

// session opens a cookie. Other stores than those of gorilla/sessions have errors of their
// own for a session that does not exist.
func (o Gorilla) session(ctx context.Context, cookie string) (*sessions.Session, error) {
	r := (&http.Request{Header: http.Header{"Cookie": {o.Name + "=" + cookie}}}).WithContext(ctx)
	session, err := o.Store.New(r, o.Name)
	var bad securecookie.Error
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &bad) && bad.IsDecode(), err == nil && session.IsNew:
		return nil, ErrDead
	}
	return session, err
}

// discard drops the cookie that Save sets. Move expires it.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// docs: end
