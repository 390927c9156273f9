package provider

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/humasess/sessions/humasess"
	"github.com/zitadel/oidc/v3/pkg/crypto"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// home shows the user that is signed in at the provider.
func (p *Provider) home(w http.ResponseWriter, r *http.Request) {
	session, _ := humasess.From[account](r.Context())
	current, _ := session.Get()
	show(w, http.StatusOK, "home", people[current.User].name)
}

// signOut ends the session of the user at the provider and at all applications.
func (p *Provider) signOut(w http.ResponseWriter, r *http.Request) {
	session, _ := humasess.From[account](r.Context())
	if current, ok := session.Get(); ok {
		if err := p.endSession(r.Context(), current.User, session.ID()); err != nil {
			show(w, http.StatusServiceUnavailable, "gone", nil)
			return
		}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// endSession ends a session and sends a logout token to each application of it
// (OpenID Connect Back-Channel Logout 1.0 § 2.5).
func (p *Provider) endSession(ctx context.Context, user, sid string) error {
	ctx = context.WithoutCancel(ctx) // the browser may go away meanwhile
	all, err := p.sessions.List(ctx, user)
	if err != nil {
		return err
	}
	for _, info := range all {
		if info.ID != sid {
			continue
		}
		if err := p.sessions.Revoke(ctx, sid); err != nil {
			return err
		}
		for _, id := range info.Data.Clients {
			if err := p.sendLogout(ctx, p.storage.clients[id], user, sid); err != nil {
				slog.ErrorContext(ctx, "logout token not delivered", "client", id, "error", err) // a real provider tries again
			}
		}
	}
	return nil
}

func (p *Provider) sendLogout(ctx context.Context, client Client, user, sid string) error {
	if client.BackChannelLogoutURI == "" {
		return nil
	}
	token, err := p.logoutToken(client.ID, user, sid)
	if err != nil {
		return err
	}
	body := url.Values{"logout_token": {token}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, client.BackChannelLogoutURI, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func (p *Provider) logoutToken(client, user, sid string) (string, error) {
	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.storage.key.private, KeyID: p.storage.key.id}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("logout+jwt"))
	if err != nil {
		return "", err
	}
	claims := oidc.NewLogoutTokenClaims(p.issuer, user, oidc.Audience{client}, p.now().Add(2*time.Minute), rand.Text(), sid, 0)
	claims.IssuedAt = oidc.FromTime(p.now())
	return crypto.Sign(claims, signer)
}
