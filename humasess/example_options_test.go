package humasess_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/humasess/humasesstest"
	"github.com/humasess/sessions/stores/memory"
)

// A rename of the cookie signs no user out. A token under the former name still opens its
// session, and the next write issues it under the new name.
func ExampleOptions_cookie() {
	api, sessions, client := newAPI(humasess.Options[Member]{Cookie: humasess.CookieOptions{
		Name:   "__Host-shop",
		Former: []humasess.CookieScope{{Name: "__Host-id"}},
	}})
	huma.Get(api, "/me", func(context.Context, *struct{ humasess.Required[Member] }) (*struct{}, error) { return nil, nil })

	cookie, err := sessions.Issue(context.Background(), Member{ID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	client.SetCookie(&http.Cookie{Name: "__Host-id", Value: cookie.Value}) // from before the rename
	fmt.Println(client.Do("GET", "/me", nil).Code)
	for _, c := range client.Do("POST", "/login", Member{ID: "ada"}).Result().Cookies() {
		fmt.Println(c.Name, c.MaxAge)
	}
	// Output:
	// 204
	// __Host-id -1
	// __Host-shop 0
}

// The timeouts of an assurance level are upper bounds for those that the program sets.
func ExampleOptions_assuranceLevel() {
	_, err := humasess.New(memory.New(nil), &humasess.Options[Member]{
		AssuranceLevel: 2,
		IdleTimeout:    2 * time.Hour,
	})
	fmt.Println(err)
	_, err = humasess.New(memory.New(nil), &humasess.Options[Member]{
		AssuranceLevel: 2,
		IdleTimeout:    15 * time.Minute,
	})
	fmt.Println(err)
	// Output:
	// humasess: invalid options: IdleTimeout 2h0m0s comes to 2h12m0s, which is more than the 1h0m0s that AAL2 allows
	// <nil>
}

// The front end at another origin may send unsafe requests. All others may not.
func ExampleOptions_trustedOrigins() {
	_, _, client := newAPI(humasess.Options[Member]{TrustedOrigins: []string{"https://app.example.com"}})
	from := func(origin string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.Header.Set("Sec-Fetch-Site", "same-site")
		}
	}
	fmt.Println(client.Do("POST", "/login", Member{ID: "ada"}, from("https://app.example.com")).Code)
	fmt.Println(client.Do("POST", "/login", Member{ID: "ada"}, from("https://blog.example.com")).Code)
	// Output:
	// 204
	// 403
}

// A user with two sessions cannot start a third one.
func ExampleOptions_refuseOverLimit() {
	_, _, client := newAPI(humasess.Options[Member]{MaxPerIdentity: 2, RefuseOverLimit: true})
	for range 3 {
		device := client.Clone()
		fmt.Println(device.Do("POST", "/login", Member{ID: "ada"}).Code)
	}
	// Output:
	// 204
	// 204
	// 409
}

// A busy session gets a new token every hour.
func ExampleOptions_rotateEvery() {
	clock := humasesstest.NewClock()
	api, sessions, client := newAPI(humasess.Options[Member]{
		IdleTimeout: 2 * time.Hour,
		RotateEvery: time.Hour,
		Now:         clock.Now,
	})
	huma.Get(api, "/me", func(context.Context, *struct{ humasess.Required[Member] }) (*struct{}, error) { return nil, nil })

	client.Do("POST", "/login", Member{ID: "ada"})
	before := client.Cookie(sessions.CookieName())
	clock.Advance(61 * time.Minute)
	client.Do("GET", "/me", nil)
	after := client.Cookie(sessions.CookieName())
	fmt.Println("same ID:", before[:21] == after[:21], "same token:", before == after)
	// Output: same ID: true same token: false
}

// A release renames a field of the data. It still reads the sessions of the release
// before it.
func ExampleOptions_onUndecodable() {
	type (
		Old struct{ Name string }
		New struct{ ID string }
	)
	ctx, store := context.Background(), memory.New(nil)
	old, err := humasess.New(store, &humasess.Options[Old]{Identity: func(o Old) string { return o.Name }})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := old.Issue(ctx, Old{Name: "ada"}); err != nil {
		log.Fatal(err)
	}
	_ = old.Close(ctx) // the old release ends

	sessions, err := humasess.New(store, &humasess.Options[New]{
		Identity: func(n New) string { return n.ID },
		OnUndecodable: func(data []byte, _ error) (New, error) {
			var o Old
			if err := json.Unmarshal(data, &o); err != nil || o.Name == "" {
				return New{}, humasess.ErrHide // the session counts as absent
			}
			return New{ID: o.Name}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	all, err := sessions.List(ctx, "ada")
	fmt.Println(all[0].Data.ID, err)
	// Output: ada <nil>
}

// The store gets the data as gob instead of JSON.
func ExampleCodec() {
	_, sessions, client := newAPI(humasess.Options[Member]{Codec: humasess.Codec{
		Marshal: func(v any) ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
		Unmarshal: func(data []byte, v any) error {
			return gob.NewDecoder(bytes.NewReader(data)).Decode(v)
		},
	}})
	client.Do("POST", "/login", Member{ID: "ada", Roles: []string{"admin"}})
	all, err := sessions.List(context.Background(), "ada")
	fmt.Println(all[0].Data, err)
	// Output: {ada [admin]} <nil>
}

// A list of devices shows from which network and program each session began.
func ExampleClientOf() {
	_, sessions, client := newAPI(humasess.Options[Member]{Client: humasess.ClientOf})
	client.Do("POST", "/login", Member{ID: "ada"}, func(r *http.Request) {
		r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	})
	all, err := sessions.List(context.Background(), "ada")
	fmt.Println(all[0].Client.Label(), "at", all[0].Client.Address, err)
	// Output: Firefox on Linux at 192.0.2.0/24 <nil>
}

// Wishlist copies itself, so that the memory store need not decode it for each request.
type Wishlist struct{ Items []string }

// Clone returns a copy that shares no memory with the original.
func (b Wishlist) Clone() Wishlist { return Wishlist{Items: append([]string(nil), b.Items...)} }

var _ humasess.Cloner[Wishlist] = Wishlist{}

func ExampleCloner() {
	original := Wishlist{Items: []string{"tea"}}
	clone := original.Clone()
	clone.Items[0] = "coffee"
	fmt.Println(original.Items, clone.Items)
	// Output: [tea] [coffee]
}
