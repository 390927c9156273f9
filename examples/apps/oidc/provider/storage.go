package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/humasess/sessions/humasess"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// people stand for a database with hashed passwords.
var people = map[string]struct{ name, password string }{
	"ada":   {"Ada Lovelace", "engine"},
	"grace": {"Grace Hopper", "compiler"},
}

// request is a sign-in that an application has asked for.
type request struct {
	*oidc.AuthRequest

	id, code string

	// These are set when the user has proved their identity.
	done    bool
	subject string
	sid     string
	proof   humasess.Claims
}

var _ op.AuthRequest = (*request)(nil)

func (r *request) GetID() string          { return r.id }
func (r *request) GetACR() string         { return r.proof.ACR }
func (r *request) GetAMR() []string       { return r.proof.AMR }
func (r *request) GetAuthTime() time.Time { return time.Unix(r.proof.AuthTime, 0) }
func (r *request) GetAudience() []string  { return []string{r.ClientID} }
func (r *request) GetClientID() string    { return r.ClientID }
func (r *request) GetNonce() string       { return r.Nonce }
func (r *request) GetScopes() []string    { return r.Scopes }
func (r *request) GetState() string       { return r.State }
func (r *request) GetSubject() string     { return r.subject }
func (r *request) Done() bool             { return r.done }
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.CodeChallenge, Method: r.CodeChallengeMethod}
}

// storage implements the methods of op.Storage that the code flow needs. The others
// come from the nil interface, so their endpoints fail.
type storage struct {
	op.Storage

	clients    map[string]Client
	key        signingKey
	endSession func(ctx context.Context, user, sid string) error

	mu       sync.Mutex
	requests map[string]*request
}

func newStorage(clients []Client, endSession func(ctx context.Context, user, sid string) error) (*storage, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &storage{key: signingKey{rand.Text(), private}, endSession: endSession, clients: map[string]Client{}, requests: map[string]*request{}}
	for _, c := range clients {
		s.clients[c.ID] = c
	}
	return s, nil
}

var errUnknown = errors.New("unknown")

// find returns a copy of the first request for which the function returns true.
func (s *storage) find(is func(*request) bool) (*request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if is(r) {
			found := *r
			return &found, nil
		}
	}
	return nil, errUnknown
}

func (s *storage) change(id string, change func(*request) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok {
		return errUnknown
	}
	return change(r)
}

func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &request{AuthRequest: asked, id: rand.Text()}
	s.requests[r.id] = r
	return r, nil
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	return s.find(func(r *request) bool { return r.id == id })
}

func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	return s.find(func(r *request) bool { return r.done && subtle.ConstantTimeCompare([]byte(r.code), []byte(code)) == 1 })
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	return s.change(id, func(r *request) error {
		r.code = code
		return nil
	})
}

func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

func (s *storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(5 * time.Minute), nil
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	c, ok := s.clients[id]
	if !ok {
		return nil, errUnknown
	}
	return registered{c}, nil
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if c, ok := s.clients[id]; !ok || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 0 {
		return errUnknown
	}
	return nil
}

func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil // SetUserinfoFromRequest does it
}

// SetUserinfoFromRequest adds the user and the session to an ID token.
func (s *storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, token op.IDTokenRequest, scopes []string) error {
	info.Subject = token.GetSubject()
	if slices.Contains(scopes, oidc.ScopeProfile) {
		info.Name = people[info.Subject].name
	}
	if r, ok := token.(*request); ok {
		info.AppendClaims("sid", r.sid)
	}
	return nil
}

// TerminateSessionFromRequest ends the session that the ID token of the request names.
func (s *storage) TerminateSessionFromRequest(ctx context.Context, r *op.EndSessionRequest) (string, error) {
	if r.IDTokenHintClaims == nil {
		return "/", nil // any page could have sent the user here, so the user has to click there
	}
	return r.RedirectURI, s.endSession(ctx, r.UserID, r.IDTokenHintClaims.SessionID)
}

func (s *storage) Health(context.Context) error { return nil }

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.ES256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key}}, nil }

type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
}

func (k signingKey) ID() string                                  { return k.id }
func (k signingKey) Key() any                                    { return k.private }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.ES256 }

type publicKey struct{ signingKey }

func (k publicKey) Key() any                           { return &k.private.PublicKey }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (k publicKey) Use() string                        { return "sig" }

func random32() (key [32]byte) {
	_, _ = rand.Read(key[:]) // it never fails
	return key
}
