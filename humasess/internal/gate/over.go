package gate

// States of request.watching.
const (
	notWatched = iota
	watched
	watchOver
)

// unwatch ends what waits for sessions, because the request is over.
func (r *Request) unwatch() {
	if r.watching.Swap(watchOver) != watched {
		return
	}
	for i := range r.sessions {
		r.sessions[i].Release()
	}
}

// watch reports whether the request can be waited in, and lets it know.
func (r *Request) Watch() bool {
	r.watching.CompareAndSwap(notWatched, watched)
	return r.watching.Load() == watched
}
