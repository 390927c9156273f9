package notes

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5/pgconn"
)

// failed logs an error of the database and returns the answer. An error that a handler
// returns as it is would reach the client, with the text of the server. A status that the
// handler has chosen stays.
func (a *App) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if chosen := huma.StatusError(nil); errors.As(err, &chosen) {
		return err
	}
	if unfit(err) {
		return huma.Error422UnprocessableEntity("the database does not accept these data")
	}
	a.log.ErrorContext(ctx, "request failed", "error", err)
	if !down(err) {
		return huma.Error500InternalServerError("unexpected error")
	}
	return huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("the service is busy"), http.Header{"Retry-After": {"5"}})
}

// down reports whether the same request may succeed later.
func down(err error) bool {
	if refused := (*pgconn.ConnectError)(nil); errors.As(err, &refused) || pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) {
		switch answer.Code[:2] {
		case "08", "53", "57": // connection, resources, intervention of an operator
			return true
		}
		return false
	}
	return pgconn.SafeToRetry(err)
}

// unfit reports whether the server has refused the data of the client, such as a text with
// a NUL. The schema of an operation does not exclude all of them.
func unfit(err error) bool {
	answer := (*pgconn.PgError)(nil)
	return errors.As(err, &answer) && strings.HasPrefix(answer.Code, "22") // data exception
}

// taken reports whether a unique name exists already.
func taken(err error) bool {
	answer := (*pgconn.PgError)(nil)
	return errors.As(err, &answer) && answer.Code == "23505" // unique_violation
}
