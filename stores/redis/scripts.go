package redis

import (
	"crypto/sha1" //nolint:gosec // Redis names scripts by their SHA-1
	_ "embed"
	"encoding/hex"

	"github.com/redis/rueidis"
)

// Shared code is copied to the start of each script, because Lua in Redis has
// no modules.
var (
	//go:embed lua/clock.lua
	clockLua string
	//go:embed lua/extend.lua
	extendLua string
	//go:embed lua/drop.lua
	dropLua string
	//go:embed lua/hint.lua
	hintLua string
	//go:embed lua/own.lua
	ownLua string
	//go:embed lua/heal.lua
	healLua string

	//go:embed lua/marked.lua
	markedLua string

	//go:embed lua/load.lua
	loadLua string
	//go:embed lua/create.lua
	createLua string
	//go:embed lua/update.lua
	updateLua string
	//go:embed lua/touch.lua
	touchLua string
	//go:embed lua/delete.lua
	deleteLua string
	//go:embed lua/list.lua
	listLua string
	//go:embed lua/revoke.lua
	revokeLua string
	//go:embed lua/walk.lua
	walkLua string
	//go:embed lua/everybody.lua
	everybodyLua string
	//go:embed lua/mark.lua
	markLua string
	//go:embed lua/replaced.lua
	replacedLua string
	//go:embed lua/finish.lua
	finishLua string
)

type scripts struct {
	loadSHA, walkSHA, everybodySHA string // name the scripts that are sent in bulk

	load, create, finish, update, touch, del, list, revoke, mark, walk, everybody, key *rueidis.Lua
}

// newScripts marks no script as read-only, because the client may send a
// read-only script to a replica, which may not know the latest logouts.
func newScripts() scripts {
	walk := clockLua + dropLua + hintLua + walkLua
	return scripts{
		loadSHA: shaOf(clockLua + loadLua), walkSHA: shaOf(walk), everybodySHA: shaOf(everybodyLua),

		load:   rueidis.NewLuaScript(clockLua + loadLua),
		create: rueidis.NewLuaScript(clockLua + extendLua + dropLua + hintLua + healLua + ownLua + markedLua + replacedLua + createLua),
		finish: rueidis.NewLuaScript(clockLua + dropLua + hintLua + healLua + ownLua + replacedLua + finishLua),
		update: rueidis.NewLuaScript(clockLua + extendLua + updateLua),
		touch:  rueidis.NewLuaScript(clockLua + extendLua + touchLua),
		del:    rueidis.NewLuaScript(clockLua + dropLua + hintLua + deleteLua),
		list:   rueidis.NewLuaScript(clockLua + ownLua + listLua),
		revoke: rueidis.NewLuaScript(clockLua + dropLua + hintLua + healLua + ownLua + markedLua + revokeLua),
		mark:   rueidis.NewLuaScript(clockLua + markedLua + markLua),

		walk: rueidis.NewLuaScript(walk), everybody: rueidis.NewLuaScript(everybodyLua), key: rueidis.NewLuaScript(keyLua),
	}
}

func shaOf(script string) string {
	sum := sha1.Sum([]byte(script)) //nolint:gosec // Redis names scripts by their SHA-1
	return hex.EncodeToString(sum[:])
}
