package humasess

import (
	"fmt"
	"time"
)

// limits are the longest timeouts that NIST SP 800-63B-4 allows at an assurance
// level (§ 2.1.3, § 2.2.3, § 2.3.3).
var limits = map[int]struct{ idle, absolute time.Duration }{
	1: {30 * 24 * time.Hour, 30 * 24 * time.Hour},
	2: {time.Hour, 24 * time.Hour},
	3: {15 * time.Minute, 12 * time.Hour},
}

// assure fills in the timeouts of the level, and refuses longer ones.
func (o *Options[T]) assure() error {
	if o.AssuranceLevel == 0 {
		return nil
	}
	most, ok := limits[o.AssuranceLevel]
	if !ok {
		return fmt.Errorf("AssuranceLevel %d is not in the range 0 to 3", o.AssuranceLevel)
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
				timeout.name, *timeout.have, timeout.used, timeout.most, o.AssuranceLevel)
		}
	}
	return nil
}
