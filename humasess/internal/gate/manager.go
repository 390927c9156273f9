package gate

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/internal/crossorigin"
	"github.com/humasess/sessions/internal/policy"
)

// Manager keeps the sessions of one type. Its methods are safe for concurrent use.
type Manager interface {
	// Document describes the security scheme of the sessions.
	Document() policy.Scheme

	// SchemeChecks returns the checks of the program's own security schemes, by key.
	SchemeChecks() map[string]SchemeCheck

	// CheckOrigin returns an error for a request that a page of another origin sent.
	CheckOrigin(ctx context.Context, o crossorigin.Request) error

	// StoreTimeout bounds the store's calls; a negative value is no bound.
	StoreTimeout() time.Duration

	// Reporter tells the program about events.
	Reporter() Reporter

	// Log tells the program about mistakes.
	Log() *Log

	// NewRequest returns a request and a session in one piece of memory. With a cookie
	// the client has sent one, which may open a session.
	NewRequest(cookie bool) (*Request, Session)

	// NewState returns a session for a request that exists.
	NewState() Session
}

// Reporter tells the program of one manager about events. Its methods are safe for
// concurrent use.
type Reporter interface {
	// Emit reports an event. The reporter adds the scheme.
	Emit(ctx context.Context, e events.Event)

	// Listens reports whether anything notices an event for debugging.
	Listens() bool
}

// SchemeCheck returns the user that a security scheme of the program brings, or an error
// if the request does not satisfy the scheme. ErrNoSession says that it has no such
// credential.
type SchemeCheck = func(ctx huma.Context, scopes []string) (user any, err error)

// operationName returns the operation's ID, or its method and path. It is for events
// and logs.
func operationName(op *huma.Operation) string {
	if op == nil {
		return ""
	}
	if op.OperationID != "" {
		return op.OperationID
	}
	return op.Method + " " + op.Path
}
