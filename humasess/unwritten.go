package humasess

// Unwritten reports whether a change is pending that the program asked for, and
// whether it needs a cookie. Renewals that are due do not count, nor does a cookie
// that only has a former scope or key: the next request makes up for them.
func (s *state[T]) Unwritten() (change, cookie bool) {
	defer s.unlock(s.lock())
	if s.life.closed {
		return false, false
	}
	p := s.life.plan()
	change = p.create || p.delete || p.endOthers || p.update && !p.optional || s.life.cookie != cookieKeep
	reissue := s.old && p.update && p.rotate == rotateNo && !s.life.travels && s.pending.remember == nil
	return change, change && p.cookie == cookieSet && !reissue
}
