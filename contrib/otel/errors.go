package humasessotel

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/humasess/sessions/stores"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// outcomes are the answers of stores that are not errors of a span.
var outcomes = []struct {
	err  error
	name string
}{
	{stores.ErrNotFound, "not_found"},
	{stores.ErrConflict, "conflict"},
	{stores.ErrExists, "exists"},
	{stores.ErrLimit, "limit"},
	{stores.ErrRevoked, "revoked"},
	{stores.ErrChanged, "changed"},
	{stores.ErrNoIdentity, "no_identity"},
	{errors.ErrUnsupported, "unsupported"},
}

// outcome returns the name of an answer that is not an error, or "". A call that its
// caller has cancelled says nothing about the store.
func outcome(ctx context.Context, err error) string {
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.name
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return "canceled"
	}
	return ""
}

// errorType returns error.type for an error of a store. It is never the text of the
// error, and the set of its values is bounded: those below, codes of Redis, and
// SQLSTATE codes.
func errorType(err error) string {
	if code := statusCode(err); code != "" {
		return code
	}
	for _, known := range []struct {
		err  error
		name string
	}{
		{context.DeadlineExceeded, "timeout"},
		{context.Canceled, "canceled"},
		{stores.ErrFull, "full"},
		{stores.ErrTooLarge, "too_large"},
		{syscall.ECONNREFUSED, "connection_refused"},
		{syscall.ECONNRESET, "connection_reset"},
		{syscall.EPIPE, "connection_reset"},
		{io.ErrUnexpectedEOF, "connection_reset"},
		{io.EOF, "connection_reset"},
		{net.ErrClosed, "connection_closed"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	var network net.Error
	var lookup *net.DNSError
	var dial *net.OpError
	switch {
	case errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.As(err, &lookup):
		return "name_resolution"
	case errors.As(err, &dial) && dial.Op == "dial":
		return "unreachable" // no route, or no socket
	}
	return semconv.ErrorTypeOther.Value.AsString()
}

// statusCode returns the code with which a server has answered, or "".
func statusCode(err error) string {
	var sql interface{ SQLState() string } // pgconn.PgError, and errors of lib/pq
	if errors.As(err, &sql) {
		if code := sql.SQLState(); isSQLState(code) {
			return code
		}
	}
	var rueidis interface{ IsTryAgain() bool }
	var goRedis interface{ RedisError() }
	switch {
	case errors.As(err, &rueidis):
		return redisCode(err.Error())
	case errors.As(err, &goRedis):
		return redisCode(err.Error())
	}
	return ""
}

func isSQLState(code string) bool {
	return len(code) == 5 && strings.Trim(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// redisCodes are the first words of errors of Redis. A script puts its own words
// before them.
var redisCodes = []string{
	"READONLY", "OOM", "LOADING", "MISCONF", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "CROSSSLOT",
	"NOAUTH", "WRONGPASS", "NOPERM", "NOSCRIPT", "BUSY", "UNBLOCKED", "WRONGTYPE", "ERR",
}

func redisCode(text string) string {
	for _, code := range redisCodes {
		for _, word := range strings.Fields(text) {
			if strings.TrimLeft(word, "-@") == code {
				return code
			}
		}
	}
	return ""
}
