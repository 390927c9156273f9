package databases_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/storetest"
)

// identityState is the state of an identity's sessions, by ID, at one moment.
type identityState struct {
	sessions map[string]session
	marked   bool
}

type session struct {
	version int64
	payload string
}

// model defines the answers that a store may give if calls run one after
// another. Calls of different identities are independent.
func model(h storetest.History) porcupine.Model {
	return porcupine.Model{
		Partition: func(all []porcupine.Operation) [][]porcupine.Operation {
			by := map[string][]porcupine.Operation{}
			for _, op := range all {
				ev := op.Input.(storetest.Event)
				identity := ev.Identity
				if ev.ID != "" {
					identity = h.Identities[ev.ID]
				}
				by[identity] = append(by[identity], op)
			}
			var parts [][]porcupine.Operation
			for _, part := range by {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return identityState{sessions: map[string]session{}} },
		Step: func(state, input, output any) (bool, any) {
			return step(state.(identityState), input.(storetest.Event), output.(storetest.Result))
		},
		Equal: func(a, b any) bool {
			x, y := a.(identityState), b.(identityState)
			return x.marked == y.marked && maps.Equal(x.sessions, y.sessions)
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
}

func step(st identityState, ev storetest.Event, got storetest.Result) (bool, identityState) {
	if ev.Op == storetest.OpRevoke {
		next := identityState{sessions: map[string]session{}, marked: true}
		if kept, ok := st.sessions[ev.Except]; ok {
			next.sessions[ev.Except] = kept
		}
		ok := got.Error == storetest.OK && got.Count == len(st.sessions)-len(next.sessions) && got.Marked == st.marked
		return ok, next
	}
	now, live := st.sessions[ev.ID]
	if ev.Op == storetest.OpCreate {
		if live {
			return got.Error == storetest.Exists, st
		}
		return got.Error == storetest.OK && got.Version > 0 && got.Marked == st.marked,
			st.with(ev.ID, session{got.Version, ev.Payload})
	}
	if !live {
		return got.Error == storetest.NotFound, st
	}
	other := ev.Version != 0 && ev.Version != now.version
	switch ev.Op {
	case storetest.OpLoad:
		return got.Error == storetest.OK && got.Version == now.version && got.Payload == now.payload, st
	case storetest.OpTouch:
		return got.Error == storetest.OK, st
	case storetest.OpUpdate:
		if other {
			return got.Error == storetest.Conflict, st
		}
		return got.Error == storetest.OK && got.Version > now.version, st.with(ev.ID, session{got.Version, ev.Payload})
	case storetest.OpDelete:
		if other {
			return got.Error == storetest.Conflict, st
		}
		next := st.with(ev.ID, now)
		delete(next.sessions, ev.ID)
		return got.Error == storetest.OK, next
	}
	return false, st
}

func (st identityState) with(id string, s session) identityState {
	next := identityState{sessions: maps.Clone(st.sessions), marked: st.marked}
	next.sessions[id] = s
	return next
}

// check fails the test unless some order of the calls explains every answer.
func check(t *testing.T, h storetest.History) {
	t.Helper()
	if got := porcupine.CheckOperationsTimeout(model(h), operations(h), time.Minute); got != porcupine.Ok {
		t.Errorf("history of %d calls: got %s, want %s", len(h.Events), got, porcupine.Ok)
	}
}

func operations(h storetest.History) (ops []porcupine.Operation) {
	for _, ev := range h.Events {
		ops = append(ops, porcupine.Operation{ClientId: ev.Client, Input: ev, Call: ev.Call, Output: ev.Result, Return: ev.Return})
	}
	return ops
}

// TestHistories records parallel calls, from one process and as if from two.
// Then it looks for an order of them that explains all answers.
func TestHistories(t *testing.T) {
	const seeds = 8
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			p := k.open(t)
			both := &split{first: p.store(t), second: p.store(t)}
			for seed := range uint64(seeds) {
				h := storetest.Record(t.Context(), both, seed, nil)
				if err := h.Check(); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
				check(t, h)
			}
		})
	}
}

// TestHistoriesModel shows that the checker refuses answers that are not
// possible in any order.
func TestHistoriesModel(t *testing.T) {
	h := storetest.Record(t.Context(), kinds[0].open(t).store(t), 1, &storetest.Options{Concurrency: 1})
	for i, ev := range h.Events {
		if ev.Result.Error != storetest.OK || ev.Op != storetest.OpUpdate && ev.Op != storetest.OpDelete && ev.Op != storetest.OpRevoke {
			continue
		}
		broken := h
		broken.Events = append([]storetest.Event{}, h.Events...)
		broken.Events[i].Result = storetest.Result{Error: storetest.NotFound}
		if porcupine.CheckOperations(model(broken), operations(broken)) {
			t.Errorf("%s %d, answered as not found: the history passes", ev.Op, i)
		}
	}
}

// TestHistoriesOfABrokenStore gives each of two processes its own store. Their
// answers are not possible in any order.
func TestHistoriesOfABrokenStore(t *testing.T) {
	open := func() stores.Store { return kinds[0].open(t).store(t) }
	h := storetest.Record(t.Context(), &split{first: open(), second: open()}, 1, nil)
	if got := porcupine.CheckOperationsTimeout(model(h), operations(h), time.Minute); got != porcupine.Illegal {
		t.Errorf("history of %d calls: got %s, want %s", len(h.Events), got, porcupine.Illegal)
	}
}
