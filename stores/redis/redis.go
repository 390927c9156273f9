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

	// Logger gets a warning when the server has evicted sessions. The default
	// is [slog.Default].
	Logger *slog.Logger
}

// Store keeps sessions in Redis. It is safe for concurrent use.
type Store struct {
	client  rueidis.Client
	prefix  string
	hasher  hasher
	logger  *slog.Logger
	scripts scripts
}

var (
	_ stores.Store       = (*Store)(nil)
	_ stores.Index       = (*Store)(nil)
	_ stores.MultiLoader = (*Store)(nil)
	_ stores.Scanner     = (*Store)(nil)
	_ stores.TouchLoader = (*Store)(nil)
	_ stores.IDMaker     = (*Store)(nil)
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
	return &Store{
		client:  client,
		prefix:  o.Prefix,
		hasher:  newHasher(o.TagKey),
		logger:  o.Logger,
		scripts: newScripts(),
	}
}
