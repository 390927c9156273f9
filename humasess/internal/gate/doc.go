// Package gate is the HTTP side of sessions. Its middleware decides which requests
// reach an operation, and it writes the sessions of a request before the first byte
// of the response.
//
// A [Gate] stands in front of one API. For each request it makes a [Request], which
// holds a [Session] of each type that the operation uses. The package knows nothing
// of a session's data, its record or its store: it calls the methods of [Session] and
// [Manager], which package humasess implements.
package gate
