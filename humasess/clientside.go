package humasess

import (
	"errors"
	"fmt"
	"time"

	"github.com/humasess/sessions/stores"
)

// bindClientSide makes the manager one of client-side sessions. It refuses options
// that such sessions cannot keep.
func (m *Manager[T]) bindClientSide(t stores.ClientSide, opts *Options[T]) error {
	var err error
	switch {
	case m.opts.Sealer != nil:
		err = fmt.Errorf("Options.Sealer is for stores on the server: %T seals its cookies itself", t)
	case m.opts.RotateEvery != 0:
		err = fmt.Errorf("Options.RotateEvery: sessions of %T cannot be renewed: %w", t, errors.ErrUnsupported)
	case m.opts.RevokeReused:
		err = fmt.Errorf("Options.RevokeReused: sessions of %T cannot be renewed, so no token of theirs is superseded: %w", t, errors.ErrUnsupported)
	case opts != nil && opts.RotationGrace != 0:
		err = fmt.Errorf("Options.RotationGrace: sessions of %T cannot be renewed, so no token of theirs is superseded: %w", t, errors.ErrUnsupported)
	case m.opts.CSRFHeader != "":
		err = fmt.Errorf("Options.CSRFHeader: sessions of %T have no secret to bind a CSRF token to: %w", t, errors.ErrUnsupported)
	case opts != nil && opts.MaxPerIdentity > 0:
		err = fmt.Errorf("Options.MaxPerIdentity %d: %T does not know how many sessions there are: %w",
			opts.MaxPerIdentity, t, errors.ErrUnsupported)
	case m.opts.RefuseOverLimit:
		err = fmt.Errorf("Options.RefuseOverLimit: %T does not know how many sessions there are: %w", t, errors.ErrUnsupported)
	default:
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
