// Package timeouts computes and checks the timeouts of sessions.
package timeouts

import (
	"cmp"
	"fmt"
	"time"

	"github.com/humasess/sessions/humasess/internal/cookies"
)

// Timeouts are the timeouts of a session, and of a session with Remember. Errors name
// them as the fields of humasess.Options.
type Timeouts struct {
	Idle, Absolute                 time.Duration // 0 is the default
	RememberIdle, RememberAbsolute time.Duration // 0 is the default
}

// Complete returns the timeouts with their defaults.
func (t *Timeouts) Complete() Timeouts {
	return Timeouts{
		Idle:             cmp.Or(t.Idle, 30*time.Minute),
		Absolute:         cmp.Or(t.Absolute, 12*time.Hour),
		RememberIdle:     cmp.Or(t.RememberIdle, 14*24*time.Hour),
		RememberAbsolute: cmp.Or(t.RememberAbsolute, 30*24*time.Hour),
	}
}

// CheckUsual refuses timeouts that no session without Remember could have.
func (t *Timeouts) CheckUsual() error {
	switch {
	case t.Idle < time.Second:
		return fmt.Errorf("IdleTimeout %v is less than a second", t.Idle)
	case t.Absolute < t.Idle:
		return fmt.Errorf("AbsoluteTimeout %v is less than IdleTimeout %v", t.Absolute, t.Idle)
	case t.Absolute > cookies.MaxAge:
		return fmt.Errorf("AbsoluteTimeout %v is more than 400 days", t.Absolute)
	}
	return nil
}

// Check refuses timeouts that no session could have.
func (t *Timeouts) Check() error {
	if err := t.CheckUsual(); err != nil {
		return err
	}
	switch {
	case t.RememberIdle < time.Second:
		return fmt.Errorf("RememberIdleTimeout %v is less than a second", t.RememberIdle)
	case t.RememberAbsolute < t.RememberIdle:
		return fmt.Errorf("RememberAbsoluteTimeout %v is less than RememberIdleTimeout %v", t.RememberAbsolute, t.RememberIdle)
	case t.RememberAbsolute > cookies.MaxAge:
		return fmt.Errorf("RememberAbsoluteTimeout %v is more than 400 days, the longest life of a cookie", t.RememberAbsolute)
	}
	return nil
}

// CheckRotation returns an error if tokens cannot be renewed that often.
func (t *Timeouts) CheckRotation(every, grace time.Duration) error {
	switch {
	case grace > time.Hour:
		return fmt.Errorf("RotationGrace %v is more than an hour", grace)
	case every != 0 && (every < time.Second || every <= grace):
		return fmt.Errorf("RotateEvery %v is less than a second, or not more than RotationGrace %v", every, grace)
	case every >= max(t.Absolute, t.RememberAbsolute):
		return fmt.Errorf("RotateEvery %v is not less than AbsoluteTimeout %v and RememberAbsoluteTimeout %v: every session ends before",
			every, t.Absolute, t.RememberAbsolute)
	}
	return nil
}

// Of returns the idle and the absolute timeout of a session.
func (t *Timeouts) Of(remember bool) (idle, absolute time.Duration) {
	if remember {
		return t.RememberIdle, t.RememberAbsolute
	}
	return t.Idle, t.Absolute
}

// Slack returns how long the store keeps a session that is not used. It is a
// tenth longer than the idle timeout, because a request within a tenth of the
// last extension is not written: so a session lives at least for the idle timeout
// after its last request.
func Slack(idle time.Duration) time.Duration { return idle + idle/10 }

// Idle is the inverse of Slack.
func Idle(slack time.Duration) time.Duration { return slack * 10 / 11 }

// idleWithin is the longest idle timeout, in whole minutes, whose slack is
// within most.
func idleWithin(most time.Duration) time.Duration { return Idle(most).Truncate(time.Minute) }
