package humasess

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/carrier"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/identity"
	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/humasess/internal/schemeclaim"
	"github.com/humasess/sessions/humasess/internal/storecall"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/humasess/internal/turns"
	"github.com/humasess/sessions/humasess/internal/values"
	"github.com/humasess/sessions/humasess/internal/watch"
	"github.com/humasess/sessions/internal/crossorigin"
	"github.com/humasess/sessions/internal/stored"
	"github.com/humasess/sessions/stores"
)

// Manager keeps the sessions of one type. Create it with [New], attach it to
// an API with [Manager.Attach], and share it: all methods are safe for
// concurrent use.
type Manager[T any] struct {
	opts     Options[T]
	store    stores.Store
	scheme   string
	values   *values.Type[T]
	users    *identity.Type[T]
	records  record.Reader[T]
	carriers carrier.Common[T]
	tokens   carrier.Carrier[T] // of sessions whose record the store has
	bearer   carrier.Carrier[T] // of those with a bearer token; nil without Options.Bearer
	none     none[T]
	timeouts timeouts.Timeouts
	calls    storecall.Caller
	report   report.Reporter
	log      gate.Log
	origins  *crossorigin.CrossOrigin
	claim    *schemeclaim.Claim
	attached atomic.Bool

	rescoped bool // a former scope has the name of the present cookie

	// Whether an anonymous session satisfies requirements. Without Options.Identity no
	// session has an identity, so every one does.
	anonymousSuffices bool

	marks marks.Journal
	turns turns.Queues[record.Record[T]]
	watch *watch.Sessions

	protections gate.Protections
}

// New returns a manager that keeps its sessions in store. The options may be
// nil. Options that could not work, and those that browsers would not honour,
// are an error, because options are not checked again.
//
// A second type for the same Options.SchemeName on the same store is an error,
// because each manager would accept the tokens of the other. Wrappers around one
// store count as that store. [Manager.Close] gives the scheme free, so a program
// that replaces its type closes the old manager first. New cannot see other
// programs on the same server: give each its own SchemeName, or a prefix,
// schema or file of its own.
func New[T any](store stores.Store, opts *Options[T]) (*Manager[T], error) {
	if store == nil {
		return nil, errors.New("humasess: New called with a nil store")
	}
	o, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("humasess: invalid options: %w", err)
	}
	data, err := values.New[T](o.Codec.Marshal, o.Codec.Unmarshal)
	if err != nil {
		return nil, fmt.Errorf("humasess: invalid options: %w", err)
	}
	users, err := identity.New(o.SchemeName, o.Identity, o.Roles)
	if err != nil {
		return nil, fmt.Errorf("humasess: invalid options: %w", err)
	}
	origins, err := crossorigin.NewCrossOrigin(o.TrustedOrigins)
	if err != nil {
		return nil, fmt.Errorf("humasess: invalid options: TrustedOrigins: %w", err)
	}
	claim, err := schemeclaim.New(store, o.SchemeName, reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if opts != nil && opts.Now != nil {
		if c, ok := stores.As[stores.ClockUser](store); ok {
			c.UseClock(opts.Now)
		}
	}
	cookie := o.Cookie.options()
	m := &Manager[T]{
		opts:     o,
		store:    store,
		scheme:   o.SchemeName,
		values:   data,
		users:    users,
		timeouts: o.timeouts(),
		calls:    storecall.Caller{Store: store, Timeout: o.StoreTimeout},
		report:   report.Reporter{Scheme: o.SchemeName, OnEvent: o.OnEvent, Logger: o.Logger, LogIdentity: o.LogIdentity},
		log:      gate.Log{Logger: o.Logger, Scheme: o.SchemeName, Cookie: cookie},
		origins:  origins,
		claim:    claim,
		rescoped: cookie.Rescoped(),

		anonymousSuffices: o.AnonymousSuffices || !users.Known(),
	}
	m.records = record.Reader[T]{
		Store: store, Scheme: m.scheme, Values: data, Users: users, Now: o.Now, OnUndecodable: o.OnUndecodable,
	}
	m.records.Memoizer, _ = stores.As[stores.Memoizer](store)
	m.calls.Read = m.records.Written
	m.carriers = carrier.Common[T]{
		Records: &m.records, Timeouts: &m.timeouts, Sealer: o.Sealer,
		Cookies: cookies.NewWriter(cookie), Names: cookie.Names(), TypeName: stored.TypeName(reflect.TypeFor[T]().String()),
	}
	m.tokens = carrier.Tokens[T]{Common: &m.carriers}
	if o.Bearer != nil {
		m.bearer = carrier.Bearer[T]{Tokens: carrier.Tokens[T]{Common: &m.carriers}, Prefix: o.Bearer.Prefix}
	}
	m.watch = watch.New(m.watchConfig())
	if t, ok := stores.As[stores.ClientSide](store); ok {
		if err := m.bindClientSide(t, opts); err != nil {
			claim.Release()
			return nil, err
		}
	}
	return m, nil
}

