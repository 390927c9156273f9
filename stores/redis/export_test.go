package redis

import (
	"time"

	"github.com/humasess/sessions/stores"
)

// Tag returns the part of a plain ID that determines the group.
func (s *Store) Tag(id stores.ID) [tagSize]byte {
	plain := s.keys.current.Load().plain(id)
	return [tagSize]byte(plain[:tagSize])
}

// TagOf returns the same for an identity.
func TagOf(identity string) [tagSize]byte {
	d := digestOf(identity)
	return d.tag
}

// KeyClock replaces the clock by which a process asks again for the key of IDs.
func (s *Store) KeyClock(since func() time.Duration) { s.keys.since = since }

// The names of scripts, for tests that make some of them fail.
var (
	CreateSHA = shaOf(clockLua + extendLua + dropLua + hintLua + healLua + ownLua + markedLua + replacedLua + createLua)
	FinishSHA = shaOf(clockLua + dropLua + hintLua + healLua + ownLua + replacedLua + finishLua)
	DeleteSHA = shaOf(clockLua + dropLua + hintLua + deleteLua)
	LoadSHA   = shaOf(clockLua + loadLua)
)

// Plain returns the form of an ID that scripts use.
func (s *Store) Plain(id stores.ID) plainID { return s.keys.current.Load().plain(id) }

const RetryWithin = retryWithin
