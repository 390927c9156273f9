package main

import (
	"context"

	"github.com/humasess/sessions/security"
)

func keygen(_ context.Context, c *call) error {
	n := c.flags.Int("n", 1, "`N` keys, one per line")
	if err := c.parse(); err != nil {
		return err
	}
	if *n < 1 {
		return usagef("--n %d makes no key", *n)
	}
	for range *n {
		key, err := security.GenerateKey()
		if err != nil {
			return err
		}
		if err := c.print(struct {
			Key string `json:"key"`
		}{key.Reveal()}, "%s", key.Reveal()); err != nil {
			return err
		}
	}
	c.sayf("Keep it where your program's secrets are, in SESSION_KEYS for example, and read it with\n" +
		"security.KeysFromEnv(\"SESSION_KEYS\") for security.NewAEAD. To replace it, put a new one in front:\n" +
		"NEW,OLD. Take the old one out when the last session that it sealed has ended.")
	return nil
}
