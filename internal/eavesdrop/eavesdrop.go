// Package eavesdrop finds secrets in logs and events. A package's TestMain calls
// [Eavesdropper.Run], which reads all that the tests make the library log and report.
package eavesdrop

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

// fragment is how much of a secret's text gives it away: all that a token's
// text has after the ID.
const fragment = 42

// Eavesdropper knows the secrets of a run, and records each text that looks like one.
type Eavesdropper struct {
	mu            sync.Mutex
	secrets       map[string]bool   // in fragments of their text
	found         map[string]string // text that is as long as a secret's, and where it was
	lines, events int
	complete      bool // all tests have run
}

var _ io.Writer = (*Eavesdropper)(nil)

// New returns an Eavesdropper that knows no secrets.
func New() *Eavesdropper {
	return &Eavesdropper{secrets: map[string]bool{}, found: map[string]string{}}
}

// Run runs all tests, internal ones too, and then the named test again, which must call
// Report. Benchmarks run without an Eavesdropper.
func (e *Eavesdropper) Run(m *testing.M, name string, test func(*testing.T)) {
	flag.Parse()
	if given("test.bench") {
		os.Exit(m.Run())
	}
	rand.Reader = e                           //nolint:reassign // it must see each secret
	slog.SetDefault(e.Logger(slog.LevelInfo)) // the level that slog has by default
	code := m.Run()
	e.complete = true
	all := func(string, string) (bool, error) { return true, nil }
	if !testing.RunTests(all, []testing.InternalTest{{Name: name, F: test}}) && code == 0 {
		code = 1
	}
	os.Exit(code)
}

func given(name string) bool {
	f := flag.Lookup(name)
	return f != nil && f.Value.String() != ""
}

// Report fails the test for each leak. If no test was left out, it also requires so many
// lines, events and secrets. It does nothing before the tests have run, because Run
// calls the test again.
func (e *Eavesdropper) Report(t *testing.T, lines, events, secrets int) {
	t.Helper()
	if !e.complete {
		return
	}
	e.mu.Lock() // a manager writes the count of an outage a second after it began
	gotLines, gotEvents, gotSecrets := e.lines, e.events, len(e.secrets)
	e.mu.Unlock()
	if !given("test.run") && !given("test.fuzz") && (gotLines < lines || gotEvents < events || gotSecrets < secrets) {
		t.Errorf("got %d lines, %d events and %d secrets, want at least %d, %d and %d", gotLines, gotEvents, gotSecrets, lines, events, secrets)
	}
	for _, leak := range e.Leaks() {
		t.Errorf("a secret in: %s", leak)
	}
}

// Read stands for crypto/rand.Reader: secrets of tokens are all that is 32
// bytes long.
func (e *Eavesdropper) Read(p []byte) (int, error) {
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

// Credentials records the cookies that a response sets, which may be sealed, and its
// header of that name.
func (e *Eavesdropper) Credentials(h http.Header, name string) {
	for _, c := range (&http.Response{Header: h}).Cookies() {
		e.Credential(c.Value)
	}
	e.Credential(h.Get(name))
}

// Credential records a text as a secret.
func (e *Eavesdropper) Credential(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := len(text); i >= fragment; i -= fragment {
		e.secrets[text[i-fragment:i]] = true
	}
}

// Logger returns a logger whose lines only the eavesdropper reads.
func (e *Eavesdropper) Logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(e, &slog.HandlerOptions{Level: level}))
}

// Write takes one line of a log.
func (e *Eavesdropper) Write(line []byte) (int, error) {
	e.mu.Lock()
	e.lines++
	e.mu.Unlock()
	e.look(string(line))
	return len(line), nil
}

// Event reads an event.
func (e *Eavesdropper) Event(_ context.Context, event events.Event) {
	e.mu.Lock()
	e.events++
	e.mu.Unlock()
	e.look(fmt.Sprintf("%+v", event))
}

var (
	longText  = regexp.MustCompile(fmt.Sprintf(`[\w-]{%d,}`, fragment))
	manyBytes = regexp.MustCompile(`\[(?:\d{1,3} ){31}\d{1,3}\]`)
)

func (e *Eavesdropper) look(line string) {
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

// Leaks returns the lines that have a secret in them.
func (e *Eavesdropper) Leaks() []string {
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
