package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Authenticator is a virtual one that keeps passkeys for a tab, as a phone or a laptop does.
// Chromium then shows no dialog of its own.
type Authenticator struct {
	page *Page
	id   webauthn.AuthenticatorID
}

// Authenticator adds an authenticator to the tab. It answers at once, as if the user
// touched it. With verifies it also checks the user, as by a fingerprint.
func (p *Page) Authenticator(verifies bool) *Authenticator {
	p.tb.Helper()
	call(p, "virtual authenticators", webauthn.Enable, webauthn.EnableParams{})
	added := call(p, "add an authenticator", webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21,
			Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
			HasUserVerification: verifies, IsUserVerified: verifies, AutomaticPresenceSimulation: true,
			HasCmtgKey: true, // CopyTo sends a field of it, because cdproto omits no false
		},
	})
	return &Authenticator{p, added.AuthenticatorID}
}

// Verify says whether the user passes the check of an authenticator that verifies.
func (a *Authenticator) Verify(passes bool) {
	a.page.tb.Helper()
	call(a.page, "verify", webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: passes})
}

// CopyTo adds the passkeys to another authenticator, as a synced account does.
func (a *Authenticator) CopyTo(other *Authenticator) {
	a.page.tb.Helper()
	kept := call(a.page, "passkeys", webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id})
	for _, c := range kept.Credentials {
		c.ActiveCmtgKeyIndex = nil // the keys of the group stay behind
		call(other.page, "add a passkey", webauthn.AddCredential, webauthn.AddCredentialParams{AuthenticatorID: other.id, Credential: c})
	}
}

// Passkeys returns the number of passkeys.
func (a *Authenticator) Passkeys() int {
	a.page.tb.Helper()
	return len(call(a.page, "passkeys", webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: a.id}).Credentials)
}

// Remove takes the authenticator away, as a security key that is pulled out.
func (a *Authenticator) Remove() {
	a.page.tb.Helper()
	call(a.page, "remove the authenticator", webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: a.id})
}

// call calls a command within patience.
func call[P, R any](p *Page, label string, command cdp.Command[P, R], params P) R {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		p.tb.Fatalf("%s: %v%s", label, err, p.sight())
	}
	return result
}
