package account

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"
	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/internal/policy"
)

// Register adds the package's operations to an API that the manager is attached to,
// or to a group of that API. It returns an error for invalid options, and for an
// operation ID that the document already has. Outside a group, it also returns one
// for a method and path that the document already has. It returns an error if
// another type already has the name of one of the schemas that begin with Account,
// or of one that V needs. After an error, no operation is registered.
func Register[T, V any](api huma.API, sessions *humasess.Manager[T], opts *Options[T, V]) error {
	o, err := opts.withDefaults()
	if err != nil {
		return fmt.Errorf("account: invalid options: %w", err)
	}
	if sessions == nil {
		return errors.New("account: Register called with a nil manager")
	}
	r := &registration[T, V]{options: o, api: api}
	oapi := api.OpenAPI()
	hooks := oapi.OnAddOperation
	oapi.OnAddOperation = append(slices.Clip(hooks), r.describe)
	defer func() { oapi.OnAddOperation = hooks }()

	_, err = sessions.List(context.Background(), "") // without an identity, it does not call the store
	indexed := !errors.Is(err, errors.ErrUnsupported)
	all := map[Operation]huma.Operation{}
	for _, name := range operations {
		if slices.Contains(o.Omit, name) || name == Watch && !o.Watch {
			continue
		}
		if name.indexed() && !indexed {
			return fmt.Errorf("account: %s finds a user's sessions by Options.Identity of the manager, which is not set; set it, or omit the operation with Omit", name)
		}
		op, err := r.prepare(name)
		if err != nil {
			return fmt.Errorf("account: %w", err)
		}
		for _, other := range all {
			if other.OperationID == op.OperationID {
				return fmt.Errorf("account: the document already has an operation %q; give %s or %s another ID in Options.Edit", op.OperationID, name, other.Metadata[metadataKey])
			}
		}
		all[name] = op
	}
	if err := r.checkSchemas(all); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	// An error above registers none of them.
	for _, name := range operations {
		if op, has := all[name]; has {
			if err := r.add(name, op); err != nil {
				return fmt.Errorf("account: %w", err)
			}
		}
	}
	describeTag(oapi, all)
	return nil
}

// registration is one call of Register.
type registration[T, V any] struct {
	options Options[T, V]
	api     huma.API
	naked   bool // an operation was documented without a session
}

// metadataKey is the key of the Operation in an operation's metadata. Copies of the
// operation, as in a group, keep it.
const metadataKey = "humasess.account"

var errNotAttached = errors.New("Register called before Attach of the manager; attach the manager to the API first")

func (r *registration[T, V]) prepare(name Operation) (huma.Operation, error) {
	op := name.operation(r.options.Tags)
	if r.options.Edit != nil {
		r.options.Edit(name, &op)
	}
	if err := name.check(&op); err != nil {
		return op, err
	}
	// The path of an operation in a group is not known here.
	_, grouped := r.api.(*huma.Group)
	for path, other := range documented(r.api.OpenAPI()) {
		switch {
		case other.OperationID == op.OperationID:
			return op, fmt.Errorf("the document already has an operation %q; omit %s with Options.Omit, or give it another ID in Options.Edit", op.OperationID, name)
		case !grouped && other.Method == op.Method && path == op.Path:
			return op, fmt.Errorf("the document already has an operation %s %s; omit %s with Options.Omit, or give it another path in Options.Edit", op.Method, op.Path, name)
		}
	}
	op.Metadata = maps.Clone(op.Metadata)
	if op.Metadata == nil {
		op.Metadata = map[string]any{}
	}
	op.Metadata[metadataKey] = name
	if r.options.Fresh > 0 && name.endsOthers() {
		policy.AsksProof(&op, r.options.Fresh)
	}
	return op, nil
}

func (r *registration[T, V]) add(name Operation, op huma.Operation) error {
	h := &handlers[T, V]{r.options}
	switch name {
	case Get:
		huma.Register(r.api, op, h.get)
	case List:
		huma.Register(r.api, op, h.list)
	case Revoke:
		huma.Register(r.api, op, h.revoke)
	case RevokeOthers:
		huma.Register(r.api, op, h.revokeOthers)
	case SignOut:
		huma.Register(r.api, op, h.signOut)
	case SignOutEverywhere:
		huma.Register(r.api, op, h.signOutEverywhere)
	case Watch:
		op.Middlewares = append(slices.Clip(op.Middlewares), unbuffered)
		sse.Register(r.api, op, events, h.watch)
	}
	if r.naked {
		return errNotAttached
	}
	return nil
}

// documented returns the operations of a document by their paths.
func documented(oapi *huma.OpenAPI) iter.Seq2[string, *huma.Operation] {
	return func(yield func(string, *huma.Operation) bool) {
		for path, item := range oapi.Paths {
			for _, op := range []*huma.Operation{
				item.Get, item.Put, item.Post, item.Delete, item.Options, item.Head, item.Patch, item.Trace,
			} {
				if op != nil && !yield(path, op) {
					return
				}
			}
		}
	}
}

// describe adds the responses of the handlers to those of the manager's hook, which
// has run before. It does not use Operation.Errors, because that would remove the
// default response from the document.
func (r *registration[T, V]) describe(_ *huma.OpenAPI, op *huma.Operation) {
	name, ok := op.Metadata[metadataKey].(Operation)
	if !ok {
		return
	}
	r.naked = r.naked || op.Security == nil
	responses := maps.Clone(op.Responses)
	if fallback := responses["default"]; name == Revoke && fallback != nil && responses["404"] == nil {
		responses["404"] = &huma.Response{Description: notFoundText, Content: policy.WithExample(fallback.Content, policy.ProblemNotFound)}
	}
	if name == Watch {
		nameEvents(responses["200"])
	}
	op.Responses = responses
}

// nameEvents replaces const by enum in the names of the events. OpenAPI 3.0 has no
// const, but huma leaves the const of sse.Register in its document of that version.
func nameEvents(stream *huma.Response) {
	for _, media := range stream.Content {
		if media.Schema == nil || media.Schema.Items == nil {
			continue
		}
		kinds, _ := media.Schema.Items.Extensions["oneOf"].([]*huma.Schema)
		for _, kind := range kinds {
			event := kind.Properties["event"]
			if name, ok := event.Extensions["const"]; ok {
				event.Enum = []any{name}
				delete(event.Extensions, "const")
			}
		}
	}
}

const notFoundText = "The user has no active session with this ID. It is unknown, it has ended, or it belongs to another user."
