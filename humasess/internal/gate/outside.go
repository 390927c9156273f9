package gate

import "context"

// scopeKey is the key under which a context holds its request.
type scopeKey struct{}

// outsideContext is a context in which humasess.From finds nothing.
type outsideContext struct{ context.Context }

// Value implements [context.Context].
func (c outsideContext) Value(key any) any {
	if _, ok := key.(scopeKey); ok {
		return nil
	}
	return c.Context.Value(key)
}

// Outside returns a context in which From finds nothing. It is for calls of the
// program and of stores while a session is locked, because a call of the session
// would then wait forever.
func Outside(ctx context.Context) context.Context {
	if ctx.Value(scopeKey{}) == nil {
		return ctx
	}
	return outsideContext{ctx}
}
