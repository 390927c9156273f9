package humasess

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/humasess/sessions/stores"
)

// run looks up what is suspect, and everything once in an interval.
func (l *live) run(ctx context.Context, stopped chan<- struct{}) {
	var hints sync.WaitGroup
	defer close(stopped)
	defer hints.Wait()
	if w, ok := stores.As[stores.Watcher](l.store); ok {
		hints.Go(func() {
			if err := w.Watch(ctx, l.hint); ctx.Err() == nil && !errors.Is(err, errors.ErrUnsupported) {
				l.failed(err)
			}
		})
	}
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	var pause time.Duration
	for {
		var kick <-chan struct{}
		var retry <-chan time.Time
		if pause == 0 {
			kick = l.kick
		} else {
			retry = time.After(min(pause, l.every))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if l.idle() {
				return
			}
		case <-kick:
		case <-retry:
		}
		err := l.look(ctx)
		switch {
		case err == nil:
			pause = 0
		case ctx.Err() != nil:
			return
		default:
			pause = min(max(2*pause, livePause), l.every)
			l.failed(err)
		}
	}
}

// idle is called once in an interval: it reports that nobody watches, and has
// all looked up otherwise.
func (l *live) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.targets) > 0 {
		l.doubtAll()
		return false
	}
	l.stop()
	l.stop = nil
	l.queue = nil
	return true
}

// look asks the store about what is suspect, until nothing is.
func (l *live) look(ctx context.Context) error {
	for {
		batch := l.take()
		if len(batch) == 0 {
			return nil
		}
		left, err := l.ask(ctx, batch)
		l.settle(batch, left, err)
		if err != nil {
			return err
		}
	}
}

// question is about a target.
type question struct {
	*target
	stands func(context.Context) (time.Duration, error)
}

// take returns some suspects, which may be told of again from here on.
func (l *live) take() []question {
	l.mu.Lock()
	defer l.mu.Unlock()
	var batch []question
	n := 0
	for _, t := range l.queue {
		if len(batch) == liveBatch {
			break
		}
		n++
		t.suspect = false
		if l.targets[t.id] == t {
			batch = append(batch, question{t, t.stands})
		}
	}
	if l.queue = l.queue[n:]; len(l.queue) == 0 {
		l.queue = nil
	}
	return batch
}

// ask returns how long those that are alive have left, by ID.
func (l *live) ask(ctx context.Context, batch []question) (map[stores.ID]time.Duration, error) {
	left := make(map[stores.ID]time.Duration, len(batch))
	ids := make([]stores.ID, 0, len(batch))
	for _, q := range batch {
		if q.stands == nil {
			ids = append(ids, q.id)
			continue
		}
		var most time.Duration
		err := l.within(ctx, func(ctx context.Context) (err error) {
			most, err = q.stands(ctx)
			return err
		})
		switch {
		case err == nil:
			left[q.id] = most
		case !errors.Is(err, stores.ErrNotFound):
			return left, err
		}
	}
	if len(ids) == 0 {
		return left, nil
	}
	var records []stores.Record
	err := l.within(ctx, func(ctx context.Context) (err error) {
		records, err = stores.LoadMany(ctx, l.store, ids)
		return err
	})
	for _, rec := range records {
		left[rec.ID] = rec.Expires.Sub(rec.Now)
	}
	return left, err
}

func (l *live) within(ctx context.Context, ask func(context.Context) error) error {
	if l.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.timeout)
		defer cancel()
	}
	return ask(ctx)
}

// settle ends those that are gone. An error ends nothing: all are to be looked
// up again.
func (l *live) settle(batch []question, left map[stores.ID]time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range batch {
		t := q.target
		switch d, alive := left[t.id]; {
		case l.targets[t.id] != t:
		case err != nil:
			l.doubt(t)
		case alive:
			t.timer.Reset(max(d, liveLull))
		default:
			l.end(t)
		}
	}
}
