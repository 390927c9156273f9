package redis

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

const defaultPrefix = "humasess:"

// Options configures a [Store]. The zero Options is ready to use.
type Options struct {
	// Prefix begins every key. Programs that share a server and a prefix
	// share their sessions. It must not contain a brace: those mark what
	// decides about a key's slot. The default is "humasess:".
	Prefix string

	// TagKey keys the hash of an identity that is part of its session IDs and
	// of key names. Whoever knows it can tell which IDs may belong to an
	// identity that they guess. Sessions are lost to List and RevokeIdentity
	// when it changes: it must be the same in all processes, and never rotate.
	// The default is a constant.
	TagKey []byte

	// Hints has every script that ends sessions before their time publish so,
	// on the channel that is Prefix and "ended", and [Store.Watch] listen to
	// it: what waits for a session's end in another process learns of it at
	// once. It costs the server a PUBLISH for each session that ends, and the
	// client a connection while somebody watches; all processes must set it.
	// Users of the server need the right to that channel. The default is false.
	Hints bool

	// Logger gets a warning when the server has evicted sessions, and when
	// hints are interrupted. The default is [slog.Default].
	Logger *slog.Logger
}

// Store keeps sessions in Redis. It is safe for concurrent use.
type Store struct {
	client  rueidis.Client
	prefix  string
	channel string // for hints, "" without
	hasher  hasher
	logger  *slog.Logger
	scripts scripts
}

var (
	_ stores.Store       = (*Store)(nil)
	_ stores.Index       = (*Store)(nil)
	_ stores.MultiLoader = (*Store)(nil)
	_ stores.Scanner     = (*Store)(nil)
	_ stores.IDMaker     = (*Store)(nil)
	_ stores.Watcher     = (*Store)(nil)
)

// New returns a store that uses the client, which stays the caller's: nothing
// here closes it. New does not talk to the server; see [Store.Check]. It
// panics when the client is nil or the prefix contains a brace.
func New(client rueidis.Client, opts *Options) *Store {
	var o Options
	if opts != nil {
		o = *opts
	}
	if client == nil {
		panic("redis: New called with a nil client")
	}
	if strings.ContainsAny(o.Prefix, "{}") {
		panic(fmt.Sprintf("redis: New called with Prefix %q, which contains a brace", o.Prefix))
	}
	if o.Prefix == "" {
		o.Prefix = defaultPrefix
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	channel := ""
	if o.Hints {
		channel = o.Prefix + "ended"
	}
	return &Store{
		client:  client,
		channel: channel,
		prefix:  o.Prefix,
		hasher:  newHasher(o.TagKey),
		logger:  o.Logger,
		scripts: newScripts(),
	}
}
