package databases_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/internal/coretest"
	"github.com/humasess/sessions/stores"
	"github.com/humasess/sessions/stores/sqlite"
)

// TestSQLiteSize lets 20 000 sessions expire, twice. The next sessions use the
// freed pages, so the file does not grow again. VACUUM gives the space back.
func TestSQLiteSize(t *testing.T) {
	t.Parallel()
	sessions := 20_000
	if raced {
		sessions = 2_000
	}
	path := filepath.Join(t.TempDir(), "sessions.db")
	db := openFile(t, path)
	db.SetMaxOpenConns(1)
	clock := humasesstest.NewClock()
	store := sqlite.New(db, &sqlite.Options{Now: clock.Now, SweepEvery: -1})
	ctx := t.Context()
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "PRAGMA synchronous = OFF"); err != nil { // saves the test a thousand waits for the disk
		t.Fatal(err)
	}
	pragma := func(name string) (n int) {
		t.Helper()
		if err := db.QueryRowContext(ctx, "PRAGMA "+name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	used := func() int { return pragma("page_count") - pragma("freelist_count") }
	empty := used()
	var peaks []int
	for round := range 2 {
		fill(t, path, clock, sessions)
		peak := pragma("page_count")
		peaks = append(peaks, peak)
		clock.Advance(2 * time.Hour)
		n, err := store.Sweep(ctx)
		if n != sessions || err != nil {
			t.Fatalf("Sweep: got %d and error %v, want %d", n, err, sessions)
		}
		t.Logf("round %d: %d bytes per session, %d pages at the peak, %d in use after the sweep, %d before", round,
			(peak-empty)*pragma("page_size")/sessions, peak, used(), empty)
		if got := used(); got > empty+2 {
			t.Errorf("got %d pages in use, want %d as before", got, empty)
		}
	}
	if peaks[1] > peaks[0]+peaks[0]/50 {
		t.Errorf("got %d pages at the second peak, want those of the first: %d", peaks[1], peaks[0])
	}
	if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
		t.Fatal(err)
	}
	if got := pragma("page_count"); got > empty+2 {
		t.Errorf("got %d pages after VACUUM, want %d as before", got, empty)
	}
}

// fill creates sessions of an hour, in few transactions. Those of the store are
// too slow for so many, and write the same rows.
func fill(t *testing.T, path string, clock *humasesstest.Clock, sessions int) {
	t.Helper()
	db := openFile(t, path)
	db.SetMaxOpenConns(1)
	now := clock.Now()
	end := now.Add(time.Hour).UnixNano()
	_, err := db.ExecContext(t.Context(), `WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO humasess_sessions (id, identity, version, last_seen, expires, deadline, payload)
		SELECT randomblob(16), CASE WHEN i % 3 = 0 THEN NULL ELSE CAST('user' || i / 2 AS BLOB) END, 1, ?, ? - i, ?, zeroblob(200) FROM n`,
		sessions, now.UnixNano(), end, end)
	if err != nil {
		t.Fatal(err)
	}
}

// TestSQLiteHoldsNoSecrets searches all bytes of the files.
func TestSQLiteHoldsNoSecrets(t *testing.T) {
	dir := t.TempDir()
	store := openAt(t, "sqlite", filepath.Join(dir, "sessions.db"))
	handler := serve(t, store, nil)
	var tokens []string
	for i := range 20 {
		c := coretest.SignIn(t, handler, fmt.Sprintf("user%d", i))
		tokens = append(tokens, c.Cookie(coretest.CookieName))
		coretest.Do(t, c, "POST", "/bump", 200)
		coretest.Do(t, c, "POST", "/renew", 200)
		tokens = append(tokens, c.Cookie(coretest.CookieName))
		coretest.Do(t, c, "POST", []string{"/list", "/logout", "/revoke-all"}[i%3], 200)
	}
	var all strings.Builder
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	seen := all.String()
	if !strings.Contains(seen, `{"name":"user7","n":1}`) {
		t.Fatal("the data are not in the files: look elsewhere")
	}
	t.Run("T6 no token and no secret", func(t *testing.T) {
		for _, token := range tokens {
			raw, err := base64.RawURLEncoding.DecodeString(token)
			if err != nil || len(raw) != 48 {
				t.Fatalf("token of %d bytes: %v", len(raw), err)
			}
			for _, part := range []string{token, token[22:], string(raw[16:]), hex.EncodeToString(raw[16:])} {
				if strings.Contains(seen, part) {
					t.Errorf("the files hold the secret of a token, in the form %q", part)
				}
			}
		}
	})
	t.Run("T6 a stored value does not authenticate", func(t *testing.T) {
		listed, err := stores.List(t.Context(), store, coretest.Owner("user0"))
		if err != nil || len(listed) != 1 {
			t.Fatalf("List: got %d sessions and error %v, want 1", len(listed), err)
		}
		r := listed[0]
		for at := 0; at+32 <= len(r.Payload); at++ { // the hash is one of these
			c := humasesstest.NewClient(handler)
			value := base64.RawURLEncoding.EncodeToString(append(r.ID[:len(r.ID):len(r.ID)], r.Payload[at:at+32]...))
			c.SetCookie(&http.Cookie{Name: coretest.CookieName, Value: value})
			coretest.Do(t, c, "GET", "/me", 401)
		}
	})
}
