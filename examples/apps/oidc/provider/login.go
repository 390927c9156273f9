package provider

import (
	"crypto/subtle"
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

//go:embed pages.html
var source string

var pages = template.Must(template.New("pages").Parse(source))

func show(w http.ResponseWriter, status int, name string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'") // no page lays its own over the form
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, data) // an error means that the client has gone
}

// login asks for a password, unless the session of the user suffices. Then it answers
// the application.
func (p *Provider) login(protocol *op.Provider) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("id")
		asked, err := p.storage.find(func(r *request) bool { return r.id == id })
		if err != nil {
			show(w, http.StatusNotFound, "gone", nil)
			return
		}
		session, _ := humasess.From[account](r.Context())
		switch {
		case r.Method == http.MethodPost:
			name, password := r.PostFormValue("name"), r.PostFormValue("password")
			person, known := people[name]
			if subtle.ConstantTimeCompare([]byte(password), []byte(person.password)) == 0 || !known {
				show(w, http.StatusUnprocessableEntity, "login", map[string]string{"ID": id, "Name": name, "Error": "Wrong name or password."})
				return
			}
			if current, _ := session.Get(); current.User != name {
				err = session.Start(account{User: name})
			}
			if err == nil {
				err = session.ReauthenticatedWith(humasess.Authentication{Methods: []humasess.Method{{Name: "pwd"}}, Class: "aal1"})
			}
		case !suffices(session, asked):
			current, _ := session.Get()
			show(w, http.StatusOK, "login", map[string]string{"ID": id, "Name": current.User})
			return
		}
		if err == nil {
			err = p.finish(session, asked)
		}
		if err != nil {
			show(w, http.StatusServiceUnavailable, "gone", nil)
			return
		}
		p.respond(w, r, protocol, asked)
	}
}

// suffices reports whether the application accepts the sign-in that the user has
// already made (OpenID Connect Core § 3.1.2.1, prompt and max_age).
func suffices(session *humasess.Session[account], asked *request) bool {
	switch {
	case !session.Active() || slices.Contains(asked.Prompt, oidc.PromptLogin):
		return false
	case asked.MaxAge == nil:
		return true
	}
	return session.RequireFresh(max(time.Duration(*asked.MaxAge)*time.Second, 1)) == nil
}

// finish notes the user in the request and the application in the session, which will
// get a logout token. A request gets one user. Otherwise an attacker could finish a
// request, send its link to a victim, and then get an ID token of the victim.
func (p *Provider) finish(session *humasess.Session[account], asked *request) error {
	err := session.Update(func(a *account) error {
		if !slices.Contains(a.Clients, asked.ClientID) {
			a.Clients = append(a.Clients, asked.ClientID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	current, _ := session.Get()
	return p.storage.change(asked.id, func(r *request) error {
		if r.done {
			return errUnknown
		}
		r.done, r.subject, r.sid, r.proof = true, current.User, session.ID(), session.Authentication().Claims()
		return nil
	})
}

// answer is the response of the authorization endpoint.
type answer struct {
	Code   string `schema:"code"`
	State  string `schema:"state,omitempty"`
	Issuer string `schema:"iss"` // RFC 9207
}

func (p *Provider) respond(w http.ResponseWriter, r *http.Request, protocol *op.Provider, asked *request) {
	code, err := op.CreateAuthRequestCode(r.Context(), asked, p.storage, protocol.Crypto())
	if err != nil {
		show(w, http.StatusInternalServerError, "gone", nil)
		return
	}
	if asked.ResponseMode == oidc.ResponseModeFormPost {
		show(w, http.StatusOK, "form_post", map[string]string{"To": asked.RedirectURI, "Code": code, "State": asked.State, "Issuer": p.issuer})
		return
	}
	to, err := op.AuthResponseURL(asked.RedirectURI, oidc.ResponseTypeCode, asked.ResponseMode, &answer{code, asked.State, p.issuer}, protocol.Encoder())
	if err != nil {
		show(w, http.StatusInternalServerError, "gone", nil)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// discovery adds the parameter iss of RFC 9207 to the document of zitadel/oidc.
func (p *Provider) discovery(protocol *op.Provider) http.Handler {
	return op.NewIssuerInterceptor(protocol.IssuerFromRequest).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httphelper.MarshalJSON(w, struct {
			*oidc.DiscoveryConfiguration

			Iss bool `json:"authorization_response_iss_parameter_supported"`
		}{op.CreateDiscoveryConfig(r.Context(), protocol, p.storage), true})
	})
}
