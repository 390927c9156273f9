package stored_test

import (
	"strings"
	"testing"

	"github.com/humasess/sessions/internal/stored"
)

func field(tag byte, value string) string { return string([]byte{tag, byte(len(value))}) + value }

func TestOrigin(t *testing.T) {
	const version = "\x01"
	scheme, kind, data := field(stored.TagScheme, "sessionCookie"), field(stored.TagType, "main.User"), field(9, "secret")
	tests := []struct {
		name, payload string
		scheme, kind  string
		ok            bool
	}{
		{"all", version + scheme + kind + data, "sessionCookie", "main.User", true},
		{"in another order", version + data + kind + scheme, "sessionCookie", "main.User", true},
		{"no type", version + scheme + data, "sessionCookie", "", true},
		{"unknown field", version + field(100, "x") + scheme, "sessionCookie", "", true},
		{"no scheme", version + kind + data, "", "", false},
		{"empty", "", "", "", false},
		{"version alone", version, "", "", false},
		{"another version", "\x02" + scheme, "", "", false},
		{"other bytes", "humasess doctor", "", "", false},
		{"cut off", version + scheme + kind + data[:4], "", "", false},
		{"length that overflows", version + scheme + "\x09\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			scheme, kind, err := stored.Origin([]byte(tt.payload))
			if scheme != tt.scheme || kind != tt.kind || (err == nil) != tt.ok {
				t.Errorf("got %q, %q and error %v, want %q, %q and none: %v", scheme, kind, err, tt.scheme, tt.kind, tt.ok)
			}
		})
	}
}

func TestTypeName(t *testing.T) {
	for name, want := range map[string]string{
		"main.User":                     "main.User",
		strings.Repeat("x", 64):         strings.Repeat("x", 64),
		strings.Repeat("x", 65):         strings.Repeat("x", 64),
		strings.Repeat("x", 63) + "éxx": strings.Repeat("x", 63),
		strings.Repeat("x", 62) + "éxx": strings.Repeat("x", 62) + "é",
	} {
		if got := stored.TypeName(name); got != want {
			t.Errorf("TypeName(%q): got %q, want %q", name, got, want)
		}
	}
}
