package stores_test

import (
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/humasess/sessions/stores"
)

func TestID(t *testing.T) {
	id := stores.ID{0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xfe}
	t.Run("String", func(t *testing.T) {
		if got, want := id.String(), "_wECAwQFBgcICQoLDA0O_g"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("round trip", func(t *testing.T) {
		got, err := stores.ParseID(id.String())
		if err != nil || got != id {
			t.Errorf("got %v and error %v, want %v", got, err, id)
		}
	})
	t.Run("IsZero", func(t *testing.T) {
		if id.IsZero() {
			t.Error("an ID: got true, want false")
		}
		if !(stores.ID{}).IsZero() {
			t.Error("the zero ID: got false, want true")
		}
		if (stores.ID{15: 1}).IsZero() {
			t.Error("an ID that ends in 1: got true, want false")
		}
	})
}

func TestParseID(t *testing.T) {
	const valid = "_wECAwQFBgcICQoLDA0O_g"
	tests := []struct{ name, text string }{
		{"empty", ""},
		{"too short", valid[:21]},
		{"too long", valid + "A"},
		{"padded", valid + "=="},
		{"standard alphabet", "/" + valid[1:]},
		{"space", " " + valid[1:]},
		{"newline", valid[:10] + "\n" + valid[11:]},
		{"newline more", valid + "\n"},
		{"NUL", "\x00" + valid[1:]},
		{"bits beyond the last byte", valid[:21] + "h"},
		{"token instead", strings.Repeat("A", 64)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, err := stores.ParseID(tt.text)
			if !errors.Is(err, stores.ErrInvalidID) || !id.IsZero() {
				t.Errorf("got %v and error %v, want the zero ID and %v", id, err, stores.ErrInvalidID)
			}
		})
	}
}

func FuzzParseID(f *testing.F) {
	for _, seed := range []string{"", "_wECAwQFBgcICQoLDA0O_g", "_wECAwQFBgcICQoLDA0O_h", strings.Repeat("\n", 22), strings.Repeat("A", 22)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := stores.ParseID(text)
		if err != nil {
			if !errors.Is(err, stores.ErrInvalidID) || !id.IsZero() {
				t.Fatalf("got %v and error %v, want the zero ID and %v", id, err, stores.ErrInvalidID)
			}
			return
		}
		if got := id.String(); got != text {
			t.Fatalf("round trip: got %q, want %q", got, text)
		}
	})
}

// fill is an endless reader of one byte.
type fill byte

func (f fill) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(f)
	}
	return len(p), nil
}

func withReader(t *testing.T, r io.Reader, f func()) {
	t.Helper()
	kept := rand.Reader
	rand.Reader = r
	defer func() { rand.Reader = kept }()
	f()
}

func TestRandomID(t *testing.T) {
	t.Run("T1 comes from crypto/rand.Reader", func(t *testing.T) {
		withReader(t, fill(7), func() {
			want := stores.ID{7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7}
			if got, err := stores.RandomID(); err != nil || got != want {
				t.Errorf("got %v and error %v, want %v", got, err, want)
			}
		})
	})
	t.Run("T1 no ID twice", func(t *testing.T) {
		seen := map[stores.ID]bool{}
		for range 10_000 {
			id, err := stores.RandomID()
			if err != nil {
				t.Fatal(err)
			}
			seen[id] = true
		}
		if len(seen) != 10_000 {
			t.Errorf("different IDs: got %d, want 10000", len(seen))
		}
	})
}
