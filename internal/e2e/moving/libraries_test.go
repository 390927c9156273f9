package moving_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/pgxstore"
	"github.com/alexedwards/scs/v2"
	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
	"github.com/humasess/sessions/internal/e2e/moving"
	"github.com/humasess/sessions/internal/servertest"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// libraries are all recipes.
var libraries = []func(*testing.T) library{
	scsMemory, scsRedis, scsPostgres, gorillaFiles, gorillaCookies, jwtCookie, rocketPostgres,
}

func eachLibrary(t *testing.T, f func(*testing.T, library)) {
	t.Helper()
	t.Parallel()
	for _, open := range libraries {
		l := open(t)
		t.Run(l.name, func(t *testing.T) { f(t, l) })
	}
}

// signedIn is the time of a sign-in to an old program.
func signedIn(r *http.Request) time.Time {
	ago, _ := time.ParseDuration(r.FormValue("ago"))
	return time.Now().Add(-ago)
}

func ofSCS(t *testing.T, name string, store scs.Store) library {
	t.Helper()
	m := scs.New()
	m.Cookie.Secure = true
	if store != nil {
		m.Store = store
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if err := m.RenewToken(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		m.Put(r.Context(), "userID", r.FormValue("user"))
		m.SetDeadline(r.Context(), signedIn(r).Add(m.Lifetime))
	})
	mux.HandleFunc("POST /basket", func(_ http.ResponseWriter, r *http.Request) { m.Put(r.Context(), "basket", "tea") })
	l := library{name: name, old: moving.SCS{SessionManager: m}, cookie: http.Cookie{Name: m.Cookie.Name, Path: "/", Secure: true}}
	return l.serve(t, m.LoadAndSave(mux))
}

func scsMemory(t *testing.T) library { return ofSCS(t, "scs/memory", nil) }

func scsRedis(t *testing.T) library {
	client := redisClient(t)
	l := ofSCS(t, "scs/redis", goredisstore.NewWithPrefix(client, t.Name()+":"))
	l.fail = func() { _ = client.Close() }
	l.chi = true
	return l
}

func redisClient(t *testing.T) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: servertest.RedisSingle(t).Addrs[0]})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func scsPostgres(t *testing.T) library {
	pool := schema(t, `CREATE TABLE sessions (token TEXT PRIMARY KEY, data BYTEA NOT NULL, expiry TIMESTAMPTZ NOT NULL)`)
	l := ofSCS(t, "scs/postgres", pgxstore.NewWithCleanupInterval(pool, 0))
	l.fail = pool.Close
	return l
}

// schema returns connections to a schema with a table of the old library.
func schema(t *testing.T, table string) *pgxpool.Pool {
	t.Helper()
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(servertest.PostgresShared(t).DSN)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf(`"moving_%d_%s"`, people.Add(1), t.Name())
	config.ConnConfig.RuntimeParams["search_path"] = name
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(ctx, "CREATE SCHEMA "+name+"; "+table); err != nil {
		t.Fatal(err)
	}
	return pool
}

func ofGorilla(t *testing.T, name string, store sessions.Store, ended moving.Ended) library {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		s, _ := store.New(r, "old")
		s.Values["userID"], s.Values["signedIn"] = r.FormValue("user"), signedIn(r).Unix()
		if err := s.Save(r, w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("POST /basket", func(w http.ResponseWriter, r *http.Request) {
		s, _ := store.New(r, "old")
		s.Values["basket"] = "tea"
		_ = s.Save(r, w)
	})
	mux.HandleFunc("POST /again", func(w http.ResponseWriter, r *http.Request) {
		s, _ := store.New(r, "old")
		_ = s.Save(r, w)
	})
	l := library{name: name, old: moving.Gorilla{Store: store, Name: "old", Ended: ended}, cookie: http.Cookie{Name: "old", Path: "/", Secure: true}}
	return l.serve(t, mux)
}

func gorillaFiles(t *testing.T) library {
	dir := filepath.Join(t.TempDir(), "sessions")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	store := sessions.NewFilesystemStore(dir, securecookie.GenerateRandomKey(32), securecookie.GenerateRandomKey(32))
	store.Options.Secure = true
	l := ofGorilla(t, "gorilla/files", store, nil)
	l.fail = func() { // a file in the place of the folder
		_ = os.RemoveAll(dir)
		_ = os.WriteFile(dir, nil, 0o600)
	}
	return l
}

func gorillaCookies(t *testing.T) library {
	client := redisClient(t)
	store := sessions.NewCookieStore(securecookie.GenerateRandomKey(32), securecookie.GenerateRandomKey(32))
	store.Options.Secure = true
	l := ofGorilla(t, "gorilla/cookies", store, moving.EndedInRedis{Client: client})
	l.chi, l.fail = true, func() { _ = client.Close() }
	return l
}

var jwtKey = securecookie.GenerateRandomKey(32)

func token(method jwt.SigningMethod, key any, edit func(*jwt.RegisteredClaims)) string {
	claims := jwt.RegisteredClaims{
		Issuer: "old", Subject: "ada",
		IssuedAt: jwt.NewNumericDate(time.Now()), ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}
	if edit != nil {
		edit(&claims)
	}
	s, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		panic(err)
	}
	return s
}

func jwtCookie(t *testing.T) library {
	client := redisClient(t)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		value := token(jwt.SigningMethodHS256, jwtKey, func(c *jwt.RegisteredClaims) {
			c.Subject, c.IssuedAt = r.FormValue("user"), jwt.NewNumericDate(signedIn(r))
		})
		http.SetCookie(w, &http.Cookie{Name: "token", Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	})
	l := library{
		name: "jwt", fail: func() { _ = client.Close() },
		old:    moving.JWT{Key: jwtKey, Issuer: "old", Ended: moving.EndedInRedis{Client: client}},
		cookie: http.Cookie{Name: "token", Path: "/", Secure: true},
	}
	return l.serve(t, mux)
}
