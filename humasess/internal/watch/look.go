package watch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// run looks up suspect sessions, and all sessions once in an interval.
func (s *Sessions) run(ctx context.Context, stopped chan<- struct{}) {
	var hints sync.WaitGroup
	defer close(stopped)
	defer hints.Wait()
	if s.config.Hints != nil {
		hints.Go(func() {
			if err := s.config.Hints(ctx, s.hinted); ctx.Err() == nil && !errors.Is(err, errors.ErrUnsupported) {
				s.config.Failed(err)
			}
		})
	}
	tick := time.NewTicker(s.config.Interval)
	defer tick.Stop()
	var pause time.Duration
	for {
		var kick <-chan struct{}
		var retry <-chan time.Time
		if pause == 0 {
			kick = s.kick
		} else {
			retry = time.After(min(pause, s.config.Interval))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.idle() {
				return
			}
		case <-kick:
		case <-retry:
		}
		err := s.look(ctx)
		switch {
		case err == nil:
			pause = 0
		case ctx.Err() != nil:
			return
		default:
			pause = min(max(2*pause, firstPause), s.config.Interval)
			s.config.Failed(err)
		}
	}
}

// idle is called once in an interval. It reports that no request waits; otherwise
// it puts all sessions in the queue.
func (s *Sessions) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.targets) > 0 {
		s.checkAll()
		return false
	}
	s.stop()
	s.stop = nil
	s.queue = nil
	return true
}

// look asks the store about suspect sessions until there are none.
func (s *Sessions) look(ctx context.Context) error {
	for {
		batch := s.take()
		if len(batch) == 0 {
			return nil
		}
		left, err := s.ask(ctx, batch)
		s.settle(batch, left, err)
		if err != nil {
			return err
		}
	}
}

// question is about a target. It has a copy of the session, because Add may change
// the target's while the store is asked.
type question struct {
	*target
	session Session
}

// take removes at most batchSize suspects from the queue. From here on they can be
// put in the queue again.
func (s *Sessions) take() []question {
	s.mu.Lock()
	defer s.mu.Unlock()
	var batch []question
	n := 0
	for _, t := range s.queue {
		if len(batch) == batchSize {
			break
		}
		n++
		t.suspect = false
		if s.targets[t.ID] == t {
			batch = append(batch, question{t, t.Session})
		}
	}
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = nil
	}
	return batch
}

// ask returns how long the active sessions have left, by ID.
func (s *Sessions) ask(ctx context.Context, batch []question) (map[stores.ID]time.Duration, error) {
	left := make(map[stores.ID]time.Duration, len(batch))
	ids := make([]stores.ID, 0, len(batch))
	for _, q := range batch {
		if q.session.Left == nil {
			ids = append(ids, q.session.ID)
			continue
		}
		var most time.Duration
		err := s.within(ctx, func(ctx context.Context) (err error) {
			most, err = q.session.Left(ctx)
			return err
		})
		switch {
		case err == nil:
			left[q.session.ID] = most
		case !errors.Is(err, stores.ErrNotFound):
			return left, err
		}
	}
	if len(ids) == 0 {
		return left, nil
	}
	var records []stores.Record
	err := s.within(ctx, func(ctx context.Context) (err error) {
		records, err = s.config.Load(ctx, ids)
		return err
	})
	for _, rec := range records {
		left[rec.ID] = rec.Expires.Sub(rec.Now)
	}
	return left, err
}

func (s *Sessions) within(ctx context.Context, ask func(context.Context) error) error {
	if s.config.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.config.Timeout)
		defer cancel()
	}
	return ask(ctx)
}

// settle ends the waits for sessions that are gone. After an error it ends none and
// puts all sessions of the batch in the queue again.
func (s *Sessions) settle(batch []question, left map[stores.ID]time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range batch {
		t := q.target
		switch d, alive := left[t.ID]; {
		case s.targets[t.ID] != t:
		case err != nil:
			s.check(t)
		case alive:
			t.timer.Reset(max(d, minWait))
		default:
			s.end(t)
		}
	}
}
