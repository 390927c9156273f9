package humasess

// lifecycle is the state of one session in one request: what the store has,
// what the handler asked for, and what follows from both when it is written.
// It does no I/O and is not safe for concurrent use.
type lifecycle struct {
	base    bool // the store has a record that the request's token opened
	hidden  bool // its data do not decode: it is as good as none, but can be ended
	doomed  bool // Destroy was called on it; no error takes that back
	keep    bool // next leaves the hidden base alone: rolling back a release heals it
	next    next
	changed bool
	rotate  rotation
	reissue bool // the cookie's attributes changed
	confirm bool // the token is presented for the first time
	due     bool // a rotation is, though nobody has asked for one
	travels bool // the record is in the cookie

	// The request presented several live sessions, so it has none of them.
	// Start and Destroy end them all.
	others       bool
	othersDoomed bool // Destroy was called, and no error takes that back

	cookie  cookieAction // what earlier commits of this request call for
	written bool         // an earlier commit of this request created the record
	closed  bool         // the response has begun
}

// next is the session that the handler wants the request to end with.
type next uint8

const (
	nextSame    next = iota // the one it has, if any
	nextStart               // a new one that owes nothing to the base
	nextReplace             // a new one that carries data of the base
)

type rotation uint8

const (
	rotateNo     rotation = iota
	rotateGrace           // requests under way may still use the old token
	rotateAtOnce          // they may not
)

type cookieAction uint8

const (
	cookieKeep cookieAction = iota
	cookieSet
	cookieExpire
)

// phase names a lifecycle for people: in errors, events and tests.
type phase string

const (
	phaseNone      phase = "none"
	phaseLoaded    phase = "loaded"
	phaseStarted   phase = "started"
	phaseChanged   phase = "changed"
	phaseRenewed   phase = "renewed"
	phaseDestroyed phase = "destroyed"
	phaseCommitted phase = "committed"
)

func (l *lifecycle) phase() phase {
	switch {
	case l.closed:
		return phaseCommitted
	case l.next != nextSame:
		return phaseStarted
	case l.doomed:
		return phaseDestroyed
	case !l.base || l.hidden:
		return phaseNone
	case l.rotate != rotateNo:
		return phaseRenewed
	case l.changed:
		return phaseChanged
	}
	return phaseLoaded
}

// active reports whether a session is there for the handler.
func (l *lifecycle) active() bool {
	return l.next != nextSame || l.base && !l.doomed && !l.hidden
}

// onBase reports whether the active session is the one in the store.
func (l *lifecycle) onBase() bool { return l.next == nextSame && l.base && !l.doomed && !l.hidden }

func (l *lifecycle) load() { l.base = true }

func (l *lifecycle) hide() { l.base, l.hidden = true, true }

func (l *lifecycle) start() {
	l.next, l.keep = nextStart, false
	l.forgetChanges()
}

// change notes new data for the active session. Without one it starts one.
func (l *lifecycle) change(identityMoved bool) {
	switch {
	case !l.active():
		l.start()
		l.keep = l.hidden && !l.doomed
	case l.next == nextSame && identityMoved:
		// What else was asked for counts again if the identity moves back.
		l.next, l.changed = nextReplace, false
	case l.next == nextSame:
		l.changed = true
	}
}

// retain undoes a replacement whose identity has moved back.
func (l *lifecycle) retain() {
	if l.next == nextReplace {
		l.next = nextSame
		l.changed = true
	}
}

// renew asks for a new token. A session that is about to start gets one
// anyway.
func (l *lifecycle) renew(r rotation) {
	if l.next != nextStart {
		l.rotate = max(l.rotate, r)
	}
}

// remember notes that deadlines and the cookie's persistence changed.
func (l *lifecycle) remember() {
	switch l.next {
	case nextSame:
		l.changed, l.reissue = true, true
	case nextReplace:
		l.reissue = true
	}
}

func (l *lifecycle) destroy() {
	l.next = nextSame
	l.othersDoomed = l.others
	l.forgetChanges()
	if l.base {
		l.doomed = true
	} else if l.cookie == cookieSet {
		l.cookie = cookieKeep
	}
}

// vanish notes that the base is gone from the store by the request's own
// doing, as after RevokeAll.
func (l *lifecycle) vanish() {
	if l.base {
		l.cookie = cookieExpire // unless a new session is written
	}
	l.base, l.doomed, l.written = false, false, false
	if l.next != nextStart {
		l.next = nextSame
	}
	l.forgetChanges()
}

func (l *lifecycle) forgetChanges() {
	l.changed, l.rotate, l.reissue, l.due = false, rotateNo, false, false
}

// fail drops what an error response must not keep. Destroying stands. It
// reports whether a record that the request has already created must go too.
func (l *lifecycle) fail() (undo bool) {
	l.next = nextSame
	l.forgetChanges()
	undo = l.written
	if undo {
		l.base, l.written, l.cookie = false, false, cookieKeep
	}
	return undo
}

// plan is what to write, in this order.
type plan struct {
	delete     bool // the base, at any version
	create     bool
	replaces   bool // the new session takes the place of the base
	anyVersion bool // of the base: the new session carries nothing of it on
	endOthers  bool // the sessions of the request's other cookies
	update     bool
	optional   bool // the update is one that nobody has asked for, and may as well fail
	rotate     rotation
	cookie     cookieAction
}

func (l *lifecycle) plan() plan {
	p := plan{cookie: l.cookie}
	p.create = l.next != nextSame
	p.delete = l.base && l.doomed
	p.replaces = l.base && !l.doomed && p.create && !l.keep
	p.anyVersion = p.replaces && l.next == nextStart
	p.endOthers = l.others && (l.othersDoomed || p.create)
	p.update = l.onBase() && (l.changed || l.rotate != rotateNo || l.confirm || l.due)
	p.optional = p.update && !l.changed && l.rotate == rotateNo
	if p.update {
		p.rotate = l.rotate
		if l.due {
			p.rotate = max(p.rotate, rotateGrace)
		}
	}
	switch {
	case p.create || p.rotate != rotateNo || p.update && (l.reissue || l.travels):
		p.cookie = cookieSet
	case l.doomed || l.othersDoomed:
		p.cookie = cookieExpire
	}
	return p
}

// commit notes that the plan was carried out.
func (l *lifecycle) commit(p plan) {
	l.written = p.create || l.written && !p.delete
	l.base = p.create || l.base && !p.delete
	l.hidden, l.doomed, l.keep = l.hidden && l.base && !p.create, false, false
	l.next = nextSame
	l.confirm, l.othersDoomed = false, false
	l.others = l.others && !p.endOthers
	l.cookie = p.cookie
	l.forgetChanges()
}
