package humasess

import (
	"context"
	"time"

	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
)

// carrier carries the sessions of one request between the client and the core. There
// are two. With [tokens] the client has a token, and the store has the record. With
// [clientSide] the client has the record itself.
//
// A pointer that goes through the interface moves its value to the heap. So the
// methods get pointers only to values that are there anyway, or each request would
// cost an allocation more.
type carrier[T any] interface { //nolint:interfacebloat // two types implement it, and each method is one step of a request
	// store returns the store for the sessions of the request.
	store() stores.Store

	// open reads the value of a cookie. Old is true when the cookie is to be written
	// again, because its key is about to be removed.
	open(name, value string) (token security.Token, old bool, err error)

	// fetch loads the record of a token.
	fetch(ctx context.Context, token security.Token) (record.Record[T], error)

	// matches reports whether the token has the current secret of a record.
	matches(o *record.Opened[T], token security.Token) bool

	// encode returns a payload for the store. It is valid until the next call.
	encode(p *payload.Fields) []byte

	// decode takes a record apart.
	decode(rec stores.Record) (record.Record[T], error)

	// allocate returns memory for a payload.
	allocate() *record.Opened[T]

	// written returns the payload that a record keeps after encode and the write.
	written(encoded []byte) []byte

	// begin returns the part of a Set-Cookie before its attributes, or nil if finish
	// makes it. It comes before the write, because it may fail.
	begin(token security.Token) ([]byte, error)

	// finish returns that part after the write.
	finish(line []byte, id stores.ID) []byte

	// reissues reports whether the cookie must be written again although nothing has
	// changed: now, or as often as a session is extended.
	reissues() (now, periodically bool)

	// othersRevoked notes that all other sessions of the user were revoked.
	othersRevoked()

	// takeBack undoes the calls of a transaction of the program that was rolled back.
	// It reports whether it has done so.
	takeBack(ctx context.Context, token security.Token) bool

	// renewable returns an error if a session cannot have a new secret.
	renewable() error

	// left returns a function that tells how long a session can last, or nil if the
	// store knows it by the session's ID.
	left(id stores.ID) func(context.Context) (time.Duration, error)
}
