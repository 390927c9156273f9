package humasess

// Sessions whose data is a map, key by key. M may be a named map type; the
// compiler infers M and V from the session.

// GetKey returns the value under key, and false when there is none.
func GetKey[M ~map[string]V, V any](s *Session[M], key string) (V, bool) {
	data, _ := s.Get()
	v, ok := data[key]
	return v, ok
}

// SetKey sets one key by [Session.Update], which starts an anonymous session
// when none is active. Parallel requests that set other keys lose nothing. In a
// map of interfaces a typed value needs a conversion: SetKey(s, key, any(n)).
func SetKey[M ~map[string]V, V any](s *Session[M], key string, value V) error {
	return s.Update(func(data *M) error {
		if *data == nil {
			*data = M{}
		}
		(*data)[key] = value
		return nil
	})
}

// RemoveKey removes one key by [Session.Update]. Without an active session it
// does nothing.
func RemoveKey[M ~map[string]V, V any](s *Session[M], key string) error {
	if !s.Active() {
		return nil
	}
	return s.Update(func(data *M) error {
		delete(*data, key)
		return nil
	})
}