// CookieName returns the name of the session cookie, as Options.Cookie sets it.
func (m *Manager[T]) CookieName() string { return m.opts.Cookie.Name }

// Close stops background work, the store's included, and ends what waits for
// [Session.Done]. It never closes a client that was passed to the store, and
// sessions stay usable. It logs the failures that were counted and not logged yet. It
// gives the scheme free for a manager of another type on the same store; see [New].
func (m *Manager[T]) Close(ctx context.Context) error {
	m.claim.Release()
	err := m.watch.Close(ctx)
	m.report.Close()
	if c, ok := stores.As[stores.Closer](m.store); ok {
		err = errors.Join(err, c.Close(ctx))
	}
	return err
}

func (m *Manager[T]) now() time.Time { return m.opts.Now() }

// adminStore returns the store for calls outside of a request.
func (m *Manager[T]) adminStore() stores.Store {
	if m.carriers.Requests != nil {
		return m.carriers.Requests()
	}
	return m.store
}

// watchConfig connects the waits for the end of sessions to the store.
func (m *Manager[T]) watchConfig() watch.Config {
	c := watch.Config{
		Load: func(ctx context.Context, ids []stores.ID) ([]stores.Record, error) {
			return stores.LoadMany(ctx, m.store, ids)
		},
		Interval: m.opts.DoneInterval,
		Timeout:  m.opts.StoreTimeout,
		Failed:   func(err error) { m.report.Emit(context.Background(), events.Event{Kind: events.StoreFailed, Err: err}) },
	}
	if w, ok := stores.As[stores.Watcher](m.store); ok {
		c.Hints = w.Watch
	}
	return c
}

// bindClientSide makes the manager one of client-side sessions. It refuses options
// that such sessions cannot keep.
func (m *Manager[T]) bindClientSide(t stores.ClientSide, opts *Options[T]) error {
	var err error
	for _, refused := range []struct {
		set    bool
		option string
		why    string // of the store
	}{
		{m.opts.RotateEvery != 0, "RotateEvery", "has no secrets to renew"},
		{m.opts.RevokeReused, "RevokeReused", "has no secrets to renew, so no token is superseded"},
		{opts != nil && opts.RotationGrace != 0, "RotationGrace", "has no secrets to renew, so no token is superseded"},
		{m.opts.Bearer != nil, "Bearer", "has its sessions in cookies"},
		{m.opts.CSRFHeader != "", "CSRFHeader", "has no secret to bind a CSRF token to"},
		{opts != nil && opts.MaxPerIdentity > 0, "MaxPerIdentity", "does not know how many sessions there are"},
		{m.opts.RefuseOverLimit, "RefuseOverLimit", "does not know how many sessions there are"},
	} {
		if refused.set && err == nil {
			err = fmt.Errorf("Options.%s: %T %s: %w", refused.option, t, refused.why, errors.ErrUnsupported)
		}
	}
	switch {
	case m.opts.Sealer != nil:
		err = fmt.Errorf("Options.Sealer is for stores on the server: %T seals its cookies itself", t)
	case err == nil:
		m.carriers.Requests, err = t.Bind(m.opts.Cookie.Name, m.scheme)
		if err == nil && len(m.carriers.Names) > 1 {
			if _, ok := m.carriers.Requests().(stores.FormerNameOpener); !ok {
				err = fmt.Errorf("Options.Cookie.Former: request stores of %T open no value of a former name: %w", t, errors.ErrUnsupported)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("humasess: invalid options: %w", err)
	}
	m.opts.MaxPerIdentity = -1
	m.calls.ClientSide = true
	// The cookie has whole seconds.
	for _, idle := range []*time.Duration{&m.timeouts.Idle, &m.timeouts.RememberIdle} {
		*idle = (*idle + time.Second - 1).Truncate(time.Second)
	}
	m.opts.IdleTimeout, m.opts.RememberIdleTimeout = m.timeouts.Idle, m.timeouts.RememberIdle
	return nil
}
