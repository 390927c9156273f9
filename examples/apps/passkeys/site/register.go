package site

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-webauthn/webauthn/protocol"
)

type beginRegistrationInput struct {
	Begin
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"64" example:"Ada Lovelace"`
	}
}

type finishInput struct {
	Visitor
	Begun
	Body json.RawMessage `doc:"The passkey's answer, as its method toJSON returns it."`
}

// beginRegistration chooses the ID of the new account. The account exists when the
// passkey has answered, so nothing is left of a user that gives up. A real program limits
// how often a client may call this and beginSignIn: each call stores a ceremony.
func (s *Site) beginRegistration(ctx context.Context, in *beginRegistrationInput) (*optionsOutput, error) {
	user := User{ID: rand.Text(), Name: strings.TrimSpace(in.Body.Name)}
	if user.Name == "" {
		return nil, huma.Error422UnprocessableEntity("the name is blank")
	}
	options, data, err := s.passkeys.BeginRegistration(holder{user: user})
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return begin(&in.Begin, Ceremony{Purpose: registration, User: user}, data, options)
}

// finishRegistration creates the account and signs it in. If the session cannot be
// stored, the account exists, and the user signs in with the new passkey.
func (s *Site) finishRegistration(ctx context.Context, in *finishInput) (*struct{}, error) {
	ceremony, err := take(ctx, &in.Begun, registration)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(in.Body)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity("this is not the answer of a passkey")
	}
	passkey, err := s.passkeys.CreateCredential(holder{user: ceremony.User}, ceremony.Data, parsed)
	if err == nil {
		err = s.accounts.create(ceremony.User, *passkey)
	}
	if err != nil {
		s.log.WarnContext(ctx, "passkey refused", "purpose", registration, "error", err)
		return nil, huma.Error422UnprocessableEntity("the passkey was not accepted")
	}
	if err := in.Visitor.Start(ceremony.User); err != nil {
		return nil, err
	}
	return nil, in.Visitor.ReauthenticatedWith(methods(parsed.Response.AttestationObject.AuthData.Flags))
}
