// Otel reports sessions in memory to OpenTelemetry.
package main

import (
	"log"

	humasessotel "github.com/humasess/sessions/contrib/otel"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/stores/memory"
)

func main() {
	telemetry, err := humasessotel.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := humasess.New(telemetry.Store(memory.New(nil)), &humasess.Options[user]{
		Identity: func(u user) string { return u.ID },
		OnEvent:  telemetry.OnEvent,
	})
	if err != nil {
		log.Fatal(err)
	}
	visit(sessions)
}
