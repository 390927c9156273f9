// Memory keeps sessions in memory.
package main

import (
	"log"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

func main() {
	sessions, err := humasess.New(memory.New(nil), &humasess.Options[user]{
		Identity: func(u user) string { return u.ID },
	})
	if err != nil {
		log.Fatal(err)
	}
	visit(sessions)
}
