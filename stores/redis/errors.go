package redis

import (
	"fmt"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// advice says what an operator can do about an error of the server.
var advice = []struct{ sign, text string }{
	{"NOPERM ", noRight},
	{"ACL failure in script", noRight}, // 7.2 and newer
	{"user executing the script can't", noRight},
	{readOnly, "the client talks to a replica, sessions need the primary"},
	{outOfMemory, "the server is at its maxmemory"},
	{"MISCONF ", "the server cannot save to its disk and takes no writes"},
	{"NOREPLICAS ", "the server has fewer replicas than min-replicas-to-write"},
	{"TRYAGAIN ", migratingText},
	{"NOAUTH ", "the client needs a password"},
	{"WRONGPASS ", "the client's password is wrong"},
}

const (
	outOfMemory   = "OOM "
	readOnly      = "READONLY "
	migratingText = "a slot of the cluster is migrating"
	noRight       = "the client's user lacks a right that the session scripts need"
)

// explain turns what a script or its server returned into an error of stores.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if rueidis.IsRedisNil(err) {
		return stores.ErrNotFound
	}
	e, ok := rueidis.IsRedisErr(err)
	if !ok {
		return err
	}
	// An error inside of a script is wrapped in other words by some versions.
	text := e.Error()
	for _, a := range advice {
		if strings.Contains(text, a.sign) {
			if a.sign == outOfMemory {
				return fmt.Errorf("redis: %s: %w: %w", a.text, stores.ErrFull, err)
			}
			return fmt.Errorf("redis: %s: %w", a.text, err)
		}
	}
	return fmt.Errorf("redis: %w", err)
}
