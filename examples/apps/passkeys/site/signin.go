package site

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-webauthn/webauthn/webauthn"
)

type beginInput struct{ Begin }

// beginSignIn asks for any passkey of this site. The passkey says whose it is, so the
// user types no name, and the answer shows no account that exists.
func (s *Site) beginSignIn(ctx context.Context, in *beginInput) (*optionsOutput, error) {
	options, data, err := s.passkeys.BeginDiscoverableLogin()
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return begin(&in.Begin, Ceremony{Purpose: signIn}, data, options)
}

// finishSignIn signs the user in. All refusals have the same answer.
func (s *Site) finishSignIn(ctx context.Context, in *finishInput) (*struct{}, error) {
	ceremony, err := take(ctx, &in.Begun, signIn)
	if err != nil {
		return nil, err
	}
	parsed, err := parseAssertion(in.Body)
	if err != nil {
		return nil, err
	}
	owner := func(_, handle []byte) (webauthn.User, error) { return s.accounts.find(string(handle)) }
	found, passkey, err := s.passkeys.ValidatePasskeyLogin(owner, ceremony.Data, parsed)
	if err == nil {
		err = s.accounts.used(string(found.WebAuthnID()), *passkey)
	}
	if err != nil {
		s.log.WarnContext(ctx, "passkey refused", "purpose", signIn, "error", err)
		return nil, huma.Error401Unauthorized("the passkey was not accepted")
	}
	if err := in.Visitor.Start(found.(holder).user); err != nil {
		return nil, err
	}
	// The flags of this answer count. Those of the stored passkey say that the user was
	// verified once.
	return nil, in.Visitor.ReauthenticatedWith(methods(parsed.Response.AuthenticatorData.Flags))
}
