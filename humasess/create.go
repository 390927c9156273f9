package humasess

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/client"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/marks"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/humasess/internal/storecall"
	"github.com/humasess/sessions/humasess/internal/timeouts"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

const (
	// maxTaken bounds how often a new session is created because the ID of the
	// one before was taken.
	maxTaken = 3

	// markSlack is for marks that are left while Create is on its way. The store
	// must refuse the session for those, because it ends the old session in the
	// same step and the verdict on its answer would be too late.
	markSlack = time.Second

	// maxUnsure bounds how often a new session is created because a mark was too
	// close to tell whether it came before the request, and maxDoubt bounds the
	// time that this takes with a slow store. The waits between the tries add up
	// to a quarter of a second.
	maxUnsure = 8
	maxDoubt  = 3 * time.Second
)

// create writes the pending session and makes it the base. It returns
// stores.ErrConflict when the session that it replaces has changed.
func (s creation[T]) create(ctx context.Context, p lifecycle.Plan) error {
	if time.Since(s.began()) >= stores.RevocationRetention {
		return s.undecided() // the store may have forgotten a mark since we began
	}
	start := time.Now() // on the clock that judge uses
	for taken, unsure := 0, 0; ; {
		done, err := s.createOnce(ctx, &p)
		switch {
		case done:
			return nil
		case errors.Is(err, stores.ErrExists), errors.Is(err, errCreateAgain):
			if taken++; taken == maxTaken {
				return s.storeFailed(err)
			}
		case err != nil:
			return err
		default:
			// The answer has to come back faster than the request came after the
			// mark, which depends on how busy everything is.
			if unsure++; unsure == maxUnsure || time.Since(start) >= maxDoubt {
				return s.undecided() // fail closed
			}
			if err := storecall.Wait(ctx, time.Millisecond<<unsure); err != nil {
				return s.storeFailed(err)
			}
		}
		id, err := stores.NewID(ctx, s.carrier().Store(), s.pending.owner)
		if err != nil {
			return s.storeFailed(err)
		}
		s.changes().rename(id)
	}
}

// newPayload returns the payload of the pending session with a new secret.
func (s creation[T]) newPayload(token credential.Token, l lifetime) payload.Fields {
	now := s.m.now().UnixNano()
	next := payload.Fields{Created: now, Authenticated: now, Methods: encodeMethods(s.methods())}
	if s.terms().inherits() {
		base := &s.rec.Open.Fields
		next.Created, next.Authenticated = base.Created, base.Authenticated
		next.Methods, next.Class = base.Methods, base.Class
		next.Client = s.m.opts.keptClient(base.Client)
	} else {
		next.Client = s.client()
	}
	if proof := &s.pending.proof; s.terms().proved() {
		next.Authenticated, next.Class, next.Client = proof.at.UnixNano(), proof.class, s.client()
		next.Methods = encodeMethods(withMethods(decodeMethods(next.Methods), proof.methods))
	}
	next.Scheme, next.Hash, next.CSRF, next.Bearer = s.m.scheme, token.Hash(), s.pending.csrf, s.bearer
	next.Idle, next.Remember, next.Until = l.idle, s.terms().remembered(), s.terms().until()
	next.Data = s.pending.data
	return next
}

// replaced returns the sessions whose place the new one takes.
func (s creation[T]) replaced(p *lifecycle.Plan) []stores.Replaced {
	all := slices.Clone(s.few().orphan)
	if p.Replaces {
		r := stores.Replaced{ID: s.rec.ID(), Version: s.rec.Version}
		if p.AnyVersion {
			r.Version, r.MayBeGone = 0, s.independent()
		}
		all = append(all, r)
	}
	if p.EndOthers {
		for _, id := range s.few().others {
			all = append(all, stores.Replaced{ID: id, MayBeGone: true})
		}
	}
	return all
}

