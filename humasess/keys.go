package humasess

// Sessions whose data is a map, key by key.

// GetKey returns the value under key, and false when there is none.
func GetKey[V any](s *Session[map[string]V], key string) (V, bool) {
	data, _ := s.Get()
	v, ok := data[key]
	return v, ok
}

// SetKey sets one key by [Session.Update], which starts an anonymous session
// when none is active. Parallel requests that set other keys lose nothing.
func SetKey[V any](s *Session[map[string]V], key string, value V) error {
	return s.Update(func(data *map[string]V) error {
		if *data == nil {
			*data = map[string]V{}
		}
		(*data)[key] = value
		return nil
	})
}

// RemoveKey removes one key by [Session.Update]. Without an active session it
// does nothing.
func RemoveKey[V any](s *Session[map[string]V], key string) error {
	if !s.Active() {
		return nil
	}
	return s.Update(func(data *map[string]V) error {
		delete(*data, key)
		return nil
	})
}
