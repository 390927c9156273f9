package notes_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/humasess/sessions/examples/apps/production/notes"
	"github.com/humasess/sessions/humasess/humasesstest"
)

const (
	first  = "analytical engine"
	second = "difference engine"
)

// TestTwoProcesses signs up at one process and continues at another.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := humasesstest.NewClient(r.start()), humasesstest.NewClient(r.start())
	phone := b.Clone()
	r.all([]step{
		{"before", a, "GET", "/notes", nil, 401},
		{"a short password", a, "POST", "/sign-up", credentials("ada", "short"), 422},
		{"sign up", a, "POST", "/sign-up", credentials("ada", first), 204},
		{"signed in at once", a, "GET", "/notes", nil, 200},
		{"the name again", b, "POST", "/sign-up", credentials("ada", second), 409},
		{"which signs no user in", b, "GET", "/notes", nil, 401},
		{"a wrong password", b, "POST", "/login", credentials("ada", second), 401},
		{"an unknown user", b, "POST", "/login", credentials("eve", second), 401},
		{"login at the other process", b, "POST", "/login", credentials("ada", first), 204},
		{"login on a phone", phone, "POST", "/login", credentials("ada", first), 204},
		{"a wrong confirmation", b, "POST", "/confirm", map[string]string{"password": second}, 401},
		{"confirm", b, "POST", "/confirm", map[string]string{"password": first}, 204},
		{"change the password", b, "POST", "/password", map[string]string{"password": second}, 204},
		{"this session stays", b, "GET", "/notes", nil, 200},
		{"that of the other process has ended", a, "GET", "/notes", nil, 401},
		{"and that of the phone", phone, "GET", "/notes", nil, 401},
		{"the old password", a, "POST", "/login", credentials("ada", first), 401},
		{"the new one", a, "POST", "/login", credentials("ada", second), 204},
		{"sign out", a, "POST", "/sign-out", nil, 204},
		{"signed out", a, "GET", "/session", nil, 401},
		{"the other is not", b, "GET", "/session", nil, 200},
	})
}

// TestNotes checks that users see and delete their own notes only.
func TestNotes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := r.start()
	ada, eve := humasesstest.NewClient(app), humasesstest.NewClient(app)
	r.all([]step{
		{"ada", ada, "POST", "/sign-up", credentials("ada", first), 204},
		{"eve", eve, "POST", "/sign-up", credentials("eve", first), 204},
		{"a note", ada, "POST", "/notes", text("brass gears"), 200},
		{"too large", ada, "POST", "/notes", text(strings.Repeat("x", 70_000)), 413},
	})
	list := func(c *humasesstest.Client) (all []notes.Note) {
		if err := json.Unmarshal(c.Do("GET", "/notes", nil).Body.Bytes(), &all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	mine := list(ada)
	if len(mine) != 1 || mine[0].Text != "brass gears" || len(list(eve)) != 0 {
		t.Fatalf("got %v of ada and %v of eve, want one note of ada", mine, list(eve))
	}
	path := "/notes/" + mine[0].ID
	r.all([]step{
		{"eve deletes it", eve, "DELETE", path, nil, 404},
		{"ada deletes it", ada, "DELETE", path, nil, 204},
		{"again", ada, "DELETE", path, nil, 404},
	})
}

// TestStepUp tests the operations that need a recent sign-in. The session is 11 minutes
// old on a real server, and the test does not wait.
func TestStepUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	app := r.start()
	user := signedUp(t, app, "ada")
	c := humasesstest.NewClient(app)
	c.SetCookie(humasesstest.Login(t, app.Sessions(), user, humasesstest.Authenticated(11*time.Minute, "pwd")))
	r.all([]step{
		{"reading needs no confirmation", c, "GET", "/notes", nil, 200},
		{"a new password does", c, "POST", "/password", map[string]string{"password": second}, 403},
		{"ending other sessions does", c, "POST", "/sessions/revoke-others", nil, 403},
		{"confirm", c, "POST", "/confirm", map[string]string{"password": first}, 204},
		{"now it works", c, "POST", "/password", map[string]string{"password": second}, 204},
	})
}

// signedUp adds a user, and returns the data of the user's session.
func signedUp(t *testing.T, app *notes.App, name string) notes.User {
	t.Helper()
	c := humasesstest.NewClient(app)
	if w := c.Do("POST", "/sign-up", credentials(name, first)); w.Code != http.StatusNoContent {
		t.Fatalf("sign up: got %d %s, want 204", w.Code, w.Body)
	}
	for info, err := range app.Sessions().All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if info.Data.Name == name {
			return info.Data
		}
	}
	t.Fatal("got no session after the sign-up")
	return notes.User{}
}

// TestDocument compares the answers of all operations with the document.
func TestDocument(t *testing.T) {
	t.Parallel()
	app := newRig(t).start()
	cookie := humasesstest.Login(t, app.Sessions(), signedUp(t, app, "ada"))
	var mu sync.Mutex
	from := 0
	humasesstest.CheckDocument(t, app.API(), &humasesstest.CheckOptions{
		Sessions: []humasesstest.CheckSession{{Name: "ada", Cookies: []*http.Cookie{cookie}}},
		// Each request comes from another address, because the limit would refuse them.
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			from++
			r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1234", from/256, from%256)
			mu.Unlock()
			app.ServeHTTP(w, r)
		}),
	})
}

// TestSecrets checks that the log has no password, no hash and no token.
func TestSecrets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var log bytes.Buffer
	r.log = &log
	app := r.start()
	c := humasesstest.NewClient(app)
	r.all([]step{
		{"sign up", c, "POST", "/sign-up", credentials("ada", first), 204},
		{"wrong", c.Clone(), "POST", "/login", credentials("ada", second), 401},
		{"sign out", c, "POST", "/sign-out", nil, 204},
	})
	lines := log.String()
	for _, want := range []string{`"msg":"audit","event":"created","reason":"sign_in"`, `"event":"destroyed","reason":"sign_out"`, `"route":"/login","status":401`} {
		if !strings.Contains(lines, want) {
			t.Errorf("the log lacks %s:\n%s", want, lines)
		}
	}
	for _, secret := range []string{first, second, "argon2id", c.Cookie(app.Sessions().CookieName())} {
		if secret != "" && strings.Contains(lines, secret) {
			t.Errorf("the log has %s:\n%s", secret, lines)
		}
	}
}

// TestDataOfClients sends data that PostgreSQL does not accept. They are not a failure of
// the service.
func TestDataOfClients(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ada := humasesstest.NewClient(r.start())
	r.all([]step{
		{"ada", ada, "POST", "/sign-up", credentials("ada", first), 204},
		{"a NUL", ada, "POST", "/notes", text("brass\x00gears"), 422},
		{"another form of UUIDs", ada, "DELETE", "/notes/urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", nil, 422},
	})
}
