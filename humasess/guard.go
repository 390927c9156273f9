package humasess

import (
	"github.com/danielgtaylor/huma/v2"
)

// Guard decides by the session's data whether the session may use an
// operation. [Guarded] lists the other methods of a guard. A zero value is
// used, concurrently; behind a pointer it is not nil.
//
// Every method that decides must be exported. An exported method that is never
// called is refused, but reflection does not show the unexported ones. So a guard
// with Check and roles() is accepted, and roles() is never called.
//
// Check runs before the body is read and must not read it; path, query and
// headers are visible. A [huma.StatusError] is sent as it is, for example a
// 503 when the guard's own database is down. Any other error is a 403 that
// says nothing, with the text in the log. After a concurrent change of the
// session Check may run again.
type Guard[T any] interface {
	Check(ctx huma.Context, data T) error
}
