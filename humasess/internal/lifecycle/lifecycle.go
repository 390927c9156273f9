// Package lifecycle plans the writes of one session in one request.
package lifecycle

// State is the plan for one session in one request: the record that the store
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
// committed a request that only reads may still update: see [Reasons].
type State struct {
	Base    bool // the store has a record that the request's token opened
	Hidden  bool // its data do not decode, so the handler sees no session; Start and Destroy end it
	Brought bool // another credential of the request brings a user, so there is no record
	Doomed  bool // Destroy was called on it; an error response does not take that back
	keep    bool // next leaves the hidden base alone, because a rollback of the release makes it readable
	Next    next
	Rotate  Rotation
	Reasons Reasons
	Carried bool // the record is in the cookie, so each update sets the cookie

	// The request presented several live sessions, so it has none of them.
	// Start and Destroy end them all.
	Others       bool
	OthersDoomed bool // Destroy was called; an error response does not take that back

	Cookie  cookieAction // that earlier commits of this request call for
	Written bool         // an earlier commit of this request created the record
	Closed  bool         // the response has begun
}

// Reasons are why the base is updated, beside a rotation that the handler asked for.
type Reasons uint8

// Reasons for an update.
const (
	changed   Reasons = 1 << iota // the handler changed data or deadlines
	Reissue                       // the cookie's attributes changed; not a reason alone
	Confirm                       // the request presented the token for the first time
	RotateDue                     // Options.RotateEvery has passed
)

// next is the session that the request is to end with.
type next uint8

// Sessions that the request may end with.
const (
	NextSame    next = iota // the one it has, if any
	NextStart               // a new one that carries nothing of the base
	NextReplace             // a new one that carries data of the base
)

// Rotation is a change of the session's token.
type Rotation uint8

// Rotations, the stronger ones last.
const (
	RotateNo     Rotation = iota
	RotateGrace           // requests in progress may still use the old token
	RotateAtOnce          // the old token opens nothing any more
)

type cookieAction uint8

