package security_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/humasess/sessions/security"
)

// Pages of other origins may read, and may not change anything.
func ExampleCrossOrigin_Check() {
	check, err := security.NewCrossOrigin([]string{"https://admin.example.com"})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range []security.Request{
		{Method: "POST", Host: "example.com", SecFetchSite: "same-origin"},
		{Method: "POST", Host: "example.com", SecFetchSite: "cross-site", Origin: "https://evil.example"},
		{Method: "POST", Host: "example.com", SecFetchSite: "same-site", Origin: "https://admin.example.com"},
		{Method: "GET", Host: "example.com", SecFetchSite: "cross-site"},
	} {
		fmt.Println(r.Method, r.SecFetchSite, r.Origin, errors.Is(check.Check(r), security.ErrCrossSite))
	}
	// Output:
	// POST same-origin  false
	// POST cross-site https://evil.example true
	// POST same-site https://admin.example.com false
	// GET cross-site  false
}

// A log gets the public ID of a token, and the store gets the hash of its secret.
func ExampleParseToken() {
	token, err := security.NewToken([16]byte{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("logged as:", token)
	parsed, err := security.ParseToken(token.Reveal())
	fmt.Println(err, parsed.Matches(token.Hash()))
	_, err = security.ParseToken("guess")
	fmt.Println(err)
	// Output:
	// logged as: AAAAAAAAAAAAAAAAAAAAAA
	// <nil> true
	// security: malformed token
}

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

// A page gets another token at each request. All of them prove the same key.
func ExampleCSRFKey() {
	key, err := security.NewCSRFKey()
	if err != nil {
		log.Fatal(err)
	}
	first, err := key.Token()
	if err != nil {
		log.Fatal(err)
	}
	second, err := key.Token()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first == second, key.Verifies(first), key.Verifies(second), key.Verifies("guess"))
	// Output: false true true false
}
