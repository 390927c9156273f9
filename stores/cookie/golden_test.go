package cookie_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/cookie"
)

var update = flag.Bool("update", false, "write golden files")

const goldenFile = "testdata/v1.golden"

// goldenKey seals the golden cookies.
const goldenKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

var goldenSealers = []struct {
	kind string
	make func(...security.Key) (security.Sealer, error)
}{{"aead", security.NewAEAD}, {"securecookie", security.NewSecureCookie}}

// goldenRevocations return the same standing for every session.
type goldenRevocations struct{ stores.Revocations }

// Check implements [stores.Revocations].
func (goldenRevocations) Check(context.Context, stores.ID, string) (stores.Standing, error) {
	return stores.Standing{Era: 0x0a0b0c0d, Mark: 300, RevokedAgo: time.Hour}, nil
}

// goldenRecords are the contents of the golden envelopes.
var goldenRecords = []struct {
	name    string
	revoked stores.Revocations
	record  stores.Record // its Version is 1 or 2
	first   time.Duration // until the deadline that it began with, if another
}{
	{"usual", nil, stores.Record{
		ID: stores.ID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, Identity: "sessionCookie/ada", Version: 1,
		Expires: goldenTime.Add(30 * time.Minute), Deadline: goldenTime.Add(12 * time.Hour), Payload: []byte("payload"),
	}, 0},
	{"revocable, written twice, an ID of 16 bytes", goldenRevocations{}, stores.Record{
		ID: stores.ID{0xff, 15: 0xfe}, Identity: "sessionCookie/\x00\xff", Version: 2,
		Expires: goldenTime.Add(time.Second), Deadline: goldenTime.Add(61 * time.Second), Payload: []byte{0, 0xff},
	}, 0},
	{"anonymous, without data", goldenRevocations{}, stores.Record{
		ID: stores.ID{1}, Version: 1, Expires: goldenTime.Add(90 * time.Second), Deadline: goldenTime.Add(90 * time.Second), Payload: []byte{},
	}, 0},
	{"shortened", goldenRevocations{}, stores.Record{
		ID: stores.ID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, Identity: "sessionCookie/ada", Version: 2,
		Expires: goldenTime.Add(59 * time.Second), Deadline: goldenTime.Add(59 * time.Second), Payload: []byte("payload"),
	}, 12 * time.Hour},
}

var goldenTime = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

func goldenRequest(t *testing.T, sealer security.Sealer, revoked stores.Revocations) stores.RequestStore {
	t.Helper()
	s := cookie.New(sealer, &cookie.Options{Revoked: revoked, AllowReplayAfterLogout: revoked == nil})
	s.UseClock(func() time.Time { return goldenTime })
	newRequest, err := s.Bind(name, "sessionCookie")
	if err != nil {
		t.Fatal(err)
	}
	return newRequest()
}

