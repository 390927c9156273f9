package gate

import (
	"crypto/rand"
	"strings"
	"sync"

	"github.com/humasess/sessions/internal/policy"
)

// Markers are header parameters by which the gate reaches the session types in an
// input. They are never in the document. The gate supplies their values, so huma does
// not read the values that a client sends under their names.
const (
	markerPrefix   = "Humasess-"
	sessionMarker  = markerPrefix + "Session"
	requiredMarker = markerPrefix + "Required"
	guardedMarker  = markerPrefix + "Guarded"
	loginMarker    = markerPrefix + "Login"
)

// IsMarker reports whether a request header is a marker.
func IsMarker(name string) bool { return strings.HasPrefix(name, markerPrefix) }

// handles maps a handle to its request while the request runs; see binding. It is
// global because UnmarshalText gets only text. A handle cannot be guessed, lives for
// one request, and is never sent to a client.
var handles sync.Map // string -> *Request

// RequestOfHandle returns the request that a handle names, or nil.
func RequestOfHandle(handle []byte) *Request {
	if r, ok := handles.Load(string(handle)); ok {
		return r.(*Request)
	}
	return nil
}

// markerOf returns the value of a marker's header for a request: a handle for
// Session, and the proof for the types that embed it. The handle is "" if huma reaches
// all sessions by their Resolve.
func markerOf(r *Request, name string) string {
	r.asked = true
	var kind policy.Kind
	switch name {
	case sessionMarker:
		for i := range r.entry.sessions {
			if b := r.entry.sessions[i].binding; r.admitted && b != nil && !b.resolves.Load() {
				return handleOf(r)
			}
		}
		return ""
	case requiredMarker:
		kind = policy.Required
	case guardedMarker:
		kind = policy.Guarded
	case loginMarker:
		kind = policy.Login
	}
	if !r.entry.proof.kinds[kind] {
		r.misbound = true
		return ""
	}
	return r.entry.proof.value
}

// handleOf returns the request's handle.
func handleOf(r *Request) string {
	own := r.ownRare()
	if own.handle == "" {
		own.handle = rand.Text()
		handles.Store(own.handle, r)
	}
	return own.handle
}
