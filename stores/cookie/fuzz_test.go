package cookie_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
)

// Only sealed values open, for any text from a client.
func FuzzOpen(f *testing.F) {
	k, err := security.ParseKey(goldenKey)
	if err != nil {
		f.Fatal(err)
	}
	sent := map[string]bool{}
	for name, text := range readGolden(f) {
		if !strings.HasSuffix(name, ", envelope") {
			sent[text] = true
			f.Add(text)
		}
	}
	var newRequests []func() stores.RequestStore
	for _, s := range goldenSealers {
		sealer, err := s.make(k)
		if err != nil {
			f.Fatal(err)
		}
		e, err := cookie.New(sealer, &cookie.Options{AllowReplayAfterLogout: true}).Bind(name, "sessionCookie")
		if err != nil {
			f.Fatal(err)
		}
		newRequests = append(newRequests, e)
	}
	f.Fuzz(func(t *testing.T, text string) {
		opened := 0
		for _, e := range newRequests {
			request := e()
			id, old, err := request.Open(text)
			switch {
			case err == nil:
				opened++
			case err != stores.ErrNotFound || old || id != (stores.ID{}):
				t.Errorf("got %v, %v, %v, want nothing and exactly ErrNotFound", id, old, err)
			}
		}
		if want := map[bool]int{true: 1}[sent[text]]; opened != want {
			t.Errorf("%q opens %d times, want %d", text, opened, want)
		}
	})
}

// A holder of a key made the sealed bytes, possibly with another release. So
// decoding must not panic, and encoding again gives the same bytes.
func FuzzEnvelope(f *testing.F) {
	sealer := aead(f, key(f))
	s := cookie.New(sealer, &cookie.Options{AllowReplayAfterLogout: true})
	s.UseClock(func() time.Time { return goldenTime })
	newRequest, err := s.Bind(name, "sessionCookie")
	if err != nil {
		f.Fatal(err)
	}
	for name, text := range readGolden(f) {
		if strings.HasSuffix(name, ", envelope") {
			plain, err := hex.DecodeString(text)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(plain)
		}
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		value, err := sealer.Seal(plain, goldenBinding)
		if err != nil {
			t.Fatal(err)
		}
		request := newRequest()
		id, _, err := request.Open(value)
		if err != nil {
			return
		}
		r, err := request.Load(context.Background(), id)
		if err != nil {
			return // expired
		}
		if r.Version < 1 || !r.Expires.After(r.Now) || !r.Deadline.After(r.Now) {
			t.Errorf("got %+v, which is not live", r)
		}
		if _, err := request.Update(context.Background(), stores.Update{ID: id, Version: r.Version, Payload: r.Payload}); err != nil {
			return // it no longer fits, or has had its last version
		}
		again := newRequest()
		if _, _, err := again.Open(string(request.AppendValue(nil, id))); err != nil {
			t.Fatalf("%x is written so that it does not open", plain)
		}
		got, err := again.Load(context.Background(), id)
		if err != nil || got.Identity != r.Identity || got.Version != r.Version+1 || !bytes.Equal(got.Payload, r.Payload) ||
			!got.LastSeen.Equal(r.LastSeen) || !got.Deadline.Equal(r.Deadline) || got.Expires.After(r.Deadline) {
			t.Errorf("got %+v, %v, want %+v", got, err, r)
		}
	})
}
