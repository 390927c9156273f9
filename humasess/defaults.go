package humasess

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/internal/policy"
)

// orDefault replaces 0.
func orDefault[V comparable](v *V, fallback V) {
	var zero V
	if *v == zero {
		*v = fallback
	}
}

// withDefaults returns a copy that is complete and consistent.
func (o *Options[T]) withDefaults() (Options[T], error) {
	var c Options[T]
	if o != nil {
		c = *o
		c.ClearSiteData, c.AcceptSchemes = slices.Clone(o.ClearSiteData), slices.Clone(o.AcceptSchemes)
		if o.Bearer != nil {
			b := *o.Bearer
			c.Bearer = &b
		}
	}
	t := c.timeouts()
	if err := t.Assure(c.AssuranceLevel); err != nil {
		return c, err
	}
	t = t.Complete()
	c.IdleTimeout, c.AbsoluteTimeout, c.RememberIdleTimeout, c.RememberAbsoluteTimeout = t.Idle, t.Absolute, t.RememberIdle, t.RememberAbsolute
	if c.MaxPerIdentity > 0 && c.Identity == nil {
		return c, fmt.Errorf("MaxPerIdentity is %d, and without Identity sessions have no identity to be counted by", c.MaxPerIdentity)
	}
	orDefault(&c.RotationGrace, 10*time.Second)
	orDefault(&c.MaxPerIdentity, 100)
	orDefault(&c.DoneInterval, 15*time.Second)
	orDefault(&c.StoreTimeout, 5*time.Second)
	orDefault(&c.SchemeName, payload.DefaultScheme)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	var err error
	if c.Cookie, err = c.Cookie.withDefaults(); err != nil {
		return c, err
	}
	if err := t.Check(); err != nil {
		return c, err
	}
	if c.Bearer != nil {
		if err := c.Bearer.complete(c.AssuranceLevel, c.SchemeName); err != nil {
			return c, fmt.Errorf("Bearer: %w", err)
		}
	}
	return c, c.check()
}

func (o *Options[T]) check() error {
	t := o.timeouts()
	if err := t.CheckRotation(o.RotateEvery, o.RotationGrace); err != nil {
		return err
	}
	switch {
	case o.MaxPerIdentity < -1:
		return fmt.Errorf("MaxPerIdentity %d is neither -1 nor positive", o.MaxPerIdentity)
	case o.DoneInterval < 100*time.Millisecond:
		return fmt.Errorf("DoneInterval %v is less than 100 milliseconds", o.DoneInterval)
	case o.StoreTimeout >= 0 && o.StoreTimeout < time.Millisecond:
		return fmt.Errorf("StoreTimeout %v is less than a millisecond; negative is no bound", o.StoreTimeout)
	case o.RefuseOverLimit && o.MaxPerIdentity == -1:
		return errors.New("RefuseOverLimit is true, and MaxPerIdentity -1 is no limit")
	case o.RefuseOverLimit && o.Identity == nil:
		return errors.New("RefuseOverLimit is true, and without Identity sessions have no identity that could be over a limit")
	case o.AnonymousSuffices && o.Identity == nil:
		return errors.New("AnonymousSuffices is true, and without Identity every session satisfies requirements: set Identity, or leave AnonymousSuffices out")
	case o.OmitRoles && o.Roles == nil:
		return errors.New("OmitRoles is true, and without Roles no requirement has roles: set Roles, or leave OmitRoles out")
	case slices.ContainsFunc(o.ClearSiteData, func(kind string) bool {
		return !slices.Contains([]string{"cache", "storage", "executionContexts", "cookies"}, kind)
	}):
		return fmt.Errorf("ClearSiteData %q is none of cache, storage, executionContexts and cookies", o.ClearSiteData)
	case !policy.ValidKey(o.SchemeName):
		return fmt.Errorf("SchemeName %q is not a component key: letters, digits and . _ - only", o.SchemeName)
	case (o.Codec.Marshal == nil) != (o.Codec.Unmarshal == nil):
		return errors.New("Codec has one function of two")
	}
	for key, check := range o.Schemes {
		if check == nil || key == o.SchemeName || o.Bearer != nil && key == o.Bearer.SchemeName || o.CSRFHeader != "" && key == (policy.Scheme{Key: o.SchemeName}).CSRFKey() {
			return fmt.Errorf("Schemes[%q] is nil or names a scheme of the session's own", key)
		}
	}
	for _, key := range o.AcceptSchemes {
		if o.Schemes[key] == nil {
			return fmt.Errorf("AcceptSchemes names %q, which is not in Schemes", key)
		}
	}
	if o.CSRFHeader != "" {
		if err := gate.CheckCSRFHeader(o.CSRFHeader); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options[T]) timeouts() timeouts.Timeouts {
	return timeouts.Timeouts{
		Idle: o.IdleTimeout, Absolute: o.AbsoluteTimeout,
		RememberIdle: o.RememberIdleTimeout, RememberAbsolute: o.RememberAbsoluteTimeout,
	}
}
