package humasess

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"
)

// What travels is read as it was written, but for what the cookie and its seal
// stand for, and for parts of a second.
func TestTravellingPayload(t *testing.T) {
	for _, tt := range samplePayloads() {
		t.Run(tt.name, func(t *testing.T) {
			if tt.p.created < 0 {
				return // no clock of ours says so
			}
			b := tt.p.appendTravelling(nil)
			got, err := decodeTravelling(b, tt.p.scheme)
			if err != nil {
				t.Fatalf("decoded: %v", err)
			}
			want := payload{
				scheme: tt.p.scheme, created: tt.p.created / int64(time.Second) * int64(time.Second),
				authenticated: tt.p.authenticated, methods: tt.p.methods, class: tt.p.class, client: tt.p.client, idle: got.idle, remember: tt.p.remember,
				until: tt.p.until, data: tt.p.data, unknown: tt.p.unknown,
			}
			if tt.p.authenticated == tt.p.created {
				want.authenticated = want.created
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			got.idle = 1
			if again := got.appendTravelling(nil); !bytes.Equal(again, b) && tt.p.created%int64(time.Second) == 0 {
				t.Errorf("written again: got %x, want %x", again, b)
			}
		})
	}
	t.Run("golden", func(t *testing.T) {
		names, golden := goldenLines(t, "testdata/travelling.v1.golden")
		all := map[string][]byte{}
		for i, name := range names {
			all[name] = golden[i]
		}
		for _, tt := range samplePayloads() {
			if got := tt.p.appendTravelling(nil); !tt.old && tt.p.created >= 0 && !bytes.Equal(got, all[tt.name]) {
				t.Errorf("%s: got %x, want %x", tt.name, got, all[tt.name])
			}
		}
	})
	t.Run("usual ones cost five bytes", func(t *testing.T) {
		p := samplePayloads()[0].p
		if got := len(p.appendTravelling(nil)) - len(p.data); got != 5 {
			t.Errorf("got %d, want 5", got)
		}
	})
}

func FuzzDecodeTravelling(f *testing.F) {
	for _, tt := range samplePayloads() {
		f.Add(tt.p.appendTravelling(nil))
	}
	f.Add([]byte{})
	f.Add([]byte{travelVersion | travelFields, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{travelVersion | travelFields, 0, 0, 0, 0, 2, tagData, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodeTravelling(b, "s")
		if err != nil {
			if !errors.Is(err, errPayload) {
				t.Fatalf("error: got %v, want %v", err, errPayload)
			}
			return
		}
		if p.scheme != "s" || p.created < 0 {
			t.Errorf("%x: got %+v", b, p)
		}
		again, err := decodeTravelling(p.appendTravelling(nil), "s")
		if err != nil || again.created != p.created || again.authenticated != p.authenticated || again.remember != p.remember ||
			again.until != p.until || again.class != p.class || !bytes.Equal(again.methods, p.methods) ||
			!bytes.Equal(again.unknown, p.unknown) || !bytes.Equal(again.data, p.data) {
			t.Errorf("%x: read again: got %+v, %v, want %+v", b, again, err, p)
		}
	})
}
