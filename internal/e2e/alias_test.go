package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/events"
)

// aliasBehaviours hold on every router. They are about fasthttp, whose strings
// are in buffers that the next request overwrites.
var aliasBehaviours = []behaviour{
	{"nothing that outlives a request points into its buffers", buffersReused},
}

// profile can be shared between requests, because it has no pointers.
type profile struct {
	ID    string
	Names [2]string
	Note  string
	N     int
}

// aliasInput takes strings from all parts of a request.
type aliasInput struct {
	humasess.Session[profile]
	Do   string `path:"do"`
	ID   string `path:"id"`
	Name string `query:"name"`
	Note string `header:"X-Note"`
}

func (in *aliasInput) change(p *profile) error {
	p.Names[1], p.Note = in.Name, in.Note
	p.N++
	return nil
}

func (in *aliasInput) run(ctx context.Context, m *humasess.Manager[profile]) error {
	var err error
	switch in.Do {
	case "start":
		return in.Start(profile{ID: in.ID, Names: [2]string{in.Name, in.Name}, Note: in.Note})
	case "update":
		return in.Update(in.change)
	case "update-twice":
		return errors.Join(in.Update(in.change), in.Update(in.change))
	case "commit":
		return errors.Join(in.Update(in.change), in.Commit(ctx))
	case "become":
		return in.Update(func(p *profile) error { p.ID = in.ID; return in.change(p) })
	case "revoke":
		return in.Revoke(ctx, in.ID)
	case "admin-revoke":
		return m.Revoke(ctx, in.ID)
	case "admin-update":
		_, err = m.UpdateIdentity(ctx, in.ID, in.change)
	case "admin-revoke-identity":
		_, err = m.RevokeIdentity(ctx, in.ID)
	}
	return err
}

func buffersReused(t *testing.T, a *adapter) {
	opts := humasess.Options[profile]{Identity: func(p profile) string { return p.ID }}
	r := newRig(t, a, setup[profile]{opts: opts, ops: func(r *rig[profile], api huma.API) {
		huma.Post(api, "/alias/{do}/{id}", func(ctx context.Context, in *aliasInput) (*struct{}, error) {
			return nil, in.run(ctx, r.sessions)
		})
	}})
	noise := r.client() // the only connection
	flood := func() {
		t.Helper()
		for i := range 50 {
			fill := strings.Repeat(string(rune('A'+i%26)), 24)
			noise.do("POST", "/alias/nothing-at-all/"+fill+"?name="+fill, "", header("X-Note", fill), header("X-Fill", strings.Repeat(fill, 20)))
		}
	}
	send := func(c *client, do, id, name string) {
		t.Helper()
		c.http = noise.http
		c.do("POST", "/alias/"+do+"/"+id+"?name="+name, "", header("X-Note", "note-of-"+name)).wantStatus(t, http.StatusNoContent)
		flood()
	}
	check := func(c *client, want profile) {
		t.Helper()
		if got, ok := r.data(c); !ok || got != want {
			t.Errorf("data: got %+v, %v, want %+v", got, ok, want)
		}
		infos, err := r.sessions.List(context.Background(), want.ID)
		if err != nil || len(infos) != 1 || infos[0].Data != want {
			t.Errorf("sessions of %s: got %+v, %v, want %+v", want.ID, infos, err, want)
		}
	}
	c := r.client()
	send(c, "start", "identity-one", "first-name")
	want := profile{ID: "identity-one", Names: [2]string{"first-name", "first-name"}, Note: "note-of-first-name"}
	check(c, want)
	for i, do := range []string{"update", "update-twice", "commit", "admin-update", "become"} {
		id, name := "identity-one", fmt.Sprintf("name-number-%d", i)
		if do == "become" {
			id = "identity-two"
		}
		send(c, do, id, name)
		want.ID, want.Names[1], want.Note = id, name, "note-of-"+name
		want.N++
		if do == "update-twice" {
			want.N++
		}
		check(c, want)
	}
	wantIDs := map[string]bool{}
	ended := func(do string) {
		t.Helper()
		other := r.client()
		send(other, "start", "identity-two", "other")
		id := ""
		r.must(other, func(_ context.Context, s *humasess.Session[profile]) error { id = strings.Clone(s.ID()); return nil })
		wantIDs[id] = true
		send(c, do, id, "x")
		r.wantActive(other, false)
	}
	ended("revoke")
	ended("admin-revoke")
	for _, e := range r.seen() {
		switch e.Kind {
		case events.Revoked:
			if !wantIDs[e.SessionID] {
				t.Errorf("revoked event: got session %q, want one of %v", e.SessionID, wantIDs)
			}
			delete(wantIDs, e.SessionID)
		case events.Created, events.Rejected:
		}
		if e.Operation != "" && !strings.HasPrefix(e.Operation, "post-") || len(e.SessionID) != 0 && len(e.SessionID) != 22 {
			t.Errorf("event: got %+v", e)
		}
	}
	if len(wantIDs) != 0 {
		t.Errorf("revoked events: got none of %v", wantIDs)
	}
	send(c, "admin-revoke-identity", "identity-two", "x")
	r.wantActive(c, false)
}