// Actions on the cookie.
const (
	CookieKeep cookieAction = iota
	CookieSet
	CookieExpire
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

func (l *State) phase() phase {
	switch {
	case l.Closed:
		return phaseCommitted
	case l.Next != NextSame:
		return phaseStarted
	case l.Doomed:
		return phaseDestroyed
	case !l.Base || l.Hidden:
		return phaseNone
	case l.Rotate != RotateNo:
		return phaseRenewed
	case l.Reasons&changed != 0:
		return phaseChanged
	}
	return phaseLoaded
}

// None reports whether the request has no session and has asked for nothing.
func (l *State) None() bool { return *l == State{} || *l == State{Carried: true} }

// Active reports whether a session is there for the handler.
func (l *State) Active() bool {
	return l.Next != NextSame || l.Base && !l.Doomed && !l.Hidden || l.OnCredential()
}

// OnCredential reports whether the active session is only the user that another
// credential has brought. Nothing of it is stored.
func (l *State) OnCredential() bool { return l.Brought && l.Next == NextSame && !l.Base }

// OnBase reports whether the active session is the one in the store.
func (l *State) OnBase() bool { return l.Next == NextSame && l.Base && !l.Doomed && !l.Hidden }

// Load notes that the request's token has opened a record, and the reasons to update it.
// After a conflict they take the place of those of the record before.
func (l *State) Load(why Reasons) {
	l.Base = true
	l.Reasons = l.Reasons&^(Confirm|RotateDue) | why
}

// Hide notes that it has opened a record whose data do not decode.
func (l *State) Hide() { l.Base, l.Hidden = true, true }

// Start notes a new session that carries nothing of the base.
func (l *State) Start() {
	l.Next, l.keep = NextStart, false
	l.forgetChanges()
}

// Change notes new data for the active session. Without one it starts one.
func (l *State) Change(identityMoved bool) {
	switch {
	case !l.Active():
		l.Start()
		l.keep = l.Hidden && !l.Doomed
	case l.Next == NextSame && identityMoved:
		// What else was asked for counts again if the identity moves back.
		l.Next = NextReplace
		l.Reasons &^= changed
	case l.Next == NextSame:
		l.Reasons |= changed
	}
}

// Retain undoes a replacement whose identity has moved back.
func (l *State) Retain() {
	if l.Next == NextReplace {
		l.Next = NextSame
		l.Reasons |= changed
	}
}

// Renew asks for a new token. A session that is about to start gets one
// anyway.
func (l *State) Renew(r Rotation) {
	if l.Next != NextStart {
		l.Rotate = max(l.Rotate, r)
	}
}

// Remember notes that deadlines and the cookie's persistence changed.
func (l *State) Remember() {
	switch l.Next {
	case NextSame:
		l.Reasons |= changed | Reissue
	case NextReplace:
		l.Reasons |= Reissue
	}
}

// Destroy notes the end of the active session, and of the sessions of other cookies.
func (l *State) Destroy() {
	l.Next = NextSame
	l.OthersDoomed = l.Others
	l.forgetChanges()
	if l.Base {
		l.Doomed = true
	} else if l.Cookie == CookieSet {
		l.Cookie = CookieKeep
	}
}

// Vanish notes that the request itself has ended the base, as by RevokeAll.
func (l *State) Vanish() {
	if l.Base {
		l.Cookie = CookieExpire // unless a new session is written
	}
	l.Base, l.Doomed, l.Written = false, false, false
	if l.Next != NextStart {
		l.Next = NextSame
	}
	l.forgetChanges()
}

// Lose notes that another request has ended the base. That request decides about the
// cookie.
func (l *State) Lose() {
	l.Base = false
	l.Vanish()
	l.Cookie = CookieKeep
}

func (l *State) forgetChanges() {
	l.Rotate = RotateNo
	l.Reasons &^= changed | Reissue | RotateDue
}

// Fail drops the changes that an error response must not keep; Destroy stands. It
// reports whether a record that the request has already created must be deleted.
func (l *State) Fail() (undo bool) {
	l.Next = NextSame
	l.forgetChanges()
	undo = l.Written
	if undo {
		l.Base, l.Written, l.Cookie = false, false, CookieKeep
	}
	return undo
}

// Plan lists the writes of a commit, in this order.
type Plan struct {
	Delete     bool // the base, at any version
	Create     bool
	Replaces   bool // the new session takes the place of the base
	AnyVersion bool // of the base: the new session carries nothing of it on
	EndOthers  bool // the sessions of the request's other cookies
	Update     bool
	Optional   bool // the handler did not ask for the update, so it may fail
	Rotate     Rotation
	Cookie     cookieAction
}

// Plan returns the writes that the calls so far ask for.
func (l *State) Plan() Plan {
	p := Plan{Cookie: l.Cookie}
	p.Create = l.Next != NextSame
	p.Delete = l.Base && l.Doomed
	p.Replaces = l.Base && !l.Doomed && p.Create && !l.keep
	p.AnyVersion = p.Replaces && l.Next == NextStart
	p.EndOthers = l.Others && (l.OthersDoomed || p.Create)
	p.Update = l.OnBase() && (l.Rotate != RotateNo || l.Reasons&(changed|Confirm|RotateDue) != 0)
	p.Optional = p.Update && l.Rotate == RotateNo && l.Reasons&changed == 0
	if p.Update {
		p.Rotate = l.Rotate
		if l.Reasons&RotateDue != 0 {
			p.Rotate = max(p.Rotate, RotateGrace)
		}
	}
	switch {
	case p.Create || p.Rotate != RotateNo || p.Update && (l.Carried || l.Reasons&Reissue != 0):
		p.Cookie = CookieSet
	case l.Doomed || l.OthersDoomed:
		p.Cookie = CookieExpire
	}
	return p
}

// Commit notes that the plan was carried out.
func (l *State) Commit(p Plan) {
	l.Written = p.Create || l.Written && !p.Delete
	l.Base = p.Create || l.Base && !p.Delete
	l.Hidden, l.Doomed, l.keep = l.Hidden && l.Base && !p.Create, false, false
	l.Next = NextSame
	l.Reasons &^= Confirm
	l.OthersDoomed = false
	l.Others = l.Others && !p.EndOthers
	l.Cookie = p.Cookie
	l.forgetChanges()
}
