package humasess

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/internal/cookies"
	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/lifecycle"
	"github.com/humasess/sessions/humasess/internal/payload"
	"github.com/humasess/sessions/humasess/internal/record"
	"github.com/humasess/sessions/humasess/internal/report"
	"github.com/humasess/sessions/internal/credential"
	"github.com/humasess/sessions/stores"
)

// Load looks the request's tokens up. A cookie that opens nothing is not an
// error. The answer is the same for each fault of a cookie.
func (s *state[T]) Load(ctx context.Context, lines *cookies.Lines) error {
	o := s.opening()
	if lines.Bearer {
		return o.loadBearer(ctx, lines.Token)
	}
	var c cookies.Presented
	c.Find(lines, s.m.carriers.Names, s)
	switch {
	case c.Excess:
		s.excess = true
		o.rejected(events.ReasonAmbiguous)
		return nil
	case c.Count == 0:
		if c.Present {
			o.rejected(events.ReasonMalformed)
		}
		return nil
	case c.Count > 1:
		return o.loadMany(ctx, c.All())
	}
	s.old = c.First.Old
	return o.loadOne(ctx, c.First.Token)
}

// loadBearer looks up the token of the header. Such a request has no cookies.
func (s opening[T]) loadBearer(ctx context.Context, text string) error {
	if s.m.bearer == nil || text != "" && !strings.HasPrefix(text, s.m.opts.Bearer.Prefix) {
		return nil // of another manager
	}
	s.bearer = true
	if text == "" {
		s.rejected(events.ReasonAmbiguous)
		return nil
	}
	token, _, err := s.carrier().Open("", text)
	if err == nil {
		return s.loadOne(ctx, token)
	}
	s.rejected(events.ReasonMalformed)
	return nil
}

// loadOne looks up the only token of the request.
func (s opening[T]) loadOne(ctx context.Context, token credential.Token) error {
	rec := s.ownRec()
	if err := s.carrier().Fetch(ctx, token, rec); err != nil {
		s.noteCopies([]stores.ID{token.ID()}, err)
		return s.loadFailed(token, err)
	}
	who := s.ownerOf(rec, token)
	if who == notOwner {
		s.rejectedAs(rec, token)
		*rec = record.Record[T]{}
		return nil
	}
	return s.adopt(who)
}

// OpenToken implements [cookies.Opener].
func (s *state[T]) OpenToken(name, text string) (t credential.Token, old bool, err error) {
	t, old, err = s.carrier().Open(name, text)
	return t, old || s.m.rescoped || name != s.m.opts.Cookie.Name, err
}

