package humasessotel

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
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

// knownErrors are errors with a name of their own.
var knownErrors = []struct {
	name string
	errs []error
}{
	{"timeout", []error{context.DeadlineExceeded}},
	{"canceled", []error{context.Canceled}},
	{"full", []error{stores.ErrFull}},
	{"too_large", []error{stores.ErrTooLarge}},
	{"connection_refused", []error{syscall.ECONNREFUSED}},
	{"connection_reset", []error{syscall.ECONNRESET, syscall.EPIPE, io.ErrUnexpectedEOF, io.EOF}},
	{"connection_closed", []error{net.ErrClosed}},
}

// errorType returns error.type for an error of a store. It is never the text of the
// error, and the set of its values is bounded: the names here, codes of Redis, and
// SQLSTATE codes.
func errorType(err error) string {
	if code := statusCode(err); code != "" {
		return code
	}
	for _, known := range knownErrors {
		if slices.ContainsFunc(known.errs, func(target error) bool { return errors.Is(err, target) }) {
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
	words := strings.Fields(text)
	for _, code := range redisCodes {
		if slices.ContainsFunc(words, func(word string) bool { return strings.TrimPrefix(word, "-") == code }) {
			return code
		}
	}
	return ""
}
