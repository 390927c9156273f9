package account

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// Options configure [Register]. T is the data of the manager's sessions and V
// what of it is shown. Options are copied.
type Options[T, V any] struct {
	// View returns what get-session shows of the session's data, as "user".
	// V is part of the OpenAPI document. It is required unless get-session is
	// left out.
	View func(T) V

	// Label names a session for its user, for example by what the user has
	// called the device. "" is none. The default is that of the client, such as
	// "Firefox on Linux", if Options.Client of the manager captures the user agent.
	Label func(humasess.Info[T]) string

	// Fresh is how recently users must have proved who they are to end
	// sessions other than the one they ask with (ASVS 7.5.2): else the answer
	// is a 403 of the type "urn:humasess:problem:reauthentication-required",
	// which is documented. The program's own operation that checks the password
	// again calls [humasess.Session.Reauthenticated]. The default is 0, at any
	// time.
	Fresh time.Duration

	// MaxListed bounds the sessions that list-sessions shows: the current one,
	// and then those that were used last; how many there are in all is shown
	// beside them. The default is 100, as that of the manager's MaxPerIdentity.
	MaxListed int

	// Watch adds watch-session, a stream that tells a page when its session has
	// ended, as soon as [humasess.Session.Done] knows. An open page holds a
	// connection by it, of which browsers make six to a host over HTTP/1.1: a
	// page that is hidden had better close it. The answer has the header
	// "X-Accel-Buffering: no", because nginx would hold the stream back without
	// it; a proxy that buffers and does not know the header must be told itself.
	// The default is false.
	Watch bool

	// Tags of the operations. The default is "Sessions".
	Tags []string

	// Omit names the operations that are left out. The default is none.
	Omit []Operation

	// Edit changes an operation before it is registered: its path, ID, summary,
	// whether it is hidden, and all else. A path of revoke-session has an {id}
	// in it, and what ends sessions is not made safe: a link on any page would
	// end them. The default changes nothing.
	Edit func(Operation, *huma.Operation)
}

const (
	defaultListed = 100
	defaultTag    = "Sessions"
)

// withDefaults returns a copy that is complete and consistent.
func (o *Options[T, V]) withDefaults() (Options[T, V], error) {
	var c Options[T, V]
	if o != nil {
		c = *o
	}
	for _, name := range c.Omit {
		if !slices.Contains(operations, name) {
			return c, fmt.Errorf("Omit has %q, which is no operation", name)
		}
	}
	switch {
	case c.View == nil && !slices.Contains(c.Omit, WhoAmI):
		return c, errors.New("View is nil: say what get-session shows of the data, or leave it out with Omit")
	case c.Fresh < 0:
		return c, fmt.Errorf("Fresh %v is negative", c.Fresh)
	case c.MaxListed < 0:
		return c, fmt.Errorf("MaxListed %d is negative", c.MaxListed)
	case c.Watch && slices.Contains(c.Omit, Watch):
		return c, fmt.Errorf("Watch is true, and Omit leaves %s out", Watch)
	case c.MaxListed > 0 && slices.Contains(c.Omit, List):
		return c, fmt.Errorf("MaxListed is %d, and Omit leaves %s out", c.MaxListed, List)
	case c.Label != nil && slices.Contains(c.Omit, List):
		return c, fmt.Errorf("Label is set, and Omit leaves %s out", List)
	case c.Fresh > 0 && !slices.ContainsFunc(operations, func(name Operation) bool { return name.endsOthers() && !slices.Contains(c.Omit, name) }):
		return c, fmt.Errorf("Fresh is %v, and Omit leaves out all operations that end other sessions", c.Fresh)
	}
	if c.Label == nil {
		c.Label = func(i humasess.Info[T]) string { return i.Client.Label() }
	}
	if c.MaxListed == 0 {
		c.MaxListed = defaultListed
	}
	if c.Tags == nil {
		c.Tags = []string{defaultTag}
	}
	return c, nil
}
