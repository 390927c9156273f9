package humasess

import (
	"fmt"
	"time"
)

// Assurance is an authenticator assurance level of NIST SP 800-63B-4, as far
// as the lifetime of sessions goes: how users prove who they are is the
// program's.
type Assurance uint8

// The levels, with the longest timeouts that they allow.
const (
	AAL1 Assurance = iota + 1 // absolute 30 days (§ 2.1.3)
	AAL2                      // absolute 24 hours, idle 1 hour (§ 2.2.3)
	AAL3                      // absolute 12 hours, idle 15 minutes (§ 2.3.3)
)

// limits are the longest timeouts of the levels.
var limits = map[Assurance]struct{ idle, absolute time.Duration }{
	AAL1: {30 * 24 * time.Hour, 30 * 24 * time.Hour},
	AAL2: {time.Hour, 24 * time.Hour},
	AAL3: {15 * time.Minute, 12 * time.Hour},
}

// assure fills in the timeouts of the level, and refuses longer ones.
func (o *Options[T]) assure() error {
	if o.Assurance == 0 {
		return nil
	}
	most, ok := limits[o.Assurance]
	if !ok {
		return fmt.Errorf("unknown Assurance %d", o.Assurance)
	}
	idle := most.idle
	if idle < most.absolute {
		idle = idleWithin(idle)
	}
	for _, timeout := range []struct {
		name       string
		have       *time.Duration
		unset      time.Duration
		most, used time.Duration // used is the longest time that the setting comes to
	}{
		{"IdleTimeout", &o.IdleTimeout, idle, most.idle, idleSlack(o.IdleTimeout)},
		{"AbsoluteTimeout", &o.AbsoluteTimeout, most.absolute, most.absolute, o.AbsoluteTimeout},
		{"RememberIdleTimeout", &o.RememberIdleTimeout, idle, most.idle, idleSlack(o.RememberIdleTimeout)},
		{"RememberAbsoluteTimeout", &o.RememberAbsoluteTimeout, most.absolute, most.absolute, o.RememberAbsoluteTimeout},
	} {
		orDefault(timeout.have, timeout.unset)
		if idle == most.idle {
			timeout.used = *timeout.have // the absolute timeout bounds it
		}
		if timeout.used > timeout.most {
			return fmt.Errorf("%s %v comes to %v, which is more than the %v that AAL%d allows",
				timeout.name, *timeout.have, timeout.used, timeout.most, o.Assurance)
		}
	}
	return nil
}
