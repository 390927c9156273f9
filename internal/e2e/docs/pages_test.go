package docs_test

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
)

var (
	loginTemplate = template.Must(template.New("").Parse(`<form method="post" action="{{.Action}}">{{.Message}}`))
	errorTemplate = template.Must(template.New("").Parse(`error {{.}}`))
)

// docs: begin login
func loginPage(w http.ResponseWriter, r *http.Request, status int, message string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = loginTemplate.Execute(w, map[string]string{"Action": r.URL.RequestURI(), "Message": message})
}

func login(w http.ResponseWriter, r *http.Request) {
	user, err := authenticate(r.Context(), r.PostFormValue("name"), r.PostFormValue("password"))
	if err != nil {
		loginPage(w, r, http.StatusUnprocessableEntity, "wrong name or password")
		return
	}
	s, _ := humasess.From[User](r.Context())
	if err := s.Start(user); err != nil {
		status := http.StatusInternalServerError
		if known := huma.StatusError(nil); errors.As(err, &known) {
			status = known.GetStatus()
		}
		errorPage(w, r, status, err)
		return
	}
	http.Redirect(w, r, humasess.ReturnTo(r), http.StatusSeeOther)
}

func errorPage(w http.ResponseWriter, r *http.Request, status int, err error) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = errorTemplate.Execute(w, status) // the text of err is for operators; the manager has logged its own failures
}

// docs: end

func loginForm(w http.ResponseWriter, r *http.Request) { loginPage(w, r, http.StatusOK, "") }

func accountPage(w http.ResponseWriter, r *http.Request) {
	s, _ := humasess.From[User](r.Context())
	user, _ := s.Get()
	_, _ = w.Write([]byte("account of " + user.ID))
}

func onMux(sessions *humasess.Manager[User]) http.Handler {
	mux := http.NewServeMux()
	// docs: begin callback
	mux.Handle("GET /callback", sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := humasess.From[User](r.Context())
		if err := s.Start(User{ID: "u1"}); err != nil {
			http.Error(w, "try again", http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})))
	// docs: end
	// docs: begin mux
	open := sessions.Pages(&humasess.PageOptions{LoginURL: "/login", Error: errorPage})
	user := sessions.Pages(&humasess.PageOptions{LoginURL: "/login", Error: errorPage, Require: true})

	mux.Handle("GET /account", user(http.HandlerFunc(accountPage)))
	mux.Handle("GET /login", open(http.HandlerFunc(loginForm)))
	mux.Handle("POST /login", open(http.HandlerFunc(login)))
	// docs: end
	return mux
}

func onChi(sessions *humasess.Manager[User]) http.Handler {
	router := chi.NewRouter()
	// docs: begin chi
	pages := sessions.Pages(&humasess.PageOptions{
		Require:  true,     // or Roles
		LoginURL: "/login", // which needs no session itself
		Error:    errorPage,
		Route:    func(r *http.Request) string { return chi.RouteContext(r.Context()).RoutePattern() }, // for events and logs
	})
	router.With(pages).Get("/account", accountPage)
	router.With(sessions.Pages(&humasess.PageOptions{LoginURL: "/login"})).Post("/login", login)
	// docs: end
	return router
}

// TestPages runs the blocks of docs/pages.md.
func TestPages(t *testing.T) {
	_, sessions := newAPI(t)
	mux := onMux(sessions)
	for name, site := range map[string]http.Handler{"mux": mux, "chi": onChi(sessions)} {
		t.Run(name, func(t *testing.T) {
			client := humasesstest.NewClient(site)
			navigate := func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", "navigate") }
			away := client.Do("GET", "/account", nil, navigate)
			target := away.Header().Get("Location")
			if away.Code != http.StatusSeeOther || target != "/login?return_to=%2Faccount" {
				t.Fatalf("got %d to %q, want a redirect to the sign-in", away.Code, target)
			}
			form := func(password string) func(*http.Request) {
				return func(r *http.Request) { r.PostForm = url.Values{"name": {"ada"}, "password": {password}} }
			}
			wrong := client.Do("POST", target, nil, form("wrong")).Body.String()
			if want := `action="/login?return_to=%2Faccount">wrong name or password`; !strings.Contains(wrong, want) {
				t.Errorf("got %s, want %s", wrong, want)
			}
			back := client.Do("POST", target, nil, form("engine"))
			if got := back.Header().Get("Location"); back.Code != http.StatusSeeOther || got != "/account" {
				t.Errorf("got %d to %q, want a redirect to the account", back.Code, got)
			}
			if got := client.Do("GET", "/account", nil, navigate).Body.String(); got != "account of ada" {
				t.Errorf("got %q, want the account", got)
			}
			other := client.Do("POST", "/login", nil, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
			if other.Code != http.StatusForbidden {
				t.Errorf("got %d for a form of another site, want 403", other.Code)
			}
		})
	}
	client := humasesstest.NewClient(mux)
	client.Do("GET", "/callback", nil)
	if got := client.Do("GET", "/account", nil).Body.String(); got != "account of u1" {
		t.Errorf("got %q after the callback, want the account", got)
	}
	if got := humasesstest.NewClient(mux).Do("GET", "/account", nil); got.Code != http.StatusUnauthorized || got.Body.String() != "error 401" {
		t.Errorf("got %d %s for a script, want the error page", got.Code, got.Body)
	}
}
