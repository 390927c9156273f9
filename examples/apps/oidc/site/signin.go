package site

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-chi/chi/v5"
	"github.com/humasess/sessions/humasess"
	"golang.org/x/oauth2"
)

// The provider asks the user again if its last proof is older than this.
const (
	signInAge = 12 * time.Hour
	stepUpAge = 5 * time.Minute
)

// age returns the greatest age of the proof.
func (in SignIn) age() time.Duration {
	if in.StepUp {
		return stepUpAge
	}
	return signInAge
}

// signIn sends the user to a provider: /sign-in?provider=KEY&return_to=PATH.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request) {
	p := s.providers[0]
	if key := r.URL.Query().Get("provider"); key != "" {
		if p = s.provider(key); p == nil {
			s.fail(w, r, failure{Status: http.StatusNotFound, Title: "There is no such provider"}, nil)
			return
		}
	}
	s.redirect(w, r, p, SignIn{ReturnTo: humasess.ReturnTo(r)})
}

// stepUp asks the user to prove their identity again, at the provider of the session.
func (s *Site) stepUp(w http.ResponseWriter, r *http.Request) {
	session, _ := humasess.From[User](r.Context())
	user, _ := session.Get()
	p := s.issuer(user.Issuer)
	if p == nil {
		s.signIn(w, r)
		return
	}
	s.redirect(w, r, p, SignIn{ReturnTo: humasess.ReturnTo(r), StepUp: true})
}

func (s *Site) redirect(w http.ResponseWriter, r *http.Request, p *provider, in SignIn) {
	m, err := p.metadata(r.Context())
	if err != nil {
		s.fail(w, r, unreachable(p, in), err)
		return
	}
	state := rand.Text()
	in.Provider, in.Nonce, in.Verifier, in.Until = p.Key, rand.Text(), oauth2.GenerateVerifier(), s.now().Add(signInTime)
	if err := s.begin(r.Context(), state, in); err != nil {
		s.fail(w, r, broken, err)
		return
	}
	// The provider sends auth_time if it is asked for max_age.
	opts := []oauth2.AuthCodeOption{
		oidc.Nonce(in.Nonce), oauth2.S256ChallengeOption(in.Verifier),
		oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(in.age().Seconds()))),
	}
	if in.StepUp {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "login"))
	}
	if p.FormPost {
		opts = append(opts, oauth2.SetAuthURLParam("response_mode", "form_post"))
	}
	http.Redirect(w, r, m.oauth.AuthCodeURL(state, opts...), http.StatusSeeOther)
}

// callback takes the provider's response, from the query or from a form. The browser
// sends no Lax cookie with a form of another site, so the session is not here. The
// result waits in the flow for a request of our own.
func (s *Site) callback(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	answer := r.URL.Query()
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			s.fail(w, r, failure{Status: http.StatusBadRequest, Title: "The answer of the provider is incomplete"}, err)
			return
		}
		answer = r.PostForm
	}
	in, err := s.take(r.Context(), answer.Get("state"), false)
	if err != nil {
		s.fail(w, r, ended, err)
		return
	}
	p := s.provider(in.Provider)
	if p == nil {
		s.fail(w, r, ended, nil) // removed meanwhile
		return
	}
	m, err := p.metadata(r.Context())
	if err != nil {
		s.fail(w, r, unreachable(p, in), err)
		return
	}
	if err := m.mixedUp(p, chi.URLParam(r, "provider"), answer); err != nil {
		s.fail(w, r, refused(in), err)
		return
	}
	if code := answer.Get("error"); code != "" {
		s.fail(w, r, refused(in), errors.New("the provider answers "+strconv.Quote(code)))
		return
	}
	in.Result, err = p.redeem(r.Context(), answer.Get("code"), in)
	var denied *oauth2.RetrieveError
	switch {
	case errors.Is(err, errIDToken), errors.As(err, &denied) && denied.Response.StatusCode < http.StatusInternalServerError:
		s.fail(w, r, refused(in), err)
		return
	case err != nil:
		s.fail(w, r, unreachable(p, in), err)
		return
	}
	key := rand.Text()
	in.Until = s.now().Add(finishTime)
	if err := s.begin(r.Context(), key, in); err != nil {
		s.fail(w, r, broken, err)
		return
	}
	http.Redirect(w, r, "/sign-in/finish?key="+key, http.StatusSeeOther)
}

// mixedUp refuses a response of another provider than the one that the user was sent to
// (RFC 9700 § 4.4). The path is one check. The parameter iss is the other (RFC 9207 § 2.4).
func (m *metadata) mixedUp(p *provider, key string, answer url.Values) error {
	switch issuers := answer["iss"]; {
	case key != p.Key:
		return errors.New("the response came to the path of the provider " + strconv.Quote(key))
	case len(issuers) == 0 && m.sendsIssuer:
		return errors.New("the response has no iss")
	case len(issuers) > 1 || len(issuers) == 1 && issuers[0] != p.Issuer:
		return errors.New("the response is of another issuer")
	}
	return nil
}

// docs: begin finish

// finish starts the session, or notes the new proof in that of the same user.
func (s *Site) finish(w http.ResponseWriter, r *http.Request) {
	in, err := s.take(r.Context(), r.URL.Query().Get("key"), true)
	if err != nil {
		s.fail(w, r, ended, err)
		return
	}
	user, proof := in.Result.User, in.Result.Proof.Authentication()
	session, _ := humasess.From[User](r.Context())
	if !proof.Fresh(in.age()+time.Minute, s.now()) || proof.Time.After(s.now().Add(time.Minute)) { // a minute for clocks and the way
		s.fail(w, r, refused(in), errors.New("the provider has not asked the user again, or sends no auth_time"))
		return
	}
	current, ok := session.Get()
	switch {
	case ok && current.identity() == user.identity(): // a step-up, or a second tab
		err = session.Update(func(u *User) error {
			*u = user // the provider may have a new session
			return nil
		})
	case !in.StepUp:
		err = session.Start(user)
	case !ok: // signed out meanwhile
		s.fail(w, r, ended, errors.New("there is no session to step up"))
		return
	default:
		s.fail(w, r, another(in), errors.New("another user has signed in at the provider"))
		return
	}
	if err == nil {
		err = session.ReauthenticatedWith(proof)
	}
	if !in.StepUp && errors.Is(err, humasess.ErrReauthenticate) {
		err = nil // a second tab brings the proof that the session has
	}
	if err != nil {
		s.fail(w, r, refused(in), err)
		return
	}
	http.Redirect(w, r, in.ReturnTo, http.StatusSeeOther)
}

// docs: end

func (s *Site) provider(key string) *provider {
	for _, p := range s.providers {
		if p.Key == key {
			return p
		}
	}
	return nil
}

func (s *Site) issuer(issuer string) *provider {
	for _, p := range s.providers {
		if p.Issuer == issuer {
			return p
		}
	}
	return nil
}
