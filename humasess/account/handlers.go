package account

import (
	"context"

	"github.com/humasess/sessions/humasess"
)

type (
	requiredInput[T any] struct{ humasess.Required[T] }
	optionalInput[T any] struct{ humasess.Session[T] }
	sessionInput[T any]  struct {
		humasess.Required[T]
		ID string `path:"id" doc:"Public ID of a session, from the list." example:"6x5Vb0Qm1uYkE2hZr9TnAw"`
	}

	currentOutput[V any] struct{ Body AccountCurrentSession[V] }
	listOutput           struct{ Body AccountSessionList }
	endedOutput          struct{ Body AccountRevokedSessions }
)

type handlers[T, V any] struct{ options Options[T, V] }

func (h *handlers[T, V]) get(_ context.Context, in *requiredInput[T]) (*currentOutput[V], error) { //nolint:unparam // huma handlers return an error
	return &currentOutput[V]{AccountCurrentSession[V]{
		ID:        in.Session.ID(),
		CreatedAt: in.Session.CreatedAt().UTC(),
		ExpiresAt: in.Session.ExpiresAt().UTC(),
		Deadline:  in.Session.Deadline().UTC(),
		Carrier:   in.Session.Carrier(),

		Authentication: inUTC(in.Session.Authentication()),

		User: h.options.View(in.Value()),
	}}, nil
}

// inUTC returns the authentication with times in UTC, as all times of these operations are.
func inUTC(a humasess.Authentication) humasess.Authentication {
	a.Time = a.Time.UTC()
	methods := make([]humasess.Method, 0, len(a.Methods))
	for _, m := range a.Methods {
		methods = append(methods, humasess.Method{Name: m.Name, Time: m.Time.UTC()})
	}
	a.Methods = methods
	return a
}

func (h *handlers[T, V]) list(ctx context.Context, in *requiredInput[T]) (*listOutput, error) {
	infos, err := in.Session.List(ctx)
	if err != nil {
		return nil, err
	}
	return &listOutput{listed(infos, h.options.MaxListed, h.options.Label)}, nil
}

// revoke requires a recent authentication before it looks for the ID. So the answer
// does not show whether another session exists. The user's own session never
// requires one.
func (h *handlers[T, V]) revoke(ctx context.Context, in *sessionInput[T]) (*struct{}, error) {
	if in.ID != in.Session.ID() {
		if err := h.fresh(&in.Session); err != nil {
			return nil, err
		}
	}
	return nil, in.Session.Revoke(ctx, in.ID)
}

func (h *handlers[T, V]) revokeOthers(ctx context.Context, in *requiredInput[T]) (*endedOutput, error) {
	if err := h.fresh(&in.Session); err != nil {
		return nil, err
	}
	n, err := in.Session.RevokeOthers(ctx)
	if err != nil {
		return nil, err
	}
	return ended(n), nil
}

func (h *handlers[T, V]) signOut(_ context.Context, in *optionalInput[T]) (*struct{}, error) {
	return nil, in.Session.Destroy()
}

// signOutEverywhere requires a session, unlike signOut. Without one, the user is
// unknown, so the operation could not end any session.
func (h *handlers[T, V]) signOutEverywhere(ctx context.Context, in *requiredInput[T]) (*endedOutput, error) {
	if err := h.fresh(&in.Session); err != nil {
		return nil, err
	}
	n, err := in.Session.RevokeAll(ctx)
	if err != nil {
		return nil, err
	}
	return ended(n), nil
}

func (h *handlers[T, V]) fresh(s *humasess.Session[T]) error {
	if h.options.Fresh == 0 {
		return nil
	}
	return s.RequireFresh(h.options.Fresh)
}
