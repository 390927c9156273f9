package humasess

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/openapi"
	"github.com/humasess/sessions/security"
)

// manager is what the gate needs of the manager of one session type.
type manager interface {
	document() openapi.Scheme
	schemeChecks() map[string]schemeCheck
	checkOrigin(ctx context.Context, o security.Origins) error
	storeTimeout() time.Duration

	// These report to the program that a page of another origin sent a request, that
	// a guard failed, that a handler panicked, and that a change was dropped because
	// its cookie could not be sent.
	crossSite(ctx context.Context, op *huma.Operation, err error)
	guardFailed(ctx context.Context, op *huma.Operation, err error)
	panicked(ctx context.Context, op *huma.Operation, stack []byte)
	unsent(ctx context.Context, op *huma.Operation)

	// newRequest returns a request with the manager's state in it, in one
	// piece of memory; newState one for a request that exists.
	newRequest() (*request, session)
	newState() session
}

type schemeCheck = func(ctx huma.Context, scopes []string) error

func operationName(op *huma.Operation) string {
	if op == nil {
		return ""
	}
	if op.OperationID != "" {
		return op.OperationID
	}
	return op.Method + " " + op.Path
}
