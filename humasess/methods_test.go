package humasess_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"
)

type twoMethods struct{}

func (twoMethods) Methods() []string { return []string{"pwd", "otp"} }

// recentMethod requires a method within a time.
type recentMethod struct{}

func (recentMethod) Fresh() time.Duration { return 5 * time.Minute }
func (recentMethod) Methods() []string    { return []string{"otp"} }

func TestRefusalNamesTheMissingMethods(t *testing.T) {
	r := newRig(t, accountOptions())
	guarded[twoMethods](r.api, http.MethodPost, "/two", nothing[account])
	guarded[recentMethod](r.api, http.MethodPost, "/recent", nothing[account])
	guarded[recent](r.api, http.MethodPost, "/fresh", nothing[account])
	c := r.signedIn(account{ID: "u1"})
	want := func(step, path string, names ...string) {
		t.Helper()
		w := c.Do(http.MethodPost, path, nil)
		if w.Code == http.StatusNoContent && names == nil {
			return
		}
		wantStatus(t, w, http.StatusForbidden)
		p := problemOf(t, w)
		if p.Type != "urn:humasess:problem:reauthentication-required" || p.Detail != "the user has to authenticate again" {
			t.Errorf("%s: got %+v, want the usual problem", step, p)
		}
		var all []any
		for _, name := range names {
			all = append(all, map[string]any{"message": "the user has to authenticate by " + name, "location": "authentication.methods", "value": name})
		}
		if !reflect.DeepEqual(p.Errors, all) {
			t.Errorf("%s: got the errors %v, want %v", step, p.Errors, all)
		}
	}
	want("without a method", "/two", "pwd", "otp")
	want("without a method", "/recent", "otp")
	r.must(c, reauthenticate("pwd"))
	want("with one of two", "/two", "otp")
	want("with another one", "/recent", "otp")
	r.must(c, reauthenticate("otp"))
	want("with both", "/two")
	want("with it", "/recent")
	r.clock.Advance(6 * time.Minute)
	want("with both", "/two")
	want("too late", "/recent", "otp")
	want("too late, without methods", "/fresh", []string{}...)
	r.must(c, reauthenticate("pwd"))
	want("a recent proof by another method", "/recent", "otp")
}

// TestMissingMethodsAreDocumented compares the answer with its example.
func TestMissingMethodsAreDocumented(t *testing.T) {
	r := newRig(t, accountOptions())
	guarded[twoMethods](r.api, http.MethodPost, "/two", nothing[account])
	content := r.api.OpenAPI().Paths["/two"].Post.Responses["403"].Content["application/problem+json"]
	got := r.signedIn(account{ID: "u1"}).Do(http.MethodPost, "/two", nil).Body.Bytes()
	want, err := json.Marshal(content.Examples["reauthentication-required"].Value)
	if err != nil {
		t.Fatal(err)
	}
	var a, b map[string]any
	if err := json.NewDecoder(bytes.NewReader(got)).Decode(&a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatal(err)
	}
	delete(a, "$schema")
	if !reflect.DeepEqual(a, b) {
		t.Errorf("got %s, want its example %s", got, want)
	}
}
