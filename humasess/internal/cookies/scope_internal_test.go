package cookies

import (
	"slices"
	"strings"
	"testing"
)

func TestFormerScopes(t *testing.T) {
	tests := []struct {
		name string
		c    Options
		want []string // the lines that expire the former scopes, without their common attributes
		err  string
	}{
		{"a former name", Options{Former: []Scope{{Name: "sid"}}}, []string{"sid=; Path=/"}, ""},
		{"the present name", Options{Domain: "example.com", Former: []Scope{{}}}, []string{"__Secure-id=; Path=/"}, ""},
		{"every field", Options{Former: []Scope{{Name: "sid", Domain: "example.com", Path: "/app", Partitioned: true}}},
			[]string{"sid=; Path=/app; Domain=example.com; Partitioned"}, ""},
		{"C13 Partitioned alone", Options{Former: []Scope{{Partitioned: true}}}, []string{"__Host-id=; Path=/; Partitioned"}, ""},
		{"C13 no longer Partitioned", Options{Partitioned: true, Former: []Scope{{}}}, []string{"__Host-id=; Path=/"}, ""},
		{"on plain http", Options{InsecureAllowHTTP: true, Former: []Scope{{Name: "sid"}}}, []string{"sid=; Path=/"}, ""},
		{"four, which differ in one field each", Options{Former: []Scope{
			{Name: "a"}, {Name: "a", Path: "/app"}, {Name: "a", Domain: "example.com"}, {Name: "a", Partitioned: true},
		}}, []string{"a=; Path=/", "a=; Path=/app", "a=; Path=/; Domain=example.com", "a=; Path=/; Partitioned"}, ""},
		{"names in another case are other cookies", Options{Name: "id", Former: []Scope{{Name: "ID"}, {Name: "Id"}}},
			[]string{"ID=; Path=/", "Id=; Path=/"}, ""},

		{"five", Options{Former: make([]Scope, 5)}, nil, "5 entries"},
		{"the present scope", Options{Former: []Scope{{}}}, nil, "Former[0] is the present cookie"},
		{"the present scope in full", Options{Former: []Scope{{Name: "x"}, {Name: "__Host-id", Path: "/"}}}, nil, "Former[1] is the present"},
		{"the present Domain in another case", Options{Domain: "example.com", Former: []Scope{{Domain: "Example.com"}}}, nil, "is the present"},
		{"one twice", Options{Former: []Scope{{Name: "a"}, {Name: "b"}, {Name: "a"}}}, nil, "Former[2] repeats"},
		{"one twice, with and without its default", Options{Former: []Scope{{Name: "a"}, {Name: "a", Path: "/"}}}, nil, "Former[1] repeats"},
		{"one twice, with the Domain in another case", Options{Former: []Scope{{Name: "a", Domain: "a.com"}, {Name: "a", Domain: "A.com"}}}, nil, "repeats"},
		{"C2 Domain beside __Host-", Options{Former: []Scope{{Domain: "example.com"}}}, nil, "allows no Domain"},
		{"C2 Path beside __Host-", Options{Former: []Scope{{Name: "__host-sid", Path: "/app"}}}, nil, "needs Path"},
		{"C1 a prefix on plain http", Options{InsecureAllowHTTP: true, Former: []Scope{{Name: "__Host-id"}}}, nil, "needs Secure"},
		{"C13 Partitioned on plain http", Options{InsecureAllowHTTP: true, Former: []Scope{{Partitioned: true}}}, nil, "needs Secure"},
		{"a name that is no token", Options{Former: []Scope{{Name: "a b"}}}, nil, "not a token"},
		{"a Path that is none", Options{Former: []Scope{{Name: "a", Path: "app"}}}, nil, "invalid cookie Path"},
		{"a Domain that is none", Options{Former: []Scope{{Name: "a", Domain: ".example.com"}}}, nil, "invalid cookie Domain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.c.WithDefaults()
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), "Former") {
					t.Errorf("got error %v, want one about Former that says %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, line := range NewWriter(c).Former {
				parse(t, line)
				line, expires := strings.CutSuffix(line, "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
				rest := line
				for _, attribute := range []string{"; HttpOnly", "; Secure", "; SameSite=Lax"} {
					rest = strings.Replace(rest, attribute, "", 1)
				}
				if !expires || strings.Contains(line, "; Secure") == tt.c.InsecureAllowHTTP || len(line)-len(rest) < len("; HttpOnly; SameSite=Lax") {
					t.Errorf("got %q, want it expired with the present attributes", line)
				}
				got = append(got, rest)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("the program's slice is copied", func(t *testing.T) {
		former := []Scope{{}}
		c, err := Options{Name: "id", Path: "/app", Former: former}.WithDefaults()
		if err != nil {
			t.Fatal(err)
		}
		if c.Former[0].Name = "changed"; former[0] != (Scope{}) {
			t.Errorf("got %+v, want it unchanged", former)
		}
	})
}
