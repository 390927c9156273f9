package humasess

import "reflect"

// SharedUnchanged reports whether the values that all requests share, and none writes
// to, are still zero.
func (m *Manager[T]) SharedUnchanged() bool {
	return reflect.ValueOf(&m.none).Elem().IsZero() && reflect.ValueOf(&noRare).Elem().IsZero()
}
