package humasess

// lifecycle is the state of one session in one request: the record that the store
// has, the calls of the handler, and the plan for the commit that follows from both.
// It does no I/O and is not safe for concurrent use.
//
// The plan for each phase and the last call in it, for a session that the store has
// (loaded) and for none:
//
//	phase     | Start           | Update          | Update to another user | Renew          | Destroy         | error response
//	none      | create          | create          | create                 | ErrNoSession   | -               | -
//	loaded    | create, replace | update          | create, replace        | update, rotate | delete, expire  | -
//	changed   | create, replace | update          | create, replace        | update, rotate | delete, expire  | -
//	renewed   | create, replace | update, rotate  | create, replace        | update, rotate | delete, expire  | -
//	started   | create, replace | create, replace | create, replace        | no change      | see none/loaded | the new session is not kept
//	destroyed | create, delete  | create, delete  | create, delete         | ErrNoSession   | delete, expire  | delete, expire
//	committed | ErrCommitted    | ErrCommitted    | ErrCommitted           | ErrCommitted   | ErrCommitted    | -
//
// create and rotate set the cookie, expire expires it. In every phase except
// committed a request that only reads may still update: see reasons.
type lifecycle struct {
	base    bool // the store has a record that the request's token opened
	hidden  bool // its data do not decode, so the handler sees no session; Start and Destroy end it
	doomed  bool // Destroy was called on it; an error response does not take that back
	keep    bool // next leaves the hidden base alone, because a rollback of the release makes it readable
	next    next
	rotate  rotation
	reasons reasons
	carried bool // the record is in the cookie, so each update sets the cookie

	// The request presented several live sessions, so it has none of them.
	// Start and Destroy end them all.
	others       bool
	othersDoomed bool // Destroy was called; an error response does not take that back

	cookie  cookieAction // that earlier commits of this request call for
	written bool         // an earlier commit of this request created the record
	closed  bool         // the response has begun
}

// reasons are why the base is updated, beside a rotation that the handler asked for.
type reasons uint8

const (
	changed   reasons = 1 << iota // the handler changed data or deadlines
	reissue                       // the cookie's attributes changed; not a reason alone
	confirm                       // the request presented the token for the first time
	rotateDue                     // Options.RotateEvery has passed
)

func (r *reasons) has(of reasons) bool { return *r&of != 0 }

func (r *reasons) add(of reasons) { *r |= of }

func (r *reasons) drop(of reasons) { *r &^= of }

// set adds or drops reasons.
func (r *reasons) set(of reasons, on bool) {
	if on {
		r.add(of)
	} else {
		r.drop(of)
	}
}

// next is the session that the request is to end with.
type next uint8

const (
	nextSame    next = iota // the one it has, if any
	nextStart               // a new one that carries nothing of the base
	nextReplace             // a new one that carries data of the base
)

type rotation uint8

const (
	rotateNo     rotation = iota
	rotateGrace           // requests in progress may still use the old token
	rotateAtOnce          // the old token opens nothing any more
)

type cookieAction uint8

const (
	cookieKeep cookieAction = iota
	cookieSet
	cookieExpire
)

// phase names the state of a lifecycle, for tests.
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
	case l.reasons.has(changed):
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
		l.next = nextReplace
		l.reasons.drop(changed)
	case l.next == nextSame:
		l.reasons.add(changed)
	}
}

// retain undoes a replacement whose identity has moved back.
func (l *lifecycle) retain() {
	if l.next == nextReplace {
		l.next = nextSame
		l.reasons.add(changed)
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
		l.reasons.add(changed | reissue)
	case nextReplace:
		l.reasons.add(reissue)
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

// vanish notes that the request itself has ended the base, as by RevokeAll.
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
	l.rotate = rotateNo
	l.reasons.drop(changed | reissue | rotateDue)
}

// fail drops the changes that an error response must not keep; Destroy stands. It
// reports whether a record that the request has already created must be deleted.
func (l *lifecycle) fail() (undo bool) {
	l.next = nextSame
	l.forgetChanges()
	undo = l.written
	if undo {
		l.base, l.written, l.cookie = false, false, cookieKeep
	}
	return undo
}

// plan lists the writes of a commit, in this order.
type plan struct {
	delete     bool // the base, at any version
	create     bool
	replaces   bool // the new session takes the place of the base
	anyVersion bool // of the base: the new session carries nothing of it on
	endOthers  bool // the sessions of the request's other cookies
	update     bool
	optional   bool // the handler did not ask for the update, so it may fail
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
	p.update = l.onBase() && (l.rotate != rotateNo || l.reasons.has(changed|confirm|rotateDue))
	p.optional = p.update && l.rotate == rotateNo && !l.reasons.has(changed)
	if p.update {
		p.rotate = l.rotate
		if l.reasons.has(rotateDue) {
			p.rotate = max(p.rotate, rotateGrace)
		}
	}
	switch {
	case p.create || p.rotate != rotateNo || p.update && (l.carried || l.reasons.has(reissue)):
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
	l.reasons.drop(confirm)
	l.othersDoomed = false
	l.others = l.others && !p.endOthers
	l.cookie = p.cookie
	l.forgetChanges()
}
