package site

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/humasess/sessions/humasess"
)

// Confirmed admits users that have used a passkey with a PIN, a finger or a face within
// the last five minutes, be it to sign in. Others get a 403, and then the page asks them
// to step up.
type Confirmed struct{}

// Fresh is how long a passkey counts.
func (Confirmed) Fresh() time.Duration { return 5 * time.Minute }

// Methods are those of the session that [methods] adds.
func (Confirmed) Methods() []string { return []string{"pop", "mfa"} }

type deleteInput struct {
	humasess.Guarded[User, Confirmed]
}

type beginStepUpInput struct {
	Member
	Begin
}

type finishStepUpInput struct {
	Member
	Begun
	Body json.RawMessage `doc:"The passkey's answer, as its method toJSON returns it."`
}

// beginStepUp asks for a passkey of the user that is signed in. The data of the ceremony
// name that user, so another user of the same browser cannot finish it.
func (s *Site) beginStepUp(ctx context.Context, in *beginStepUpInput) (*optionsOutput, error) {
	user := in.Member.Value()
	owner, err := s.accounts.find(user.ID)
	if err != nil {
		return nil, humasess.ErrNoSession // the account was deleted, and its sessions are about to end
	}
	options, data, err := s.passkeys.BeginLogin(owner, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return begin(&in.Begin, Ceremony{Purpose: stepUp, User: user}, data, options)
}

// finishStepUp notes in the session that the user has confirmed. A refusal is a 403 and
// not a 401, because a 401 means that the session has ended.
func (s *Site) finishStepUp(ctx context.Context, in *finishStepUpInput) (*struct{}, error) {
	ceremony, err := take(ctx, &in.Begun, stepUp)
	if err != nil {
		return nil, err
	}
	parsed, err := parseAssertion(in.Body)
	if err != nil {
		return nil, err
	}
	if err := s.confirm(in.Member.Value().ID, ceremony, parsed); err != nil {
		s.log.WarnContext(ctx, "passkey refused", "purpose", stepUp, "error", err)
		return nil, huma.Error403Forbidden("the passkey was not accepted")
	}
	return nil, in.Member.ReauthenticatedWith(methods(parsed.Response.AuthenticatorData.Flags))
}

// confirm returns an error unless the answer is of a passkey of the user. ValidateLogin
// compares the user with the one that began the ceremony.
func (s *Site) confirm(id string, ceremony Ceremony, parsed *protocol.ParsedCredentialAssertionData) error {
	owner, err := s.accounts.find(id)
	if err != nil {
		return err
	}
	passkey, err := s.passkeys.ValidateLogin(owner, ceremony.Data, parsed)
	if err != nil {
		return err
	}
	return s.accounts.used(id, *passkey)
}

// deleteAccount deletes the account first. A sign-in that is in progress then finds no
// account, or RevokeAll refuses its session.
func (s *Site) deleteAccount(ctx context.Context, in *deleteInput) (*struct{}, error) {
	s.accounts.remove(in.Value().ID)
	_, err := in.RevokeAll(ctx)
	return nil, err
}
