package humasess_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// taggedCodec is a codec of the program that writes a tag, then gob. It reads only
// its own output.
func taggedCodec(tag string) humasess.Codec {
	return humasess.Codec{
		Marshal: func(v any) ([]byte, error) {
			var b bytes.Buffer
			b.WriteString(tag)
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
		Unmarshal: func(data []byte, v any) error {
			rest, ok := bytes.CutPrefix(data, []byte(tag))
			if !ok {
				return errors.New("another codec's data")
			}
			return gob.NewDecoder(bytes.NewReader(rest)).Decode(v)
		},
	}
}

func TestOwnCodec(t *testing.T) {
	o := accountOptions()
	o.Codec = taggedCodec("\x00binary\xff")
	r := newRig(t, o)
	c := r.signedIn(account{ID: "u1", Roles: []string{"admin"}, N: 1})
	r.must(c, increment)
	got, ok := r.data(c)
	if !ok || got.N != 2 || !slices.Equal(got.Roles, []string{"admin"}) {
		t.Errorf("data: got %+v, %v", got, ok)
	}
	list, err := r.sessions.List(context.Background(), "u1")
	if err != nil || len(list) != 1 || list[0].Data.N != 2 {
		t.Errorf("List: got %+v, %v", list, err)
	}
}

// release is a program at one of its versions, on the store of the others.
func release(t *testing.T, store *memory.Store, edit func(*humasess.Options[account])) *rig[account] {
	t.Helper()
	o := accountOptions()
	edit(&o)
	return newRigOn(t, o, store, huma.DefaultConfig("Test", "1.0.0"))
}

func TestUndecodable(t *testing.T) {
	store := memory.New(nil)
	old := release(t, store, func(o *humasess.Options[account]) { o.Codec = taggedCodec("v1") })
	with := func(hook func([]byte, error) (account, error)) *rig[account] {
		return release(t, store, func(o *humasess.Options[account]) { o.Codec, o.OnUndecodable = taggedCodec("v2"), hook })
	}
	login := func() string { return token(old.signedIn(account{ID: "u1", N: 7})) }

	for name, r := range map[string]*rig[account]{
		"by default": with(nil),
		"by choice": with(func(_ []byte, cause error) (account, error) {
			return account{}, fmt.Errorf("%w: %w", humasess.ErrHide, cause)
		}),
	} {
		t.Run("X8 hidden "+name+", never deleted, and a rollback heals", func(t *testing.T) {
			value := login()
			r.store.Reset()
			r.events.take()
			for range 2 {
				w := r.requiredCall(r.withToken(value), nothing[account])
				wantStatus(t, w, http.StatusUnauthorized)
				wantCookies(t, w, 0)
			}
			r.wantCalls(map[humasesstest.Op]int{humasesstest.OpLoad: 2})
			wantKinds(t, r.events, events.Undecodable, events.Challenged, events.Undecodable, events.Challenged)
			if !strings.Contains(r.log.String(), "another codec's data") {
				t.Errorf("log: got %s, want the cause", r.log)
			}
			if got, ok := old.data(old.withToken(value)); !ok || got.N != 7 {
				t.Errorf("after the rollback: got %+v, %v, want the session", got, ok)
			}
		})
	}
	t.Run("X8 it is left out of lists, and can be revoked", func(t *testing.T) {
		r, value := with(nil), login()
		c := r.signedIn(account{ID: "u1"})
		if list, err := r.sessions.List(context.Background(), "u1"); err != nil || slices.ContainsFunc(list, func(i humasess.Info[account]) bool { return i.Data.N == 7 }) {
			t.Errorf("List: got %+v, %v", list, err)
		}
		if _, err := r.sessions.RevokeIdentity(context.Background(), "u1"); err != nil {
			t.Error(err)
		}
		r.wantActive(c, false)
		old.wantActive(old.withToken(value), false)
	})
	t.Run("X8 migrated", func(t *testing.T) {
		r := with(func(data []byte, cause error) (account, error) {
			var a account
			if cause == nil {
				t.Error("no cause was given")
			}
			err := taggedCodec("v1").Unmarshal(data, &a)
			clear(data) // a copy
			a.Note = "migrated"
			return a, err
		})
		value := login()
		c := r.withToken(value)
		for range 2 {
			if got, ok := r.data(c); !ok || got.N != 7 || got.Note != "migrated" {
				t.Errorf("data: got %+v, %v, want the migrated", got, ok)
			}
		}
		old.wantActive(old.withToken(value), true) // reading wrote nothing
		r.must(c, increment)
		old.wantActive(old.withToken(value), false)
		if got, _ := r.data(c); got.N != 8 {
			t.Errorf("N: got %d, want 8", got.N)
		}
	})
	t.Run("X8 failing", func(t *testing.T) {
		r := with(func([]byte, error) (account, error) { return account{}, errors.New("migration 12 is missing") })
		value := login()
		w := r.call(r.withToken(value), nothing[account])
		wantStatus(t, w, http.StatusInternalServerError)
		wantCookies(t, w, 0)
		if strings.Contains(w.Body.String(), "migration 12") || !strings.Contains(r.log.String(), "migration 12") {
			t.Errorf("the error's text belongs in the log and not in the body: %s", w.Body)
		}
		old.wantActive(old.withToken(value), true)
	})
}

// Sessions of many users at once keep to themselves.
func TestManySessions(t *testing.T) {
	r := newRig(t, accountOptions())
	var wg sync.WaitGroup
	for i := range 32 {
		c := r.signedIn(account{ID: strconv.Itoa(i)})
		wg.Go(func() {
			for range 5 {
				r.must(c, increment)
			}
			if got, _ := r.data(c); got.ID != strconv.Itoa(i) || got.N != 5 {
				t.Errorf("session %d: got %+v", i, got)
			}
		})
	}
	wg.Wait()
}
