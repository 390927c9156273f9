package timeouts

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

// Assure fills in the timeouts of an assurance level, and refuses longer ones. Level 0
// changes and refuses nothing.
func (t *Timeouts) Assure(level int) error {
	if level == 0 {
		return nil
	}
	most, ok := limits[level]
	if !ok {
		return fmt.Errorf("AssuranceLevel %d is not in the range 0 to 3", level)
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
		{"IdleTimeout", &t.Idle, idle, most.idle, Slack(t.Idle)},
		{"AbsoluteTimeout", &t.Absolute, most.absolute, most.absolute, t.Absolute},
		{"RememberIdleTimeout", &t.RememberIdle, idle, most.idle, Slack(t.RememberIdle)},
		{"RememberAbsoluteTimeout", &t.RememberAbsolute, most.absolute, most.absolute, t.RememberAbsolute},
	} {
		if *timeout.have == 0 {
			*timeout.have = timeout.unset
		}
		if idle == most.idle {
			timeout.used = *timeout.have // the absolute timeout bounds it
		}
		if timeout.used > timeout.most {
			return fmt.Errorf("%s %v comes to %v, which is more than the %v that AAL%d allows",
				timeout.name, *timeout.have, timeout.used, timeout.most, level)
		}
	}
	return nil
}
