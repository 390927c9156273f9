// Package gate is the HTTP side of sessions. Its middleware decides which requests
// reach an operation, and it writes the sessions of a request before the first byte
// of the response.
//
// A [Gate] stands in front of one API. For each request it makes a [Request], which
// holds a [Session] of each type that the operation uses. The package knows nothing
// of a session's data, its record or its store: it calls the methods of [Session] and
// [Manager], which package humasess implements.
//
// # A request
//
// gate.go and handler.go are the entrances, for operations and for handlers of
// net/http. They call the rest in this order:
//
//   - compile.go turns the operation's policy into an entry, at the first request.
//   - origin.go refuses a request that a page of another origin has sent.
//   - request.go makes the Request. If it is inside of [Handler], it borrows sessions.
//   - admit.go loads the sessions, and checks CSRF tokens, requirements and guards.
//   - serve.go calls the handler and ends the request, also after a panic.
//   - context.go is the context that the handler gets. Its markers, in marker.go and
//     proof.go, bring the sessions into the handler's input.
//   - reply.go commits the sessions before the first byte, and writes all refusals of
//     a Request. The answers are in problem.go, and errors.go maps errors to them.
//
// docs/architecture.md draws this way and explains the markers.
package gate
