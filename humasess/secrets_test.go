package humasess_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/humasess/sessions/humasess/events"
)

// TestMain reads all that this package's tests, internal ones too, make the
// package log and report, and then looks for any secret that it has issued
// meanwhile. Benchmarks are left alone.
func TestMain(m *testing.M) {
	flag.Parse()
	if given("test.bench") {
		os.Exit(m.Run())
	}
	rand.Reader = everything
	slog.SetDefault(everything.logger(slog.LevelInfo)) // as it is without us
	code := m.Run()
	everything.complete = true
	all := func(string, string) (bool, error) { return true, nil }
	if !testing.RunTests(all, []testing.InternalTest{{Name: "TestEverythingLogged", F: TestEverythingLogged}}) && code == 0 {
		code = 1
	}
	os.Exit(code)
}

func given(name string) bool {
	f := flag.Lookup(name)
	return f != nil && f.Value.String() != ""
}

// TestEverythingLogged runs among the others, and once more after them.
func TestEverythingLogged(t *testing.T) {
	t.Run("E2 no secret in the logs and events of the whole suite", func(t *testing.T) {
		if !everything.complete {
			return // TestMain asks again
		}
		if !given("test.run") && !given("test.fuzz") && (everything.lines < 1000 || everything.events < 1000 || len(everything.secrets) < 1000) {
			t.Errorf("got %d lines, %d events and %d secrets, want thousands", everything.lines, everything.events, len(everything.secrets))
		}
		for _, leak := range everything.leaks() {
			t.Errorf("a secret in: %s", leak)
		}
	})
	t.Run("E2 it would be found in any of its forms", func(t *testing.T) {
		var secret [32]byte
		own := newEavesdropper()
		if _, err := own.Read(secret[:]); err != nil {
			t.Fatal(err)
		}
		text := base64.RawURLEncoding.EncodeToString(append(make([]byte, 16), secret[:]...))
		for _, line := range []string{text, "x=" + text[22:] + `"`, fmt.Sprintf("%x", secret), fmt.Sprint(secret), fmt.Sprintf("%q", "id="+text)} {
			own := &eavesdropper{secrets: own.secrets, found: map[string]string{}}
			own.look(line)
			if len(own.leaks()) == 0 {
				t.Errorf("not found: %s", line)
			}
		}
		own.look(text[:22] + strings.Repeat("A", 42))
		if got := own.leaks(); len(got) != 0 {
			t.Errorf("found in nothing: %q", got)
		}
	})
}

// fragment is how much of a secret's text gives it away: all that a token's
// text has after the ID.
const fragment = 42

// eavesdropper knows the secrets of a run, and records each text that looks like one.
type eavesdropper struct {
	mu            sync.Mutex
	secrets       map[string]bool   // in fragments of their text
	found         map[string]string // text that is as long as a secret's, and where it was
	lines, events int
	complete      bool // all tests have run
}

var everything = newEavesdropper()

func newEavesdropper() *eavesdropper {
	return &eavesdropper{secrets: map[string]bool{}, found: map[string]string{}}
}

// Read stands for crypto/rand.Reader: secrets of tokens are all that is 32
// bytes long.
func (e *eavesdropper) Read(p []byte) (int, error) {
	n, err := systemRandom.Read(p)
	if n == 32 && len(p) == n {
		e.mu.Lock()
		defer e.mu.Unlock()
		var token [48]byte // the ID does not matter
		copy(token[16:], p)
		e.secrets[base64.RawURLEncoding.EncodeToString(token[:])[22:]] = true
		e.secrets[hex.EncodeToString(p)[:fragment]] = true
	}
	return n, err
}

var systemRandom = rand.Reader

// credentials records the cookies that a response sets, which may be sealed.
func (e *eavesdropper) credentials(h http.Header) {
	for _, c := range (&http.Response{Header: h}).Cookies() {
		e.credential(c.Value)
	}
	e.credential(h.Get(csrfHeader))
}

func (e *eavesdropper) credential(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := len(text); i >= fragment; i -= fragment {
		e.secrets[text[i-fragment:i]] = true
	}
}

// logger returns a logger whose lines only the eavesdropper reads.
func (e *eavesdropper) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(e, &slog.HandlerOptions{Level: level}))
}

// Write takes one line of a log.
func (e *eavesdropper) Write(line []byte) (int, error) {
	e.mu.Lock()
	e.lines++
	e.mu.Unlock()
	e.look(string(line))
	return len(line), nil
}

func (e *eavesdropper) event(_ context.Context, event events.Event) {
	e.mu.Lock()
	e.events++
	e.mu.Unlock()
	e.look(fmt.Sprintf("%+v", event))
}

var (
	longText  = regexp.MustCompile(fmt.Sprintf(`[\w-]{%d,}`, fragment))
	manyBytes = regexp.MustCompile(`\[(?:\d{1,3} ){31}\d{1,3}\]`)
)

func (e *eavesdropper) look(line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, text := range longText.FindAllString(line, -1) {
		e.found[text] = line
	}
	for _, text := range manyBytes.FindAllString(line, -1) {
		var b []byte
		for field := range strings.FieldsSeq(strings.Trim(text, "[]")) {
			var n byte
			if _, err := fmt.Sscan(field, &n); err == nil {
				b = append(b, n)
			}
		}
		e.found[hex.EncodeToString(b)] = line
	}
}

// leaks returns the lines that have a secret in them.
func (e *eavesdropper) leaks() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for text, line := range e.found {
		for i := 0; i+fragment <= len(text); i++ {
			if e.secrets[text[i:i+fragment]] {
				all = append(all, line)
				break
			}
		}
	}
	return all
}

var _ io.Writer = everything
