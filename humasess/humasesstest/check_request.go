package humasesstest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// patience bounds a request, so that the check can report a stream that never ends.
const patience = 10 * time.Second

// noJSON stops an operation that reads a JSON body before its handler.
const noJSON = "{"

// deadToken returns a well-formed token of an unknown session.
func deadToken(tb testing.TB) string {
	tb.Helper()
	id, err := stores.RandomID()
	if err != nil {
		tb.Fatalf("humasesstest: %v", err)
	}
	token, err := credential.NewToken(id)
	if err != nil {
		tb.Fatalf("humasesstest: %v", err)
	}
	return token.Reveal()
}

// answer is the result of a request.
type answer struct {
	status   int
	detail   string // of a problem document
	ours     bool   // whether the answer has a challenge of this library
	panicked any
}

// String returns the text for messages.
func (a answer) String() string {
	if a.detail == "" {
		return strconv.Itoa(a.status)
	}
	return fmt.Sprintf("%d (%s)", a.status, a.detail)
}

func (c *checker) send(op operation, b bearer, header http.Header) (a answer) {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var body io.Reader
	if readsJSON(op) {
		body = strings.NewReader(noJSON)
	}
	r := httptest.NewRequestWithContext(ctx, op.method, "https://example.com"+c.opts.Prefix+c.target(op), body)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(r.Header, header)
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	for _, cookie := range b.cookies {
		r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	if b.add != nil {
		b.add(r)
	}
	w := &statusWriter{header: http.Header{}, cancel: cancel}
	defer func() {
		ours := slices.ContainsFunc(w.header.Values("WWW-Authenticate"), func(challenge string) bool {
			return strings.HasPrefix(challenge, "Cookie ") || strings.HasPrefix(challenge, `Bearer realm="session"`)
		})
		a = answer{status: w.result(), detail: w.detail(), ours: ours, panicked: recover()}
	}()
	c.opts.Handler.ServeHTTP(w, r)
	return a
}

// statusWriter records the status of a response. It then cancels the request, because
// the check does not read streams.
type statusWriter struct {
	header http.Header
	cancel context.CancelFunc
	status int
	body   []byte // the beginning of the body
}

const maxKept = 4096

var _ http.Flusher = (*statusWriter)(nil)

// Header implements [http.ResponseWriter].
func (w *statusWriter) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	if w.status < 200 {
		w.status = status
	}
	if status >= 200 {
		w.cancel()
	}
}

var errEnough = errors.New("humasesstest: the check ends a stream after its status")

// Write implements [http.ResponseWriter]. It fails for streams only, because huma
// panics if it cannot write an ordinary response.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status < 200 {
		w.WriteHeader(http.StatusOK)
	}
	if strings.HasPrefix(w.header.Get("Content-Type"), "text/event-stream") {
		return 0, errEnough
	}
	w.body = append(w.body, b[:min(len(b), maxKept-len(w.body))]...)
	return len(b), nil
}

// Flush implements [http.Flusher].
func (w *statusWriter) Flush() {
	if w.status < 200 {
		w.WriteHeader(http.StatusOK)
	}
}

// SetWriteDeadline is for the streams of [sse.Register], which use it.
func (w *statusWriter) SetWriteDeadline(time.Time) error { return nil }

// result returns the status that net/http would have sent.
func (w *statusWriter) result() int {
	if w.status < 200 {
		return http.StatusOK
	}
	return w.status
}

// detail returns the detail of a problem (RFC 9457) with the first of its errors, or
// "" for any other body.
func (w *statusWriter) detail() string {
	var problem struct {
		Detail string
		Errors []struct{ Message string }
	}
	if w.status < 400 || json.Unmarshal(w.body, &problem) != nil {
		return ""
	}
	if len(problem.Errors) > 0 {
		return problem.Detail + ": " + problem.Errors[0].Message
	}
	return problem.Detail
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// target returns the operation's path with values for its parameters.
func (c *checker) target(op operation) string {
	return placeholder.ReplaceAllStringFunc(op.path, func(text string) string {
		name, _, _ := strings.Cut(strings.Trim(text, "{}"), ":")
		name, rest := strings.CutSuffix(name, "...")
		value, ok := c.opts.PathParams[name]
		if !ok {
			value = c.example(op, name)
		}
		if rest {
			return (&url.URL{Path: value}).EscapedPath()
		}
		return url.PathEscape(value)
	})
}

// example returns a value for a path parameter.
func (c *checker) example(op operation, name string) string {
	for _, p := range op.Parameters {
		if p.In != "path" || p.Name != name {
			continue
		}
		if p.Example != nil {
			return fmt.Sprint(p.Example)
		}
		s := p.Schema
		if s != nil && s.Ref != "" {
			s = c.oapi.Components.Schemas.SchemaFromRef(s.Ref)
		}
		if s != nil {
			return exampleOf(s)
		}
	}
	return "x"
}

func exampleOf(s *huma.Schema) string {
	for _, values := range [][]any{s.Examples, {s.Default}, s.Enum} {
		if len(values) > 0 && values[0] != nil {
			return fmt.Sprint(values[0])
		}
	}
	switch s.Type {
	case huma.TypeInteger, huma.TypeNumber:
		if s.Minimum != nil {
			return strconv.FormatFloat(*s.Minimum+1, 'f', -1, 64)
		}
		return "1"
	case huma.TypeBoolean:
		return "true"
	}
	switch s.Format {
	case "uuid":
		return "00000000-0000-4000-8000-000000000001"
	case "date":
		return "2030-01-02"
	case "date-time":
		return "2030-01-02T12:00:00Z"
	}
	if s.MinLength != nil {
		return strings.Repeat("x", max(*s.MinLength, 1))
	}
	return "x"
}
