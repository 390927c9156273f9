package moving_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/humasess/sessions/internal/e2e/moving"
)

// rocketTable is the table that the manual of rocket_flex_session 0.2.0 asks for.
const rocketTable = `CREATE TABLE sessions (id text PRIMARY KEY, data text NOT NULL, user_id text, expires timestamptz NOT NULL)`

// rocketSave has the shape of the statement by which the crate saves a session.
const rocketSave = `INSERT INTO sessions (id, user_id, data, expires) VALUES ($1, $2, $3, $4)
	ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires = EXCLUDED.expires`

// rocketPostgres stands in for a Rust program: cookies and rows have the format of
// rocket_flex_session. TestCookiesOfRocket has real cookies.
func rocketPostgres(t *testing.T) library {
	pool := schema(t, rocketTable)
	key := securecookie.GenerateRandomKey(64)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		id := base64.RawURLEncoding.EncodeToString(securecookie.GenerateRandomKey(15))
		if _, err := pool.Exec(r.Context(), rocketSave, id, r.FormValue("user"), "{}", signedIn(r).Add(14*24*time.Hour)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "rocket", Value: url.QueryEscape(sealRocket(key, "rocket", id)), Path: "/", Secure: true, HttpOnly: true})
	})
	l := library{
		name: "rocket/postgres", fail: pool.Close, ageless: true,
		old:    moving.Rocket{Pool: pool, Name: "rocket", Key: key},
		cookie: http.Cookie{Name: "rocket", Path: "/", Secure: true},
	}
	return l.serve(t, mux)
}

func sealRocket(key []byte, name, value string) string {
	block, err := aes.NewCipher(key[32:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	nonce := securecookie.GenerateRandomKey(12)
	return base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(value), []byte(name)))
}

// TestCookiesOfRocket opens cookies that Rocket 0.5.2 with rocket_flex_session 0.2.0 has set.
// The first key is shorter than 64 bytes, so Rocket derives keys from it.
func TestCookiesOfRocket(t *testing.T) {
	t.Parallel()
	pool := schema(t, rocketTable)
	ctx := context.Background()
	for _, tt := range []struct{ key, cookie, id string }{
		{"9+oVWyuPeXr6sFmBhnO2s6xUXOlF0rS2QFNzFgFiXHg=", "AzyZrTnQfKbwgrOzE2IZtlWaYQTQyudNhkaIFIAOA6leaCY%2F48Z73jHi37Fmezi1", "s1NM3in23WebB45gjavL"},
		{
			"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==",
			"EmIrJcx%2FN+jaiCUwzvM+uRRCRfeP2yu90Jai2yZLTtZP1MNY7074ASZLavqvPXhk",
			"WuyZUXJltAqVvKrcpd5q",
		},
	} {
		key, err := base64.StdEncoding.DecodeString(tt.key)
		if err != nil {
			t.Fatal(err)
		}
		old := moving.Rocket{Pool: pool, Name: "id", Key: key}
		if _, err := old.Find(ctx, tt.cookie); !errors.Is(err, moving.ErrDead) {
			t.Errorf("before the row: got %v, want ErrDead", err)
		}
		if _, err := pool.Exec(ctx, rocketSave, tt.id, "ada", "{}", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if found, err := old.Find(ctx, tt.cookie); err != nil || found.ID != "ada" {
			t.Errorf("got %+v and %v, want the user of the row", found, err)
		}
		if _, err := pool.Exec(ctx, rocketSave, tt.id, "ada", "{}", time.Now().Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Find(ctx, tt.cookie); !errors.Is(err, moving.ErrDead) {
			t.Errorf("expired: got %v, want ErrDead", err)
		}
		if _, err := pool.Exec(ctx, rocketSave, tt.id, "ada", "{}", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		old.Name = "other"
		if _, err := old.Find(ctx, tt.cookie); !errors.Is(err, moving.ErrDead) {
			t.Errorf("under another name: got %v, want ErrDead", err)
		}
	}
}
