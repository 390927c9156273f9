package security_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/humasess/sessions/security"
)

// keyText is a key for tests, in hex.
const keyText = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

func parse(t *testing.T, text string) security.Key {
	t.Helper()
	k, err := security.ParseKey(text)
	if err != nil {
		t.Fatalf("ParseKey: %v", err)
	}
	return k
}

func TestParseKey(t *testing.T) {
	raw, _ := hex.DecodeString(keyText)
	want := parse(t, keyText)
	for _, tt := range []struct {
		name, text, err string
	}{
		{"hex", keyText, ""},
		{"upper-case hex", strings.ToUpper(keyText), ""},
		{"base64 with padding", base64.StdEncoding.EncodeToString(raw), ""},
		{"base64 without padding", base64.RawStdEncoding.EncodeToString(raw), ""},
		{"base64url", base64.RawURLEncoding.EncodeToString(raw), ""},
		{"surrounding white space", " " + keyText + "\n", ""},
		{"empty", "", "empty"},
		{"K6 16 bytes", keyText[:32], "24 bytes, want 32"}, // 32 characters of hex are base64 too
		{"K6 16 bytes of base64", base64.StdEncoding.EncodeToString(raw[:16]), "16 bytes, want 32"},
		{"33 bytes", base64.StdEncoding.EncodeToString(append(raw, 1)), "33 bytes, want 32"},
		{"all zeros", strings.Repeat("00", 32), "all zeros"},
		{"one byte repeated", strings.Repeat("ab", 32), "a pattern of 1 bytes"},
		{"half a key twice", strings.Repeat(keyText[:32], 2), "a pattern of 16 bytes"},
		{"a pattern cut off", strings.Repeat("abcdef", 11)[:64], "a pattern of 3 bytes"},
		{"words", "correct horse battery staple", "neither hex nor base64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := security.ParseKey(tt.text)
			if tt.err == "" {
				if err != nil || got != want {
					t.Errorf("got %v, %v, want the key", got, err)
				}
				return
			}
			if !errors.Is(err, security.ErrInvalidKey) || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want ErrInvalidKey with %q", err, tt.err)
			}
			if tt.text != "" && strings.Contains(err.Error(), tt.text) {
				t.Errorf("the error repeats the key: %v", err)
			}
		})
	}
}

func TestKeyRoundTripAndSilence(t *testing.T) {
	k, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if again := parse(t, k.Reveal()); again != k {
		t.Error("got another key from Reveal, want the same")
	}
	raw, _ := base64.RawURLEncoding.DecodeString(k.Reveal())
	secret := []string{k.Reveal(), hex.EncodeToString(raw), fmt.Sprintf("%d", raw)}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", k)
	for _, text := range []string{k.String(), fmt.Sprint(k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k), log.String()} {
		for _, s := range secret {
			if strings.Contains(text, s) {
				t.Errorf("E2 %q shows the key", text)
			}
		}
	}
}

func TestKeysFromEnv(t *testing.T) {
	other, err := security.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, value, err string
		n                int
	}{
		{"one", keyText, "", 1},
		{"two, newest first", other.Reveal() + ", " + keyText, "", 2},
		{"not set", "", "HUMASESS_TEST_KEYS is not set", 0},
		{"second is bad", keyText + "," + keyText[:10], "HUMASESS_TEST_KEYS, key 2 of 2", 0},
		{"white space only", " \t\n,", "HUMASESS_TEST_KEYS is not set", 0},
		{"K6 16 bytes", base64.StdEncoding.EncodeToString(make([]byte, 16)), "HUMASESS_TEST_KEYS, key 1 of 1: security: invalid key: 16 bytes, want 32", 0},
		{"all zeros", other.Reveal() + " " + strings.Repeat("0", 64), "key 2 of 2: security: invalid key: all zeros", 0},
		{"a pattern", strings.Repeat("abcd", 16), "a pattern of 2 bytes repeated", 0},
		{"the same twice", keyText + "," + other.Reveal() + "," + strings.ToUpper(keyText), "key 3 repeats key 1", 0},
		{"words", "correct horse", "key 1 of 2: security: invalid key: 5 bytes, want 32", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("HUMASESS_TEST_KEYS", tt.value)
			keys, err := security.KeysFromEnv("HUMASESS_TEST_KEYS")
			if tt.err == "" {
				if err != nil || len(keys) != tt.n || keys[tt.n-1] != parse(t, keyText) {
					t.Errorf("got %v, %v, want %d keys, the last one known", keys, err, tt.n)
				}
				return
			}
			if !errors.Is(err, security.ErrInvalidKey) || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want ErrInvalidKey with %q", err, tt.err)
			}
			if len(tt.value) > 10 && strings.Contains(err.Error(), tt.value) {
				t.Errorf("the error repeats the keys: %v", err)
			}
		})
	}
}
