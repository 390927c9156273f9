package humasess

import (
	"context"
	"net/http"
	"time"
)

// Issue starts a session outside a request and returns its cookie, for tests
// and for programs that hand a session over by other means. The cookie is a
// credential.
func (m *Manager[T]) Issue(ctx context.Context, data T) (*http.Cookie, error) {
	_, s := newRequest(m, false)
	s.ownRare().since = time.Now()
	if err := s.changes().start(data); err != nil {
		return nil, err
	}
	ctx, cancel := m.calls.Bounded(ctx)
	defer cancel()
	if err := s.writes().write(ctx); err != nil {
		return nil, err
	}
	c := m.opts.Cookie
	return &http.Cookie{
		Name: c.Name, Value: m.carriers.Cookies.Value(s.few().line), Path: c.Path, Domain: c.Domain,
		HttpOnly: true, Secure: !c.InsecureAllowHTTP, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}, nil
}