// createOnce reports whether the session is there. It is not there when its ID
// was taken, which is stores.ErrExists, or when a mark of its identity may have
// come since the request began or before: then it is deleted again, and the next
// try knows better.
func (s creation[T]) createOnce(ctx context.Context, p *lifecycle.Plan) (bool, error) {
	token, err := credential.NewToken(s.pending.id)
	if err != nil {
		return false, s.storeFailed(err)
	}
	line, err := s.writes().seal(token)
	if err != nil {
		return false, err
	}
	l := s.terms().newLifetime()
	next := &record.Opened[T]{Fields: s.newPayload(token, l)}
	c := stores.Create{
		ID: s.pending.id, Identity: s.pending.owner, Payload: s.carrier().Encode(&next.Fields),
		Idle: timeouts.Slack(l.idle), Absolute: l.absolute, NotAfter: l.notAfter,
		Limit: max(s.m.opts.MaxPerIdentity, 0), Refuse: s.m.opts.RefuseOverLimit,
		Replaces: s.replaced(p),
	}
	var late []stores.Replaced // sessions that end after the create
	if s.few().early.writing {
		late = s.writes().putOff(&c)
	}
	from := time.Now()
	c.Age = max(from.Sub(s.began()), 1)
	if len(c.Replaces) > 0 {
		c.Age += markSlack
	}
	created, err := s.carrier().Store().Create(ctx, c)
	if len(c.Replaces) > 0 && isMark(err) {
		// The mark may be one from before the request. The old session must not
		// end before that is known.
		late = append(late, s.writes().putOff(&c)...)
		from, c.Age = time.Now(), max(time.Since(s.began()), 1)
		created, err = s.carrier().Store().Create(ctx, c)
	}
	if s.mayStand(err) {
		// The store goes by clocks. A mark of the request's own, or one that is
		// known by name to have come before, does not count.
		from, c.Age = time.Now(), 0
		created, err = s.carrier().Store().Create(ctx, c)
	}
	switch {
	case s.m.calls.AnswerLost(ctx, err):
		return false, s.createLost(ctx, p, &c, next.Hash, err)
	case err != nil:
		return false, s.notCreated(err)
	}
	judge, call := s.judge(), marks.Bracket{From: from, To: time.Now()}
	verdict := s.m.calls.Decide(ctx, s.carrier().Store(), &judge, s.pending.id, s.pending.owner, &created, call)
	var own []stores.Replaced // sessions of this request, which end although others are put off
	switch {
	case created.Replaced:
		s.hasReplaced(ctx, p, c.Replaces)
	case s.few().early.writing:
		own = c.Replaces
	default:
		late = append(c.Replaces, late...)
	}
	if verdict != marks.Before {
		s.writes().remove(ctx, s.pending.id)
	}
	switch verdict {
	case marks.Revoked:
		return false, s.tooOld()
	case marks.Changed:
		return false, s.changedSince()
	case marks.Perhaps:
		return false, nil
	}
	if s.few().early.writing {
		s.rare.early.ends = append(s.rare.early.ends, late...)
		late = own
	}
	if len(late) > 0 {
		if err := s.endReplaced(ctx, late); err != nil {
			s.writes().remove(ctx, s.pending.id)
			return false, err
		}
		s.hasReplaced(ctx, p, late)
	}
	s.created(ctx, token, line, next, &created)
	return true, nil
}

// hasReplaced notes that the old sessions are gone, also for another try.
func (s creation[T]) hasReplaced(ctx context.Context, p *lifecycle.Plan, all []stores.Replaced) {
	tentative := len(all) > 0 && s.transacts(ctx)
	for _, r := range all {
		if tentative {
			own := s.ownRare()
			own.tentative.replaced = append(own.tentative.replaced, r.ID)
		}
		if slices.ContainsFunc(s.few().orphan, func(o stores.Replaced) bool { return o.ID == r.ID }) {
			continue
		}
		s.writes().destroyed(r.ID, events.ReasonReplaced)
		p.EndOthers = false
		if r.ID == s.rec.ID() {
			p.Replaces, s.life.Base = false, false
		}
	}
	if s.rare != nil {
		s.rare.orphan = nil
	}
}

