package payload_test

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess/internal/payload"
)

func TestHead(t *testing.T) {
	p := payload.Fields{Scheme: "basket", Idle: time.Hour}
	if head := payload.Head("basket"); !bytes.HasPrefix(p.Encode("main.User"), head) {
		t.Errorf("got %x, want a prefix of %x", head, p.Encode("main.User"))
	}
	other := payload.Fields{Scheme: "baskets", Idle: time.Hour}
	if head := payload.Head("basket"); bytes.HasPrefix(other.Encode("main.User"), head) {
		t.Errorf("got %x, want no prefix of another scheme's payload", head)
	}
}

func TestMethods(t *testing.T) {
	at := time.Unix(1_900_000_000, 5)
	b := payload.AppendMethod(payload.AppendMethod(nil, "pwd", at), "otp", at.Add(time.Second))
	names := func(b []byte) (all []string) {
		for name, got := range payload.AllMethods(b) {
			if want := at.Add(time.Duration(len(all)) * time.Second); !got.Equal(want) {
				t.Errorf("time of %s: got %v, want %v", name, got, want)
			}
			all = append(all, name)
		}
		return all
	}
	if got := names(b); len(got) != 2 || got[0] != "pwd" || got[1] != "otp" {
		t.Errorf("got %q, want pwd and otp", got)
	}
	for n := range b {
		if got := names(b[:n]); len(got) > 1 {
			t.Errorf("the first %d of %d bytes: got %q, want fewer methods", n, len(b), got)
		}
	}
	for range payload.AllMethods(b) {
		break // is allowed
	}
}

func TestClient(t *testing.T) {
	for _, tt := range []struct {
		userAgent string
		address   netip.Prefix
	}{
		{"", netip.Prefix{}},
		{"Firefox", netip.Prefix{}},
		{"", netip.MustParsePrefix("192.0.2.0/24")},
		{"Firefox", netip.MustParsePrefix("2001:db8::/48")},
	} {
		b := payload.EncodeClient(tt.userAgent, tt.address)
		userAgent, address := payload.DecodeClient(b)
		if userAgent != tt.userAgent || address != tt.address {
			t.Errorf("got %q and %v, want %q and %v", userAgent, address, tt.userAgent, tt.address)
		}
		if empty := tt.userAgent == "" && !tt.address.IsValid(); (b == nil) != empty {
			t.Errorf("%q and %v: got %x, want nil: %v", tt.userAgent, tt.address, b, empty)
		}
	}
	for _, b := range [][]byte{{5}, {4, 1, 2, 3}} {
		if userAgent, address := payload.DecodeClient(b); userAgent != "" || address.IsValid() {
			t.Errorf("%x: got %q and %v, want nothing", b, userAgent, address)
		}
	}
}

func hash(n int) (h [32]byte) {
	for i := range h {
		h[i] = byte(n)
	}
	return h
}

func TestSupersede(t *testing.T) {
	p := payload.Fields{Hash: hash(1), Confirmed: 7}
	p.Supersede(hash(1), true, 10)
	p.Hash = hash(2)
	if !p.Tolerated || p.Previous != hash(1) || p.Skipped != [32]byte{} || p.Rotated != 10 || !p.Unconfirmed() {
		t.Errorf("by the current secret: got %+v", p)
	}
	p.Supersede(hash(1), true, 20)
	p.Hash = hash(3)
	if p.Previous != hash(1) || p.Skipped != hash(2) || len(p.Older) != 0 {
		t.Errorf("by the previous secret: got %+v, want 2 as the skipped one", p)
	}
	loaded := p
	before := bytes.Clone(p.Older)
	p.Supersede(hash(3), false, 30)
	for n := 1; n <= 3; n++ {
		if !p.Knows(hash(n)) {
			t.Errorf("without tolerance: secret %d has no mark", n)
		}
	}
	if p.Tolerated || p.Unconfirmed() || p.Knows(hash(4)) {
		t.Errorf("without tolerance: got %+v", p)
	}
	if !bytes.Equal(loaded.Older, before) {
		t.Errorf("marks of the loaded record: got %x, want %x", loaded.Older, before)
	}
	for n := 4; n < 40; n++ {
		p.Hash = hash(n)
		p.Supersede(hash(n), false, int64(n))
	}
	if len(p.Older) != 16*8 || p.Knows(hash(23)) || !p.Knows(hash(24)) || !p.Knows(hash(39)) {
		t.Errorf("many times: got marks %x, want those of 24 to 39", p.Older)
	}
}
