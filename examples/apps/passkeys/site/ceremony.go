package site

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/humasess/sessions/humasess"
)

// purpose says for which operation a ceremony was begun. An answer to the challenge of
// another purpose is refused. Otherwise, for example, a page could sign users in with the
// answers that it got by asking them to confirm something else.
type purpose string

const (
	registration purpose = "registration"
	signIn       purpose = "sign-in"
	stepUp       purpose = "step-up"
)

// Ceremony is the server's side of a ceremony between its two requests. It is the data of
// a session of its own, with a cookie of its own, so that it is bound to the browser that
// began it. It never reaches the client.
type Ceremony struct {
	Purpose purpose              `json:"purpose"`
	User    User                 `json:"user"` // of the account that is created, or that confirms
	Data    webauthn.SessionData `json:"data"`
}

// These are embedded in inputs. Their names are exported, because huma does not see the
// others.
type (
	// Visitor is the session that a sign-in starts.
	Visitor = humasess.Login[User]
	// Member is the session of a user that is signed in.
	Member = humasess.Required[User]
	// Begin is the session that a ceremony starts.
	Begin = humasess.Login[Ceremony]
	// Begun is the session of a ceremony. Without one the answer is not a 401, because a
	// page would take that for the end of the user's session.
	Begun = humasess.Session[Ceremony]
)

// optionsOutput has the argument of navigator.credentials.create or get.
type optionsOutput struct {
	Body any `doc:"Options for the browser, as the WebAuthn types PublicKeyCredentialCreationOptionsJSON and PublicKeyCredentialRequestOptionsJSON in publicKey."`
}

// begin starts the session of a ceremony. One that the browser has begun before, in
// another tab, ends.
func begin(in *Begin, c Ceremony, data *webauthn.SessionData, options any) (*optionsOutput, error) {
	c.Data = *data
	return &optionsOutput{Body: options}, in.Start(c)
}

// docs: begin take

// take ends the ceremony of the request and returns it. A challenge is good for one
// answer: Take deletes it even if this request fails later, and of parallel requests only
// one gets it.
func take(ctx context.Context, session *Begun, want purpose) (Ceremony, error) {
	c, err := session.Take(ctx)
	switch {
	case errors.Is(err, humasess.ErrNoSession), errors.Is(err, humasess.ErrNotFound):
		return Ceremony{}, huma.Error409Conflict("this request for a passkey has expired or was answered already; begin again")
	case err != nil:
		return Ceremony{}, err // 503 while the store does not answer
	case c.Purpose != want:
		return Ceremony{}, huma.Error409Conflict("another request for a passkey was begun; begin again")
	}
	return c, nil
}

// docs: end

// parseAssertion parses the answer of navigator.credentials.get.
func parseAssertion(body json.RawMessage) (*protocol.ParsedCredentialAssertionData, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity("this is not the answer of a passkey")
	}
	return parsed, nil
}

// methods returns names of RFC 8176 for the use of a passkey: a proof of possession of its
// key, the presence of the user, and two factors if the authenticator has verified the
// user by a PIN, a finger or a face. "hwk" would say that the key is in hardware. Only an
// attestation shows that, and synced passkeys have none.
func methods(flags protocol.AuthenticatorFlags) humasess.Authentication {
	all := []humasess.Method{{Name: "pop"}}
	if flags.HasUserPresent() {
		all = append(all, humasess.Method{Name: "user"})
	}
	if flags.HasUserVerified() {
		all = append(all, humasess.Method{Name: "mfa"})
	}
	return humasess.Authentication{Methods: all}
}
