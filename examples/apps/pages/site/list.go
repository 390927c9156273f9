package site

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
)

// content is the part of the list page that htmx replaces.
type content struct {
	Items []item
	ID    string // of the item that the form adds
	Text  string // in the form
	Error string
	Focus string // the element that gets the focus after a change: text or count
}

// user returns the user of a route that requires one.
func user(r *http.Request) User {
	session, _ := humasess.From[User](r.Context())
	u, _ := session.Get()
	return u
}

func (s *Site) list(w http.ResponseWriter, r *http.Request) {
	s.showList(w, r, http.StatusOK, content{})
}

// add adds an item. The form chooses its ID, so a form that is sent twice adds one item.
func (s *Site) add(w http.ResponseWriter, r *http.Request) {
	text := strings.Join(strings.Fields(r.PostFormValue("text")), " ")
	id := r.PostFormValue("id")
	switch {
	case text == "" || utf8.RuneCountInString(text) > 60 || !utf8.ValidString(text):
		s.showList(w, r, http.StatusUnprocessableEntity, content{Text: text, Error: "Write a name of 1 to 60 characters."})
		return
	case id == "" || len(id) > 40:
		s.showError(w, r, http.StatusBadRequest, nil)
		return
	case !s.lists.add(user(r).ID, item{ID: id, Text: text}):
		s.showList(w, r, http.StatusUnprocessableEntity, content{Text: text, Error: fmt.Sprintf("The list is full: it has %d items.", maxItems)})
		return
	}
	s.changed(w, r, "text", fmt.Sprintf("“%s” is on the list.", text))
}

// remove takes an item off. Removing it twice is not an error.
func (s *Site) remove(w http.ResponseWriter, r *http.Request) {
	notice := "It was off the list already."
	if text, ok := s.lists.remove(user(r).ID, chi.URLParam(r, "id")); ok {
		notice = fmt.Sprintf("“%s” is off the list.", text)
	}
	s.changed(w, r, "count", notice)
}

// changed answers htmx with the new list, and a form with the way to its page. The button
// that had the focus may be gone, so another element gets it.
func (s *Site) changed(w http.ResponseWriter, r *http.Request, focus, notice string) {
	if !byHTMX(r) {
		redirect(w, r, "/list", notice)
		return
	}
	s.showPart(w, http.StatusOK, "changed", page{Notice: notice, Data: s.content(r, content{Focus: focus})})
}

func (s *Site) showList(w http.ResponseWriter, r *http.Request, status int, c content) {
	c = s.content(r, c)
	if c.Error != "" {
		c.Focus = "text"
	}
	if byHTMX(r) {
		s.showPart(w, status, "changed", page{Data: c})
		return
	}
	s.show(w, r, status, "list.html", page{Title: "Shopping list", Data: c})
}

func (s *Site) content(r *http.Request, c content) content {
	c.Items, c.ID = s.lists.of(user(r).ID), rand.Text()
	return c
}

func (s *Site) totals(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "totals.html", page{Title: "Totals", Data: s.lists.totals()})
}
