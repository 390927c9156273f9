// Package carrier carries the sessions of a request between the client and the core.
package carrier

import (
	"context"
	"time"

	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// Common has the parts that the carriers of one manager share.
type Common[T any] struct {
	Records  *record.Reader[T]
	Cookies  cookies.Writer
	Names    []string           // of the cookie, the present one first
	Sealer   security.Sealer    // of tokens; may be nil
	TypeName string             // of T, for records
	Timeouts *timeouts.Timeouts // of client-side sessions

	// Requests makes the store of one request, for client-side sessions. It is nil
	// when the store has the records.
	Requests func() stores.RequestStore
}

// Carrier carries the sessions of one request. There are three. With [Tokens] the client
// has a token in a cookie, and the store has the record. With [Bearer] the client sends
// the token in the header Authorization. With [ClientSide] the cookie has the record
// itself.
//
// A pointer that goes through the interface moves its value to the heap. So the
// methods get pointers only to values that are there anyway, or each request would
// cost an allocation more.
type Carrier[T any] interface { //nolint:interfacebloat // three types implement it, and each method is one step of a request
	// Store returns the store for the sessions of the request.
	Store() stores.Store

	// Open reads the value of a cookie, or of the header. Old is true when the cookie is
	// to be written again, because its key is about to be removed.
	Open(name, value string) (token credential.Token, old bool, err error)

	// Fetch loads the record of a token. After an error the record is unchanged.
	Fetch(ctx context.Context, token credential.Token, into *record.Record[T]) error

	// Matches reports whether the token has the current secret of a record.
	Matches(o *record.Opened[T], token credential.Token) bool

	// Encode returns a payload for the store. It is valid until the next call.
	Encode(p *payload.Fields) []byte

	// Decode takes a record apart.
	Decode(rec stores.Record) (record.Record[T], error)

	// Allocate returns memory for a payload.
	Allocate() *record.Opened[T]

	// Begin returns the part of a Set-Cookie before its attributes, or nil if Finish
	// makes it. It comes before the write, because it may fail.
	Begin(token credential.Token) ([]byte, error)

	// Finish returns the line that the client gets after the write: a Set-Cookie, or the
	// token of the header. A cookie with age 0 ends with the browser.
	Finish(line []byte, id stores.ID, age time.Duration) []byte

	// Reissues reports whether the cookie must be written again although nothing has
	// changed: now, or as often as a session is extended.
	Reissues() (now, periodically bool)

	// OthersRevoked notes that all other sessions of the user were revoked.
	OthersRevoked()

	// TakeBack undoes the calls of a transaction of the program that was rolled back.
	// It reports whether it has done so.
	TakeBack(ctx context.Context, token credential.Token) bool

	// Renewable returns an error if a session cannot have a new secret.
	Renewable() error

	// Left returns a function that tells how long a session can last, or nil if the
	// Store knows it by the session's ID.
	Left(id stores.ID) func(context.Context) (time.Duration, error)
}
