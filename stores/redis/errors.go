package redis

import (
	"fmt"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

// advice explains errors of the server to operators.
var advice = []struct{ sign, text string }{
	{"NOPERM ", noRight},
	{"ACL failure in script", noRight}, // 7.2 and newer
	{"user executing the script can't", noRight},
	{readOnly, "the client is connected to a replica, but sessions need the primary"},
	{outOfMemory, "the server has reached its maxmemory"},
	{"MISCONF ", "the server cannot save to its disk, so it refuses writes"},
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

// explain turns an error of a script or of its server into an error of stores.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if rueidis.IsRedisNil(err) {
		return stores.ErrNotFound
	}
	e, ok := rueidis.IsRedisErr(err)
	if !ok { // of the connection, which rueidis returns without a prefix
		return fmt.Errorf("redis: %w", err)
	}
	// Some versions wrap an error inside a script in other words.
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
