package gate

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// A request that reveals a mistake in the program gets 500 with one of these texts.

// EmbedHint says how a session is embedded in an input.
const EmbedHint = "attach the manager of its type before registering the operation, and embed the session type " +
	"by value at the top of the input struct, or in an exported struct embedded there; not as a named field, " +
	"not by pointer, not in Body"

// misplaced is the text for an input whose session is not enforced.
func misplaced(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced: %s", op.OperationID, op.Method, op.Path, EmbedHint)
}

// misbound is the text for an input that declares its session in another way than
// the policy.
func misbound(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) has a session that is not enforced as its input declares it: "+
		"operations must not share one Operation.Parameters slice with spare room, because huma appends to it; "+
		"give each operation a slice of its own, for example by slices.Clone", op.OperationID, op.Method, op.Path)
}

// Unprotected is the text for an operation of Require whose API has no gate.
func Unprotected(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) is to be protected by Require, but the manager is not attached to its API; "+
		"call Attach first, with that API; in a group, add Require after modifiers that hide or drop operations",
		op.OperationID, op.Method, op.Path)
}

// unattached is the text for a protected operation of an API without a gate.
func unattached(op *huma.Operation) string {
	return fmt.Sprintf("humasess: operation %q (%s %s) is documented as protected, but the manager is not attached to its API, "+
		"which shares its huma.Config or OpenAPI document with an API that has the manager; give each API a huma.Config of its own, and call Attach with each",
		op.OperationID, op.Method, op.Path)
}