// loadMany decides between several different tokens. Exactly one live session
// wins, in any order of the cookies. With two or more the request has none of
// them: an attacker may have set one.
func (s opening[T]) loadMany(ctx context.Context, all []cookies.Candidate) error {
	ids := make([]stores.ID, 0, len(all))
	for _, c := range all {
		if id := stores.ID(c.Token.ID()); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	records, err := stores.LoadMany(ctx, s.carrier().Store(), ids)
	if err != nil {
		return s.loadFailed(all[0].Token, err)
	}
	var live []liveToken[T]
	var reused *record.Record[T]
	for _, raw := range records {
		rec, err := s.carrier().Decode(raw)
		if err != nil {
			s.undecodable(raw.ID, "", err)
			continue
		}
		best := liveToken[T]{record: rec}
		for _, c := range all {
			if stores.ID(c.Token.ID()) != rec.ID() {
				continue
			}
			switch who := s.ownerOf(&rec, c.Token); {
			case who > best.who:
				best.who, best.Candidate = who, c
			case who == notOwner && s.superseded(&rec, c.Token):
				reused = &rec
			}
		}
		if best.who != notOwner {
			live = append(live, best)
		}
	}
	s.noteCopies(slices.DeleteFunc(ids, func(id stores.ID) bool {
		return slices.ContainsFunc(live, func(p liveToken[T]) bool { return p.record.ID() == id })
	}), stores.ErrNotFound)
	if len(live) > 1 {
		live = s.readable(live)
	}
	switch {
	case len(live) == 1:
		// A superseded secret beside it is a cookie that the browser still has.
		s.old = live[0].Old
		s.setBase(live[0].record, live[0].Token)
		return s.adopt(live[0].who)
	case len(live) > 1:
		s.ambiguous(live)
	case reused != nil:
		s.reused(reused)
	default:
		s.rejected(events.ReasonUnknown)
	}
	return nil
}

// readable leaves out sessions whose data do not decode, unless there are no
// others: they are as good as none, and Start and Destroy end them.
func (s opening[T]) readable(live []liveToken[T]) []liveToken[T] {
	var readable []liveToken[T]
	hidden := s.few().others
	for i := range live {
		if _, err := s.m.records.Decode(&live[i].record); err != nil {
			hidden = append(hidden, live[i].record.ID())
			s.noteOwner(&live[i].record)
			continue
		}
		readable = append(readable, live[i])
	}
	if len(readable) == 0 {
		return live
	}
	s.life.Others = s.life.Others || len(hidden) > len(s.few().others)
	s.ownRare().others = hidden
	return readable
}

// liveToken is a live session of which the request has presented a token.
type liveToken[T any] struct {
	cookies.Candidate
	record record.Record[T]
	who    ownership
}

// noteCopies notes client-side sessions that were found to be over. The copy at
// hand may have been idle for too long while others are in use, so Start and
// Destroy end them.
func (s opening[T]) noteCopies(ids []stores.ID, err error) {
	if s.life.Carried && len(ids) > 0 && errors.Is(err, stores.ErrNotFound) {
		s.life.Others = true
		own := s.ownRare()
		own.others = append(own.others, ids...)
	}
}

// ambiguous notes several live sessions, for Start and Destroy to end.
func (s opening[T]) ambiguous(live []liveToken[T]) {
	s.life.Others, s.clash = true, true
	failed := false // the next write would most likely fail as well
	for i := range live {
		own := s.ownRare()
		own.others = append(own.others, live[i].record.ID())
		s.noteOwner(&live[i].record)
		if p := &live[i]; !failed && p.who == owner && p.record.Open.Unconfirmed() {
			failed = !s.confirmRecord(&p.record)
		}
	}
	s.rejected(events.ReasonAmbiguous)
}

// adopt makes the record the base of the request, if its data can be read.
func (s opening[T]) adopt(who ownership) error {
	rec := s.rec
	s.former = who == formerOwner
	if by := rec.Open.Checked; by != nil && by != s.m.users && s.m.users.Match(&rec.Open.Value, rec.Identity) != nil {
		rec.Open = &record.Opened[T]{Fields: rec.Open.Fields} // decoded by a manager with another Identity
	}
	if rec.Open.Checked == nil {
		v, err := s.m.records.DecodeOwn(rec)
		if err != nil {
			s.undecodable(rec.ID(), rec.Identity, err)
			if !errors.Is(err, gate.ErrHide) {
				return err
			}
			s.life.Hide()
			return nil
		}
		rec.Spare = v
	}
	var why lifecycle.Reasons
	if s.old {
		why |= lifecycle.Reissue
	}
	if who == owner && rec.Open.Unconfirmed() {
		why |= lifecycle.Confirm
	}
	if s.rotationDue() {
		why |= lifecycle.RotateDue
	}
	s.life.Load(why)
	return nil
}

func (s opening[T]) loadFailed(token credential.Token, err error) error {
	if errors.Is(err, stores.ErrNotFound) {
		s.rejected(events.ReasonUnknown)
		return nil
	}
	if errors.Is(err, payload.ErrFormat) {
		s.notes |= report.PresentedUnusable // the token is not compared with a secret
		s.undecodable(token.ID(), "", err)
		return nil
	}
	return s.storeFailed(err)
}
