package redis_test

import (
	"context"
	"log"
	"os"

	"github.com/humasess/sessions/security"
	"github.com/humasess/sessions/stores/cookie"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

// The program makes the client and closes it. Check finds settings of the server that
// break a promise to users.
func Example() {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{os.Getenv("REDIS_ADDRESS")}})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	store := redis.New(client, &redis.Options{Prefix: "shop:"}) // a prefix for each program
	findings, err := store.Check(context.Background())
	if err != nil {
		panic(err)
	}
	for _, sentence := range findings {
		log.Print(sentence)
	}
	// sessions, err := humasess.New(store, …)
}

// Sessions are in their cookies, and Redis remembers which of them have ended.
func ExampleNewRevocations() {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{os.Getenv("REDIS_ADDRESS")}})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	keys, err := security.KeysFromEnv("SESSION_KEYS")
	if err != nil {
		panic(err)
	}
	sealer, err := security.NewAEAD(keys...)
	if err != nil {
		panic(err)
	}
	store := cookie.New(sealer, &cookie.Options{Revoked: redis.NewRevocations(client, &redis.Options{Prefix: "shop:"})})
	_ = store // sessions, err := humasess.New(store, …)
}
