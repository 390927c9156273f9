package payload

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"
)

// A client-side payload is read as it was written. Exceptions are the fields that
// the cookie and its seal stand for, and fractions of a second.
func TestClientSide(t *testing.T) {
	for _, tt := range samplePayloads() {
		t.Run(tt.name, func(t *testing.T) {
			if tt.p.Created < 0 {
				return // the format has no such time
			}
			b := tt.p.AppendClientSide(nil)
			got, err := DecodeClientSide(b, tt.p.Scheme)
			if err != nil {
				t.Fatalf("decoded: %v", err)
			}
			want := Fields{
				Scheme: tt.p.Scheme, Created: tt.p.Created / int64(time.Second) * int64(time.Second),
				Authenticated: tt.p.Authenticated, Methods: tt.p.Methods, Class: tt.p.Class, Client: tt.p.Client, Idle: got.Idle, Remember: tt.p.Remember,
				Until: tt.p.Until, Data: tt.p.Data, Unknown: tt.p.Unknown,
			}
			if tt.p.Authenticated == tt.p.Created {
				want.Authenticated = want.Created
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			got.Idle = 1
			if again := got.AppendClientSide(nil); !bytes.Equal(again, b) && tt.p.Created%int64(time.Second) == 0 {
				t.Errorf("written again: got %x, want %x", again, b)
			}
		})
	}
	t.Run("golden", func(t *testing.T) {
		names, golden := goldenLines(t, "testdata/clientside.v1.golden")
		all := map[string][]byte{}
		for i, name := range names {
			all[name] = golden[i]
		}
		for _, tt := range samplePayloads() {
			if got := tt.p.AppendClientSide(nil); !tt.old && tt.p.Created >= 0 && !bytes.Equal(got, all[tt.name]) {
				t.Errorf("%s: got %x, want %x", tt.name, got, all[tt.name])
			}
		}
	})
	t.Run("usual ones cost five bytes", func(t *testing.T) {
		p := samplePayloads()[0].p
		if got := len(p.AppendClientSide(nil)) - len(p.Data); got != 5 {
			t.Errorf("got %d, want 5", got)
		}
	})
}

func FuzzDecodeClientSide(f *testing.F) {
	for _, tt := range samplePayloads() {
		f.Add(tt.p.AppendClientSide(nil))
	}
	f.Add([]byte{})
	f.Add([]byte{clientSideVersion | clientSideFields, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{clientSideVersion | clientSideFields, 0, 0, 0, 0, 2, tagData, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodeClientSide(b, "s")
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error: got %v, want %v", err, ErrFormat)
			}
			return
		}
		if p.Scheme != "s" || p.Created < 0 {
			t.Errorf("%x: got %+v", b, p)
		}
		again, err := DecodeClientSide(p.AppendClientSide(nil), "s")
		if err != nil || again.Created != p.Created || again.Authenticated != p.Authenticated || again.Remember != p.Remember ||
			again.Until != p.Until || again.Class != p.Class || !bytes.Equal(again.Methods, p.Methods) ||
			!bytes.Equal(again.Unknown, p.Unknown) || !bytes.Equal(again.Data, p.Data) {
			t.Errorf("%x: read again: got %+v, %v, want %+v", b, again, err, p)
		}
	})
}
