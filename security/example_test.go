package security_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/humasess/sessions/security"
)

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
