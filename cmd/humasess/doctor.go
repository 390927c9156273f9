package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/humasess/sessions/stores"
)

// Verdicts of a finding.
const (
	ok   = "ok"
	warn = "warn"
	fail = "fail"
)

// finding is the result of one check of doctor. Text ends with the remedy.
type finding struct {
	Check   string `json:"check"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

func doctor(ctx context.Context, c *call) error {
	c.storeFlags()
	sample := c.flags.Int("sample", 10_000, "read the types of at most `N` sessions; 0 means all")
	if err := c.parse(); err != nil {
		return err
	}
	if *sample < 0 {
		return usagef("--sample is %d; it must not be negative", *sample)
	}
	if err := c.find(); err != nil {
		return err
	}
	ctx, p := c.patience(ctx)
	defer p.pause()
	defer c.close()
	found := c.examine(ctx, p, *sample)
	var verdict error
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, f := range found {
		f.Message = c.redact(f.Message)
		if f.Status == fail {
			verdict = errQuiet
		}
		if c.json {
			if err := c.print(f, ""); err != nil {
				return err
			}
			continue
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", f.Status, f.Check, f.Message)
	}
	return errors.Join(w.Flush(), verdict)
}

// examine runs all checks, beginning with the connection.
func (c *call) examine(ctx context.Context, p *patience, sample int) []finding {
	store, err := c.target.open(ctx, false)
	p.goOn()
	if err != nil {
		return []finding{c.failed(ctx, "connection", err)}
	}
	found := []finding{{"connection", ok, c.target.String()}}
	servers, err := c.target.servers(ctx)
	for _, s := range servers {
		found = append(found, finding{"server", ok, s})
	}
	if err != nil {
		found = append(found, c.failed(ctx, "server", err))
	}
	p.goOn()
	checked := c.checked(ctx, store)
	found = append(found, checked...)
	p.goOn()
	found = append(found, c.target.inspect(ctx)...)
	p.goOn()
	if !slices.ContainsFunc(checked, func(f finding) bool { return f.Status == fail }) {
		found = append(found, c.kept(ctx, p, store, sample)...)
		p.goOn()
	}
	return append(found, c.roundTrip(ctx, store))
}

func (c *call) failed(ctx context.Context, check string, err error) finding {
	err = c.at(ctx, err)
	text := err.Error()
	if hint := c.advice(err); hint != "" {
		text += ". " + hint
	}
	// A finding is one line. It is redacted first, because a secret may contain a
	// line break.
	return finding{check, fail, strings.Join(strings.Fields(c.redact(text)), " ")}
}

// checked returns the findings of the store's own check.
func (c *call) checked(ctx context.Context, store stores.Store) []finding {
	sentences, err := store.(checker).Check(ctx)
	var found []finding
	for _, s := range sentences {
		found = append(found, finding{"configuration", warn, s})
	}
	switch {
	case err != nil:
		found = append(found, c.failed(ctx, "configuration", err))
	case len(found) == 0:
		found = append(found, finding{"configuration", ok, c.target.healthy()})
	}
	return found
}

// kept returns the findings about the types of the sessions in the store. An error
// is a warning, because programs do not need the right to list all sessions.
func (c *call) kept(ctx context.Context, p *patience, store stores.Store, sample int) []finding {
	o, err := readOrigins(ctx, p, store, sample)
	if err != nil {
		f := c.failed(ctx, "sessions", err)
		f.Status = warn
		return []finding{f}
	}
	return o.findings()
}

// roundTrip runs each operation of a program once, on an anonymous test session
// that belongs to no manager.
func (c *call) roundTrip(ctx context.Context, store stores.Store) finding {
	const name, life = "round trip", time.Minute
	before, after := []byte("humasess doctor"), []byte("humasess doctor was here")
	id, err := stores.NewID(ctx, store, "")
	if err != nil {
		return c.failed(ctx, name, err)
	}
	var version int64
	load := func(want []byte) func() error {
		return func() error {
			r, err := store.Load(ctx, id)
			if err == nil && !bytes.Equal(r.Payload, want) {
				err = errors.New("the store returned a changed payload")
			}
			return err
		}
	}
	steps := []struct {
		name string
		do   func() error
	}{
		{"create", func() error {
			made, err := store.Create(ctx, stores.Create{ID: id, Payload: before, Idle: life, Absolute: life})
			version = made.Version
			return err
		}},
		{"load", load(before)},
		{"touch", func() error { _, err := store.Touch(ctx, id, life); return err }},
		{"update", func() error {
			_, err := store.Update(ctx, stores.Update{ID: id, Version: version, Payload: after, Idle: life})
			return err
		}},
		{"load", load(after)},
		{"delete", func() error { return store.Delete(ctx, id, stores.Condition{}) }},
	}
	var times []string
	for _, step := range steps {
		begin := time.Now()
		if err := step.do(); err != nil {
			if step.name != "create" {
				_ = store.Delete(context.WithoutCancel(ctx), id, stores.Condition{}) // otherwise the session expires after a minute
			}
			return c.failed(ctx, name, fmt.Errorf("%s: %w", step.name, err))
		}
		times = append(times, fmt.Sprintf("%s %.1f ms", step.name, float64(time.Since(begin).Microseconds())/1000))
	}
	switch _, err := store.Load(ctx, id); {
	case err == nil:
		return c.failed(ctx, name, errors.New("the store loaded a deleted session"))
	case !errors.Is(err, stores.ErrNotFound):
		return c.failed(ctx, name, err)
	}
	return finding{name, ok, strings.Join(times, ", ")}
}