// goldenWritten encodes the record as this release does.
func goldenWritten(t *testing.T, request stores.RequestStore, r stores.Record, first time.Duration) string {
	t.Helper()
	absolute := r.Deadline.Sub(goldenTime)
	c := stores.Create{ID: r.ID, Identity: r.Identity, Payload: r.Payload, Idle: r.Expires.Sub(goldenTime), Absolute: max(absolute, first)}
	if _, err := request.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if r.Version == 2 {
		u := stores.Update{ID: r.ID, Version: 1, Payload: r.Payload}
		if first > 0 {
			u.Absolute, u.Shorten = absolute, true
		}
		if _, err := request.Update(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return string(request.AppendValue(nil, r.ID))
}

var goldenBinding = security.Binding{Cookie: name, Manager: "sessionCookie", Purpose: "session"}

func goldenSealer(t *testing.T, newSealer func(...security.Key) (security.Sealer, error)) security.Sealer {
	t.Helper()
	k, err := security.ParseKey(goldenKey)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := newSealer(k)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// envelope returns the sealed content of a value.
func envelope(t *testing.T, sealer security.Sealer, value string) []byte {
	t.Helper()
	plain, old, err := sealer.Open(value, goldenBinding)
	if err != nil || old {
		t.Fatalf("%q does not open: %v, old %v", value, err, old)
	}
	return plain
}

// goldenSite is a server whose cookies are golden too.
func goldenSite(t *testing.T, sealer security.Sealer) (http.Handler, *humasess.Manager[coretest.User]) {
	t.Helper()
	clock := humasesstest.NewClock()
	return coretest.Serve(t, cookie.New(sealer, &cookie.Options{AllowReplayAfterLogout: true}),
		&humasess.Options[coretest.User]{Now: clock.Now}, coretest.Hooks{})
}

// writeGolden writes a new file for a new format. The old file stays unchanged
// as long as users may have these cookies.
func writeGolden(t *testing.T) {
	t.Helper()
	var b strings.Builder
	for _, s := range goldenSealers {
		sealer := goldenSealer(t, s.make)
		for _, g := range goldenRecords {
			value := goldenWritten(t, goldenRequest(t, sealer, g.revoked), g.record, g.first)
			if s.kind == "aead" {
				fmt.Fprintf(&b, "%s, envelope: %x\n", g.name, envelope(t, sealer, value))
			}
			fmt.Fprintf(&b, "%s, %s: %s\n", g.name, s.kind, value)
		}
		_, m := goldenSite(t, sealer)
		c, err := m.Issue(t.Context(), coretest.User{Name: "ada", N: 41})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "signed in, %s: %s\n", s.kind, c.Value)
	}
	if err := os.WriteFile(goldenFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readGolden(t testing.TB) map[string]string {
	t.Helper()
	data, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
		lines[name] = text
	}
	return lines
}

// Every later release opens the golden cookies, until the version byte changes.
// This release writes only this format.
func TestGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	lines := readGolden(t)
	for _, s := range goldenSealers {
		sealer := goldenSealer(t, s.make)
		for _, g := range goldenRecords {
			t.Run(g.name+", "+s.kind, func(t *testing.T) {
				want, err := hex.DecodeString(lines[g.name+", envelope"])
				if err != nil || len(want) == 0 {
					t.Fatalf("no envelope: %v", err)
				}
				sent := lines[g.name+", "+s.kind]
				if got := envelope(t, sealer, sent); !bytes.Equal(got, want) {
					t.Errorf("opened: got %x, want %x", got, want)
				}
				written := goldenWritten(t, goldenRequest(t, sealer, g.revoked), g.record, g.first)
				if got := envelope(t, sealer, written); !bytes.Equal(got, want) {
					t.Errorf("written: got %x, want %x", got, want)
				}
				request := goldenRequest(t, sealer, g.revoked)
				id, old, err := request.Open(sent)
				if err != nil || old || id != g.record.ID {
					t.Fatalf("Open: got %v, %v, %v, want %v", id, old, err, g.record.ID)
				}
				got, err := request.Load(t.Context(), id)
				if err != nil || got.Identity != g.record.Identity || got.Version != g.record.Version || !bytes.Equal(got.Payload, g.record.Payload) ||
					!got.Expires.Equal(g.record.Expires) || !got.Deadline.Equal(g.record.Deadline) || !got.LastSeen.Equal(goldenTime) {
					t.Errorf("Load: got %+v, %v, want %+v", got, err, g.record)
				}
			})
		}
		t.Run("signed in, "+s.kind, func(t *testing.T) {
			handler, _ := goldenSite(t, sealer)
			c := humasesstest.NewClient(handler)
			c.SetCookie(&http.Cookie{Name: name, Value: lines["signed in, "+s.kind]})
			if got := coretest.N(t, coretest.Do(t, c, "GET", "/me", http.StatusOK)); got != 41 {
				t.Errorf("got %d, want the stored value", got)
			}
		})
	}
}
