package security_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/humasess/sessions/security"
)

// A sealer encrypts the tokens in cookies, or whole sessions of package stores/cookie. To
// rotate the key, put a new one in front.
func ExampleNewAEAD() {
	first, err := security.GenerateKey()
	if err != nil {
		log.Fatal(err)
	}
	sealer, err := security.NewAEAD(first)
	if err != nil {
		log.Fatal(err)
	}
	use := security.Binding{Cookie: "__Host-id", Manager: "sessionCookie", Purpose: "token"}
	text, err := sealer.Seal([]byte("secret"), use)
	if err != nil {
		log.Fatal(err)
	}

	second, err := security.GenerateKey()
	if err != nil {
		log.Fatal(err)
	}
	rotated, err := security.NewAEAD(second, first)
	if err != nil {
		log.Fatal(err)
	}
	value, old, err := rotated.Open(text, use)
	fmt.Printf("%s, sealed by an old key: %t, %v\n", value, old, err)
	_, _, err = rotated.Open(text, security.Binding{Cookie: "another"})
	fmt.Println(err)
	// Output:
	// secret, sealed by an old key: true, <nil>
	// security: text was not sealed for this use by one of the keys
}

// A program reads its keys from an environment variable. The command humasess keygen makes
// one.
func ExampleKeysFromEnv() {
	key, err := security.GenerateKey()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.Setenv("SESSION_KEYS", key.Reveal()); err != nil {
		log.Fatal(err)
	}
	keys, err := security.KeysFromEnv("SESSION_KEYS")
	fmt.Println(len(keys), keys[0] == key, err)
	_, err = security.ParseKey("too short")
	fmt.Println(errors.Is(err, security.ErrInvalidKey))
	// Output:
	// 1 true <nil>
	// true
}
