package humasessotel

import (
	"context"
	"time"

	"github.com/humasess/sessions/stores"
	"go.opentelemetry.io/otel/trace"
)

// Revocations returns revocations that observe the calls of others. They have exactly
// the capabilities of those. With a client-side store, these are the calls that leave
// the process:
//
//	store := cookie.New(sealer, &cookie.Options{Revoked: telemetry.Revocations(redis.NewRevocations(client, nil))})
func (t *Telemetry) Revocations(inner stores.Revocations) stores.Revocations {
	if inner == nil {
		return nil // New of package humasess reports it
	}
	system := systemOf(inner)
	kind := trace.SpanKindClient
	if inProcess[system] {
		kind = trace.SpanKindInternal
	}
	r := &revocations{newObserver(t, system, kind, "revocation"), inner}
	multi, many := inner.(stores.MultiRevocations)
	transactional, transacts := inner.(stores.TransactionalRevocations)
	switch {
	case many && transacts:
		return &multiTransactionalRevocations{multiRevocations{r, multi}, transactional}
	case many:
		return &multiRevocations{r, multi}
	case transacts:
		return &transactionalRevocations{r, transactional}
	}
	return r
}

type revocations struct {
	*observer
	inner stores.Revocations
}

// Check implements [stores.Revocations].
func (r *revocations) Check(ctx context.Context, id stores.ID, identity string) (stores.Standing, error) {
	c := r.begin(ctx, check)
	defer c.panicked()
	c.about(id, identity)
	standing, err := r.inner.Check(c.ctx, id, identity)
	c.end(err)
	return standing, err
}

// End implements [stores.Revocations].
func (r *revocations) End(ctx context.Context, id stores.ID, keep time.Duration, name int64) error {
	c := r.begin(ctx, end)
	defer c.panicked()
	c.about(id, "")
	err := r.inner.End(c.ctx, id, keep, name)
	c.end(err)
	return err
}

// RevokeIdentity implements [stores.Revocations].
func (r *revocations) RevokeIdentity(ctx context.Context, identity string, name int64) (stores.Revoked, error) {
	c := r.begin(ctx, revokeIdentity)
	defer c.panicked()
	c.about(stores.ID{}, identity)
	revoked, err := r.inner.RevokeIdentity(c.ctx, identity, name)
	c.end(err)
	return revoked, err
}

type multiRevocations struct {
	*revocations
	multi stores.MultiRevocations
}

var _ stores.MultiRevocations = (*multiRevocations)(nil)

// CheckMany implements [stores.MultiRevocations].
func (r *multiRevocations) CheckMany(ctx context.Context, subjects []stores.Subject) ([]stores.Standing, error) {
	c := r.begin(ctx, checkMany)
	defer c.panicked()
	c.asks(len(subjects))
	standings, err := r.multi.CheckMany(c.ctx, subjects)
	c.end(err)
	return standings, err
}

type transactionalRevocations struct {
	*revocations
	transactional stores.TransactionalRevocations
}

var _ stores.TransactionalRevocations = (*transactionalRevocations)(nil)

// InTransaction implements [stores.TransactionalRevocations].
func (r *transactionalRevocations) InTransaction(ctx context.Context) bool {
	return r.transactional.InTransaction(ctx)
}

type multiTransactionalRevocations struct {
	multiRevocations
	transactional stores.TransactionalRevocations
}

var (
	_ stores.MultiRevocations         = (*multiTransactionalRevocations)(nil)
	_ stores.TransactionalRevocations = (*multiTransactionalRevocations)(nil)
)

// InTransaction implements [stores.TransactionalRevocations].
func (r *multiTransactionalRevocations) InTransaction(ctx context.Context) bool {
	return r.transactional.InTransaction(ctx)
}
