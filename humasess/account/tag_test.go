package account_test

import (
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess/account"
)

const tagText = "Sessions: The sessions of the signed-in user, one for each browser or device: list them and end them."

func TestTag(t *testing.T) {
	edit := func(change func(*huma.Operation)) func(account.Operation, *huma.Operation) {
		return func(_ account.Operation, op *huma.Operation) { change(op) }
	}
	for _, tt := range []struct {
		name    string
		options options
		before  []*huma.Tag
		want    string
	}{
		{"is described", options{}, nil, tagText},
		{"beside others", options{}, []*huma.Tag{{Name: "Shop", Description: "Buy."}}, "Shop: Buy.\n" + tagText},
		{"that the program describes", options{}, []*huma.Tag{{Name: "Sessions", Description: "Mine."}}, "Sessions: Mine."},
		{"of the program", options{Tags: []string{"Devices"}}, nil, ""},
		{"of Edit", options{Edit: edit(func(op *huma.Operation) { op.Tags = nil })}, nil, ""},
		{"of hidden operations", options{Edit: edit(func(op *huma.Operation) { op.Hidden = true })}, nil, ""},
	} {
		t.Run("O10 "+tt.name, func(t *testing.T) {
			r := bareRig(t)
			r.api.OpenAPI().Tags = tt.before
			tt.options.View = view
			if err := account.Register(r.api, r.sessions, &tt.options); err != nil {
				t.Fatal(err)
			}
			other := tt.options // in a second place
			other.Edit = func(name account.Operation, op *huma.Operation) {
				if tt.options.Edit != nil {
					tt.options.Edit(name, op)
				}
				op.OperationID += "-again"
			}
			if err := account.Register(huma.NewGroup(r.api, "/again"), r.sessions, &other); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, tag := range r.api.OpenAPI().Tags {
				got = append(got, tag.Name+": "+tag.Description)
			}
			if got := strings.Join(got, "\n"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
