package main

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestFaultsOfZip(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []string
		want  []string
	}{
		{"complete", []string{"LICENSE", "go.mod", "humasess/session.go"}, nil},
		{"no licence", []string{"go.mod"}, []string{"the zip has no LICENSE"}},
		{"nested module", []string{"LICENSE", "go.mod", "cmd/humasess/go.mod"}, []string{"the zip has the nested module cmd/humasess"}},
		{"left behind", []string{"LICENSE", "stores/stores.test"}, []string{"the zip has the file stores/stores.test"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := faultsOfZip(test.files); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFaultsOfGoMod(t *testing.T) {
	for _, test := range []struct {
		name, mod string
		want      []string
	}{
		{"ready", `{"Require": [{"Path": "github.com/humasess/sessions", "Version": "v0.1.0"}]}`, nil},
		{"replaced", `{"Replace": [{"Old": {"Path": "github.com/humasess/sessions"}, "New": {"Path": "../.."}}]}`, []string{"go.mod replaces github.com/humasess/sessions"}},
		{"not pinned", `{"Require": [{"Path": "github.com/humasess/sessions", "Version": "v0.0.0-00010101000000-000000000000"}]}`,
			[]string{"go.mod requires github.com/humasess/sessions v0.0.0-00010101000000-000000000000"}},
		{"not published", `{"Require": [{"Path": "github.com/humasess/sessions/examples/apps", "Version": "v0.1.0"}]}`,
			[]string{"go.mod requires github.com/humasess/sessions/examples/apps, which is not published"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mod goMod
			if err := json.Unmarshal([]byte(test.mod), &mod); err != nil {
				t.Fatal(err)
			}
			if got := faultsOfGoMod(mod, "v0.1.0"); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestDifferences(t *testing.T) {
	sums := []string{"example.com/huma v1.0.0 h1:x", "example.com/huma v1.0.0/go.mod h1:x", "example.com/pgx v5.0.0/go.mod h1:x"}
	got := differences(modulesOf(sums), []string{"example.com/huma"}, []string{"example.com/securecookie"})
	want := []string{"go.sum has example.com/pgx, which the program does not use", "go.sum has no line of example.com/securecookie"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
