package gate

// States of request.watching.
const (
	notWatched = iota
	watched
	watchOver
)

// unwatch closes the channels that wait for sessions, because the request is over.
func (r *Request) unwatch() {
	if r.watching.Swap(watchOver) != watched {
		return
	}
	for i := range r.sessions {
		r.sessions[i].Release()
	}
}

// Watch reports whether a channel of [Session.Release] can still be made, and notes
// that there is one.
func (r *Request) Watch() bool {
	r.watching.CompareAndSwap(notWatched, watched)
	return r.watching.Load() == watched
}
