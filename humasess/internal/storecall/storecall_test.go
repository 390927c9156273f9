package storecall_test

import (
	"context"
	"errors"
	"testing"

	"github.com/humasess/sessions/humasess/internal/storecall"
	"github.com/humasess/sessions/stores"
)

// lossy is a store that carries an update out and loses the answer. Nothing else of it
// may be called.
type lossy struct {
	stores.Store
	updates int
}

func (l *lossy) Update(context.Context, stores.Update) (stores.Updated, error) {
	l.updates++
	return stores.Updated{}, errors.New("connection reset by peer")
}

func TestUpdateReadsAsRequestsLoad(t *testing.T) {
	const name, version = 7, 3
	for _, tt := range []struct {
		test    string
		written uint64
		version int64
		want    int64 // version in the answer, 0 for an error
	}{
		{"X10 its own write is found", name, version + 1, version + 1},
		{"X10 another write came instead", name + 1, version + 1, 0},
	} {
		t.Run(tt.test, func(t *testing.T) {
			store, reads := &lossy{}, 0
			c := storecall.Caller{Store: store, Read: func(context.Context, stores.ID) (stores.Record, uint64, error) {
				reads++
				return stores.Record{Version: tt.version}, tt.written, nil
			}}
			updated, err := c.Update(t.Context(), store, stores.Update{Version: version}, name)
			if updated.Version != tt.want || (err == nil) != (tt.want != 0) {
				t.Errorf("got version %d and error %v, want version %d", updated.Version, err, tt.want)
			}
			if store.updates != 1 || reads != 1 {
				t.Errorf("got %d updates and %d reads, want 1 and 1", store.updates, reads)
			}
		})
	}
}
