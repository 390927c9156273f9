package site

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/humasess/sessions/humasess"
)

// people stand for a database with hashed passwords, and for a limit on how often a
// client may guess them.
var people = map[string]struct {
	name, password string
	manager        bool
}{
	"ada":   {"Ada Lovelace", "engine", false},
	"grace": {"Grace Hopper", "compiler", true},
}

func authenticate(id, password string) (User, bool) {
	person, known := people[id]
	want, got := sha256.Sum256([]byte(person.password)), sha256.Sum256([]byte(password))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !known {
		return User{}, false
	}
	return User{ID: id, Name: person.name, Manager: person.manager}, true
}

// form is the sign-in form. Its action is the address of its page, which has return_to.
type form struct {
	Action, Name, Error string
	Asked               bool // for another page
}

func (s *Site) loginForm(w http.ResponseWriter, r *http.Request) {
	if session, _ := humasess.From[User](r.Context()); session.Active() { // signed in by another tab
		http.Redirect(w, r, humasess.ReturnTo(r), http.StatusSeeOther) //nolint:gosec // ReturnTo checks it
		return
	}
	s.showForm(w, r, http.StatusOK, form{})
}

func (s *Site) showForm(w http.ResponseWriter, r *http.Request, status int, f form) {
	f.Action, f.Asked = r.URL.RequestURI(), humasess.ReturnTo(r) != "/"
	s.show(w, r, status, "login.html", page{Title: "Sign in", Data: f})
}

// login needs no protection against a second click: the second sign-in ends the session
// of the first one, if the browser has its cookie already.
func (s *Site) login(w http.ResponseWriter, r *http.Request) {
	name := strings.ToLower(strings.TrimSpace(r.PostFormValue("name")))
	user, ok := authenticate(name, r.PostFormValue("password"))
	if !ok {
		s.showForm(w, r, http.StatusUnprocessableEntity, form{Name: name, Error: "The name or the password is wrong."})
		return
	}
	session, _ := humasess.From[User](r.Context())
	if err := session.Start(user); err != nil {
		s.fail(w, r, err)
		return
	}
	redirect(w, r, humasess.ReturnTo(r), "Welcome, "+user.Name+".")
}

// logout works with and without a session, so a second click is not an error.
func (s *Site) logout(w http.ResponseWriter, r *http.Request) {
	session, _ := humasess.From[User](r.Context())
	if err := session.Destroy(); err != nil {
		s.fail(w, r, err)
		return
	}
	redirect(w, r, "/", "You are signed out.")
}
