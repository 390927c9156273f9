package cookie_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/storetest"
)

func TestReplaces(t *testing.T) {
	// The suite exempts the cookie store from promise 3, but these checks hold
	// for it.
	for _, c := range storetest.Checks() {
		if c.Promise != 3 || !strings.Contains(c.Name, "replaces") && c.Name != "a create that fails ends no session" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			s := newRequests(t)
			jar := &jar{newRequest: s.newRequest, values: map[stores.ID]string{}}
			opts := &storetest.Options{Advance: func(d time.Duration) { s.now = s.now.Add(d) }}
			if err := c.Run(t.Context(), jar, opts); err != nil {
				t.Error(err)
			}
		})
	}
	replacing := func(n byte, size int) stores.Create {
		c := spec(9, "ada")
		c.Payload = make([]byte, size)
		c.Replaces = []stores.Replaced{{ID: stores.ID{n}, Version: 1}}
		return c
	}
	t.Run("a session that does not fit into its cookie ends none", func(t *testing.T) {
		s := newRequests(t)
		old := s.begin(1, "ada")
		_, err := s.request(old).Create(t.Context(), replacing(1, 3050))
		s.fails("Create", err, stores.ErrTooLarge)
		s.opens("the old one", old, 1, nil)
	})
	t.Run("a session whose end is not known is not replaced", func(t *testing.T) {
		s := newRequests(t)
		request := s.request(s.begin(1, "ada"))
		s.marks.failEnd = errors.New("down")
		_, err := request.Create(t.Context(), replacing(1, 1))
		s.fails("Create", err, s.marks.failEnd)
		if v := request.AppendValue(nil, stores.ID{9}); v != nil {
			t.Error("the new cookie is sent")
		}
	})
	for _, mayBeGone := range []bool{true, false} {
		t.Run("R2 a session that was revoked before", func(t *testing.T) {
			s := newRequests(t)
			request := s.request(s.begin(1, "ada"))
			if _, err := s.newRequest().RevokeIdentity(t.Context(), "ada", stores.ID{}); err != nil {
				t.Fatal(err)
			}
			c := replacing(1, 1)
			c.Replaces[0].MayBeGone = mayBeGone
			_, err := request.Create(t.Context(), c)
			if want := goneUnless(mayBeGone); !errors.Is(err, want) || len(s.marks.ended) != 0 {
				t.Errorf("may be gone %v: got error %v and %d ends, want %v and none", mayBeGone, err, len(s.marks.ended), want)
			}
		})
		t.Run("a session that another request ends at the same time", func(t *testing.T) {
			s := newRequests(t)
			value := s.begin(1, "ada")
			request := s.request(value)
			s.marks.before = func() {
				if err := s.request(value).Delete(t.Context(), stores.ID{1}, stores.Condition{}); err != nil {
					t.Error(err)
				}
			}
			c := replacing(1, 1)
			c.Replaces[0].MayBeGone = mayBeGone
			_, err := request.Create(t.Context(), c)
			s.fails("Create", err, goneUnless(mayBeGone))
			if sent := request.AppendValue(nil, stores.ID{9}) != nil; sent != mayBeGone {
				t.Errorf("may be gone %v: the new cookie is sent: %v", mayBeGone, sent)
			}
		})
	}
	t.Run("one question, and one end for each", func(t *testing.T) {
		s := newRequests(t)
		request := s.request(s.begin(1, "ada"), s.begin(2, ""))
		s.marks.checks = 0
		c := replacing(1, 1)
		c.Replaces = append(c.Replaces, stores.Replaced{ID: stores.ID{2}})
		created, err := request.Create(t.Context(), c)
		if err != nil || !created.Replaced || s.marks.checks != 1 || len(s.marks.ended) != 2 {
			t.Errorf("got %+v, %v, %d checks and %d ends, want 1 and 2", created, err, s.marks.checks, len(s.marks.ended))
		}
	})
	t.Run("without marks", func(t *testing.T) {
		store := cookie.New(aead(t, key(t)), &cookie.Options{AllowReplayAfterLogout: true})
		newRequest, err := store.Bind(name, "m")
		if err != nil {
			t.Fatal(err)
		}
		request := newRequest()
		if _, err := request.Create(t.Context(), spec(1, "ada")); err != nil {
			t.Fatal(err)
		}
		created, err := request.Create(t.Context(), replacing(1, 1))
		if err != nil || !created.Replaced || request.AppendValue(nil, stores.ID{1}) != nil {
			t.Errorf("got %+v, %v, and the old one is still there: %v", created, err, request.AppendValue(nil, stores.ID{1}) != nil)
		}
	})
}

func goneUnless(mayBeGone bool) error {
	if mayBeGone {
		return nil
	}
	return stores.ErrNotFound
}
