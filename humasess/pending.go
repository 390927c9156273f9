package humasess

import (
	"time"

	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// pending has the changes that the request asks for and has not written yet.
type pending[T any] struct {
	id    stores.ID // of the session to create
	owner string
	data  []byte // encoded, nil when unchanged

	edits    []func(*T) error  // that led from the base to data
	shared   *record.Opened[T] // the decoded data, if they are known
	remember *bool
	ttl      time.Duration // 0 is none
	proof    proof
	again    bool // the session to create is the base under another ID
	csrf     credential.CSRFKey
}

// first has room for the first change, in one piece.
type first[T any] struct {
	pending[T]

	edit [1]func(*T) error
}

// empty returns the pending changes before the first one.
func (f *first[T]) empty() *pending[T] {
	f.edits = f.edit[:0]
	return &f.pending
}

// usual is memory that the usual change needs, in one piece.
type usual[T any] struct {
	first[T]

	work T // the data of the first edit
}

// none are the values of a request that has no base or changes nothing. All requests
// share them and none writes to them.
type none[T any] struct {
	rec     record.Record[T]
	pending pending[T]
}
