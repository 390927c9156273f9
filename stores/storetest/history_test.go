package storetest_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/humasess/sessions/stores/storetest"
)

func TestRecord(t *testing.T) {
	h := storetest.Record(t.Context(), newHonest(), 1, &storetest.Options{Concurrency: 4})
	if err := h.Check(); err != nil {
		t.Error(err)
	}
	met := make(map[storetest.Op]bool)
	var last int64
	for _, ev := range h.Events {
		met[ev.Op] = true
		if ev.Call < last || ev.Return < ev.Call {
			t.Errorf("client %d: %s called at %d after %d and returned at %d", ev.Client, ev.Op, ev.Call, last, ev.Return)
		}
		last = ev.Call
	}
	for _, op := range []storetest.Op{
		storetest.OpLoad, storetest.OpCreate, storetest.OpUpdate,
		storetest.OpTouch, storetest.OpDelete, storetest.OpRevoke,
	} {
		if !met[op] {
			t.Errorf("no %s in %d events", op, len(h.Events))
		}
	}

	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var back storetest.History
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, h) {
		t.Errorf("the history does not survive JSON: %v", err)
	}
}

func TestRecordRepeatsItself(t *testing.T) {
	alone := &storetest.Options{Concurrency: 1}
	ops := func(seed uint64) (all []storetest.Op) {
		for _, ev := range storetest.Record(t.Context(), newHonest(), seed, alone).Events {
			all = append(all, ev.Op)
		}
		return all
	}
	if a, b := ops(7), ops(7); !reflect.DeepEqual(a, b) {
		t.Errorf("one seed makes %v and %v", a, b)
	}
	if a, b := ops(7), ops(8); reflect.DeepEqual(a, b) {
		t.Error("two seeds make the same choices")
	}
}

func TestHistoryCheck(t *testing.T) {
	type events = []storetest.Event
	create := storetest.Event{Op: storetest.OpCreate, ID: "a", Payload: "p1", Call: 10, Return: 20, Result: storetest.Result{Version: 1}}
	update := storetest.Event{Op: storetest.OpUpdate, ID: "a", Payload: "p2", Version: 1, Call: 30, Return: 40, Result: storetest.Result{Version: 2}}
	remove := storetest.Event{Op: storetest.OpDelete, ID: "a", Call: 50, Return: 60}
	revoke := storetest.Event{Op: storetest.OpRevoke, Identity: "alice", Call: 50, Return: 60}
	load := func(call, ret int64, payload string, version int64) storetest.Event {
		return storetest.Event{Op: storetest.OpLoad, ID: "a", Call: call, Return: ret, Result: storetest.Result{Payload: payload, Version: version}}
	}
	missed := func(ev storetest.Event) storetest.Event {
		ev.Result = storetest.Result{Error: storetest.NotFound}
		return ev
	}
	spared := revoke
	spared.Except = "a"
	rival := update
	rival.Payload, rival.Call, rival.Return = "p3", 35, 45
	again := create
	again.Payload, again.Call, again.Return = "p4", 36, 37

	for _, test := range []struct {
		name   string
		events events
		want   string // part of the error; "" is none
	}{
		{"in order", events{create, load(21, 25, "p1", 1), update, load(41, 45, "p2", 2), remove, missed(load(61, 65, "", 0))}, ""},
		{"before or after an update", events{create, update, load(35, 45, "p1", 1), load(29, 31, "p2", 2)}, ""},
		{"replaced", events{create, update, load(41, 45, "p1", 1)}, "after a update had replaced it"},
		{"deleted", events{create, remove, load(61, 65, "p1", 1)}, "after a delete had replaced it"},
		{"deleted at that time", events{create, remove, load(55, 65, "p1", 1), missed(load(51, 59, "", 0))}, ""},
		{"revoked", events{create, revoke, load(61, 65, "p1", 1)}, "after a revoke had replaced it"},
		{"spared", events{create, spared, load(61, 65, "p1", 1)}, ""},
		{"spared and gone", events{create, spared, missed(load(61, 65, "", 0))}, "no call ended it"},
		{"gone", events{create, missed(load(21, 25, "", 0))}, "no call ended it"},
		{"not there yet", events{create, missed(load(15, 25, "", 0))}, ""},
		{"never written", events{create, load(21, 25, "p9", 1)}, "no call had written"},
		{"from the future", events{create, update, load(21, 25, "p2", 2)}, "no call had written"},
		{"another version", events{create, load(21, 25, "p1", 7)}, "at version 7"},
		{"two updates of one version", events{create, update, rival}, "both replaced version 1"},
		{"two updates with a create between", events{create, update, again, rival}, ""},
		{"an update that failed", events{create, missed(update), rival}, ""},
		{"broken", events{{Op: storetest.OpTouch, ID: "a", Result: storetest.Result{Error: "no route to host"}}}, "no route"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := storetest.History{Identities: map[string]string{"a": "alice"}, Events: test.events}
			switch err := h.Check(); {
			case test.want == "" && err != nil:
				t.Errorf("Check = %v, want nil", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("Check = %v, want %q", err, test.want)
			}
		})
	}
}
