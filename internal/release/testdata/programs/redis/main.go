// Redis has a server that does not answer, so the program ends before it serves.
package main

import (
	"fmt"
	"log"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/redis"
	"github.com/redis/rueidis"
)

type user struct {
	ID string `json:"id"`
}

func main() {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"localhost:1"}})
	if err != nil {
		fmt.Print("no server")
		return
	}
	defer client.Close()
	_, err = humasess.New(redis.New(client, nil), &humasess.Options[user]{
		Identity: func(u user) string { return u.ID },
	})
	if err != nil {
		log.Fatal(err)
	}
}
