package main

import (
	"context"

	"github.com/humasess/sessions/security"
)

func keygen(_ context.Context, c *call) error {
	n := c.flags.Int("count", 1, "generate `N` keys, one per line")
	if err := c.parse(); err != nil {
		return err
	}
	if *n < 1 {
		return usagef("--count is %d; it must be at least 1", *n)
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
	c.sayf("Store the key with the other secrets of your program, for example in the variable SESSION_KEYS.\n" +
		"security.KeysFromEnv(\"SESSION_KEYS\") reads it for security.NewAEAD. To replace the key, run\n" +
		"all processes with OLD,NEW and then with NEW,OLD, because the first key seals. Remove the old key\n" +
		"when the last session that it sealed has ended.")
	return nil
}
