package gate

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/security"
)

// manager is what the gate needs of the manager of one session type.
type Manager interface {
	Document() openapi.Scheme
	SchemeChecks() map[string]SchemeCheck
	CheckOrigin(ctx context.Context, o security.Origins) error
	StoreTimeout() time.Duration

	// These report to the program that a page of another origin sent a request, that
	// a guard failed, that a handler panicked, and that a change was dropped because
	// its cookie could not be sent.
	CrossSite(ctx context.Context, op *huma.Operation, err error)
	GuardFailed(ctx context.Context, op *huma.Operation, err error)
	Panicked(ctx context.Context, op *huma.Operation, stack []byte)
	Unsent(ctx context.Context, op *huma.Operation)

	// newRequest returns a request with the manager's state in it, in one
	// piece of memory; newState one for a request that exists.
	NewRequest() (*Request, Session)
	NewState() Session
}

type SchemeCheck = func(ctx huma.Context, scopes []string) error

func OperationName(op *huma.Operation) string {
	if op == nil {
		return ""
	}
	if op.OperationID != "" {
		return op.OperationID
	}
	return op.Method + " " + op.Path
}
