package redis

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/humasess/sessions/stores"
	"github.com/redis/rueidis"
)

const (
	defaultPrefix     = "humasess:"
	defaultMaxPayload = 1 << 20
)

// Options configures a [Store]. The zero Options is ready to use.
type Options struct {
	// Prefix begins every key. Programs that share a server and a prefix share
	// their sessions. It must not contain a brace, because braces mark the part
	// of a key that decides its slot. The default is "humasess:".
	Prefix string

	// Key encrypts session IDs, which are public and would otherwise show a
	// hash of the identity. It must have 16 bytes or more, from a cryptographic
	// source, and be the same in all processes. After a change all users sign
	// in again; List and RevokeIdentity still find the sessions from before.
	// Set it if Redis may lose keys. The default is a random key that the first
	// process stores in Redis, under Prefix and "{key}k".
	Key []byte

	// MaxPayload bounds the payload of a session in bytes. A larger one is
	// stores.ErrTooLarge and is not sent. The default is 1 MiB.
	MaxPayload int

	// Hints makes every script that ends sessions before their time publish a
	// hint. [Store.Watch] listens to these hints, so a process learns at once
	// that another one ended a session. The channel is Prefix and "ended". Each
	// ended session costs the server a PUBLISH, and each Watch costs the client
	// a connection. All processes must set Hints. Users of the server need the
	// right to that channel. The default is false.
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
	keys    *keyring
	link    *link
	logger  *slog.Logger
	scripts scripts

	maxPayload int
}

var (
	_ stores.Store       = (*Store)(nil)
	_ stores.Marker      = (*Store)(nil)
	_ stores.MultiLoader = (*Store)(nil)
	_ stores.Scanner     = (*Store)(nil)
	_ stores.IDMaker     = (*Store)(nil)
	_ stores.Watcher     = (*Store)(nil)
)

// New returns a store that uses the client. The caller keeps the client and
// closes it. New does not connect to the server; see [Store.Check]. It panics
// when the client is nil, the prefix contains a brace, the key is short, or
// MaxPayload is negative.
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
	if n := len(o.Key); n > 0 && n < minKeySize {
		panic(fmt.Sprintf("redis: New called with a Key of %d bytes, which is shorter than %d", n, minKeySize))
	}
	if o.MaxPayload < 0 {
		panic(fmt.Sprintf("redis: New called with MaxPayload %d", o.MaxPayload))
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = defaultMaxPayload
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
		link:    newLink(),
		client:  client,
		channel: channel,
		prefix:  o.Prefix,
		keys:    newKeyring(o.Key),
		logger:  o.Logger,
		scripts: newScripts(),

		maxPayload: o.MaxPayload,
	}
}
