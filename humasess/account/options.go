package account

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
)

// Options configure [Register]. T is the data type of the manager's sessions, and V
// is the type that clients see. Register copies the options.
type Options[T, V any] struct {
	// View returns the part of the session's data that get-session shows as
	// "user". V is part of the OpenAPI document. View is required unless Omit
	// contains get-session.
	View func(T) V

	// Label returns a name of a session for its user, for example the name that
	// the user gave to the device. "" means no label. The default is the label of
	// the client, such as "Firefox on Linux", if Options.Client of the manager
	// captures the user agent.
	Label func(humasess.Info[T]) string

	// Fresh is the maximum age of the authentication in requests that end other
	// sessions (ASVS 7.5.2). An older authentication gets a 403 of the type
	// "urn:humasess:problem:reauthentication-required", which is documented. The
	// program needs an operation that checks the password again and calls
	// [humasess.Session.Reauthenticated]. The default is 0, which means any age.
	Fresh time.Duration

	// MaxListed bounds the number of sessions that list-sessions shows. The
	// current session comes first, then the most recently used. The answer also
	// contains the total. The default is 100, like that of the manager's
	// MaxPerIdentity.
	MaxListed int

	// Watch adds watch-session, a stream that sends an event when its session has
	// ended, as soon as [humasess.Session.Done] is closed. Each open page keeps a
	// connection for it, and browsers allow six per host over HTTP/1.1. So a page
	// should close the stream while it is hidden. The answer has the header
	// "X-Accel-Buffering: no", because otherwise nginx buffers the stream. Disable
	// buffering in proxies that ignore this header. The default is false.
	Watch bool

	// Tags are the tags of the operations. The document gets a description of the
	// tag "Sessions", unless it has one. The default is "Sessions".
	Tags []string

	// Omit lists the operations that Register does not add. The default is none.
	Omit []Operation

	// Edit changes any field of an operation before Register adds it, for example
	// its path or its ID. The path of revoke-session must contain {id}. Operations
	// that end sessions must not get a safe method, because then a link on any page
	// could end sessions. The default changes nothing.
	Edit func(Operation, *huma.Operation)
}

const (
	defaultListed = 100
	defaultTag    = "Sessions"
)

// withDefaults returns a copy with the defaults, or an error for options that
// contradict each other.
func (o *Options[T, V]) withDefaults() (Options[T, V], error) {
	var c Options[T, V]
	if o != nil {
		c = *o
	}
	for _, name := range c.Omit {
		if !slices.Contains(operations, name) {
			return c, fmt.Errorf("Omit contains %q, which is not an operation", name)
		}
	}
	switch {
	case c.View == nil && !slices.Contains(c.Omit, Get):
		return c, errors.New("View is nil; it must return the data that get-session shows, or Omit must contain get-session")
	case c.Fresh < 0:
		return c, fmt.Errorf("Fresh is %v; it must not be negative", c.Fresh)
	case c.MaxListed < 0:
		return c, fmt.Errorf("MaxListed is %d; it must not be negative", c.MaxListed)
	case c.Watch && slices.Contains(c.Omit, Watch):
		return c, fmt.Errorf("Watch is true, but Omit contains %s", Watch)
	case c.MaxListed > 0 && slices.Contains(c.Omit, List):
		return c, fmt.Errorf("MaxListed is %d, but Omit contains %s", c.MaxListed, List)
	case c.Label != nil && slices.Contains(c.Omit, List):
		return c, fmt.Errorf("Label is set, but Omit contains %s", List)
	case c.Fresh > 0 && !slices.ContainsFunc(operations, func(name Operation) bool { return name.endsOthers() && !slices.Contains(c.Omit, name) }):
		return c, fmt.Errorf("Fresh is %v, but Omit contains all operations that end other sessions", c.Fresh)
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
