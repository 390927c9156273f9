// Package humasessotel reports sessions to OpenTelemetry: a span and a duration for each
// call of a store, and counters of events.
//
//	telemetry, err := humasessotel.New(nil)
//	store := telemetry.Store(redis.New(client, nil))
//	sessions, err := humasess.New(store, &humasess.Options[User]{OnEvent: telemetry.OnEvent})
//
// # Privacy
//
// No metric has an attribute that a client or a user can choose. No span and no metric
// has a token, a secret, a payload or the text of an error. Spans have the public ID of
// a session or the identity of a user only with [Options.SessionID] or
// [Options.Identity].
//
// # Outcomes and errors
//
// An answer of the contract of package stores, such as [stores.ErrNotFound] or
// [stores.ErrConflict], is an outcome. The span has it in the attribute
// humasess.outcome, and its status stays unset. The same holds if the caller cancels.
// Any other error sets the status, and error.type on the span and on the duration.
// [stores.ErrFull] and [stores.ErrTooLarge] are errors too, because they need an operator.
//
// # Compatibility
//
// Names of metrics, attributes and operations are part of the API. The attributes of
// spans follow the semantic conventions of OpenTelemetry, version 1.43.
package humasessotel
