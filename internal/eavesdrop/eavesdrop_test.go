package eavesdrop

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

func TestLeaks(t *testing.T) {
	t.Run("E2 a secret is found in any of its forms", func(t *testing.T) {
		var secret [32]byte
		own := New()
		if _, err := own.Read(secret[:]); err != nil {
			t.Fatal(err)
		}
		text := base64.RawURLEncoding.EncodeToString(append(make([]byte, 16), secret[:]...))
		for _, line := range []string{text, "x=" + text[22:] + `"`, fmt.Sprintf("%x", secret), fmt.Sprint(secret), fmt.Sprintf("%q", "id="+text)} {
			own := &Eavesdropper{secrets: own.secrets, found: map[string]string{}}
			own.look(line)
			if len(own.Leaks()) == 0 {
				t.Errorf("not found: %s", line)
			}
		}
		own.look(text[:22] + strings.Repeat("A", 42))
		if got := own.Leaks(); len(got) != 0 {
			t.Errorf("found in nothing: %q", got)
		}
	})
}