// endReplaced deletes the sessions whose place the new one has taken, on a store
// that does not do it by itself. After an error the new one has to go.
func (s creation[T]) endReplaced(ctx context.Context, all []stores.Replaced) error {
	for _, r := range all {
		err := s.m.calls.Delete(ctx, s.carrier().Store(), r.ID, stores.Condition{Version: r.Version})
		switch {
		case err == nil, errors.Is(err, stores.ErrNotFound) && r.MayBeGone:
		case errors.Is(err, stores.ErrNotFound):
			return s.revoked()
		case errors.Is(err, stores.ErrConflict):
			return stores.ErrConflict
		default:
			return s.storeFailed(err)
		}
	}
	return nil
}

// created makes the new session the base.
func (s creation[T]) created(ctx context.Context, token credential.Token, line []byte, next *record.Opened[T], created *stores.Created) {
	again := s.continues()
	rec := s.m.records.New(&stores.Record{
		ID: s.pending.id, Identity: s.pending.owner, Version: created.Version,
		LastSeen: created.Now, Expires: created.Expires, Deadline: created.Deadline, Now: created.Now,
	}, next)
	s.setBase(rec, token)
	s.former, s.clash = false, false
	if s.rare != nil {
		s.rare.others = nil
	}
	s.writes().issue(line)
	if created.Evicted > 0 {
		s.m.watch.CheckOwner(s.rec.Identity)
		s.emit(events.Event{Kind: events.Evicted, Identity: s.rec.Identity, Count: created.Evicted})
	}
	s.writes().emitWritten(ctx, report.Created(s.rec.ID().String(), s.rec.Identity, s.m.users.Known(), again))
}

// createLost finds out whether a session was created although the answer was
// lost. If so, the next try takes its place: the marks that a Create reports are
// needed.
func (s creation[T]) createLost(ctx context.Context, p *lifecycle.Plan, c *stores.Create, hash [32]byte, cause error) error {
	again := fmt.Errorf("%w: %w", errCreateAgain, cause)
	for try := range storecall.MaxLost {
		if storecall.WaitForStore(ctx, try) != nil {
			break
		}
		var rec record.Record[T]
		err := s.m.records.Fetch(ctx, c.ID, &rec)
		switch {
		case errors.Is(err, stores.ErrNotFound):
			return again
		case err != nil:
			continue
		case rec.Open.Hash != hash:
			return again // the ID was taken
		}
		// Whether the store has ended the old sessions, too, only the answer says.
		orphan := []stores.Replaced{{ID: c.ID, Version: rec.Version}}
		for _, old := range c.Replaces {
			orphan = append(orphan, stores.Replaced{ID: old.ID, MayBeGone: true})
		}
		s.hasReplaced(ctx, p, c.Replaces)
		s.ownRare().orphan = orphan
		return again
	}
	return s.storeFailed(cause)
}

// errCreateAgain asks create for another try.
var errCreateAgain = errors.New("humasess: the answer to Create was lost")

// client returns the client of the request for the payload, or nil if there is
// no request or nothing to capture.
func (s creation[T]) client() []byte {
	if s.r == nil || s.m.opts.Client == nil {
		return nil
	}
	c := s.m.opts.Client(s.r.Incoming())
	return payload.EncodeClient(client.Clean(c.UserAgent, c.Address))
}

// continues reports whether the new session is the present one, of the same user, after
// an authentication.
func (s creation[T]) continues() bool { return s.pending.again && s.pending.owner == s.rec.Identity }

// methods are those of the session to create.
func (s creation[T]) methods() []Method {
	var before []Method
	if s.continues() {
		before = decodeMethods(s.rec.Open.Methods)
	}
	return withMethods(before, s.pending.proof.methods)
}
