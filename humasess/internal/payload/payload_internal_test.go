package payload

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/internal/stored"
)

// sampleType is the type in testdata/payload.v1.golden.
const sampleType = "main.User"

// samplePayloads are those of testdata/payload.v1.golden, line by line. An
// earlier release wrote the old ones: without a type, and with the time of the
// authentication in any case.
func samplePayloads() []struct {
	name string
	p    Fields
	old  bool
} {
	hash := func(first byte) (h [32]byte) {
		for i := range h {
			h[i] = first + byte(i)
		}
		return h
	}
	samples := []struct {
		name string
		p    Fields
		old  bool
	}{
		{name: "usual", p: Fields{
			Scheme: "sessionCookie", Hash: hash(0x10),
			Created: 1_893_585_600_000_000_000, Authenticated: 1_893_585_600_000_000_000,
			Idle: 30 * time.Minute, Data: []byte(`{"id":"u1","roles":["admin"]}`),
		}},
		{name: "remembered", p: Fields{
			Scheme: "sessionCookie", Hash: hash(0x20),
			Created: 1_893_585_600_000_000_000, Authenticated: 1_893_585_600_000_000_001,
			Idle: 14 * 24 * time.Hour, Remember: true, Data: []byte(`{}`),
		}},
		{name: "rotated", p: Fields{
			Scheme: "basket", Hash: hash(0x30), Created: 1, Authenticated: 2, Idle: time.Second,
			Previous: hash(0x50), Rotated: 1_893_585_601_234_567_890, Tolerated: true, Data: []byte("null"),
		}},
		{name: "before 1970, no data", p: Fields{
			Scheme: "s", Hash: hash(0x40), Created: -1, Authenticated: -1 << 62, Idle: 1, Data: []byte{},
		}},
		{name: "of a newer release", p: Fields{
			Scheme: "s", Hash: hash(0x60), Created: 5, Authenticated: 6, Idle: 7, Data: []byte{0, 0xff},
			Unknown: []byte{100, 2, 'h', 'i', 0xac, 0x02, 0},
		}},
		{name: "rotated often", p: Fields{
			Scheme: "basket", Hash: hash(0x70), Created: 1, Authenticated: 2, Idle: time.Second,
			Previous: hash(0x80), Skipped: hash(0x90), Rotated: 3, Confirmed: 4, Tolerated: true,
			Older: []byte("0123456789abcdef"), Data: []byte("null"),
		}},
		{name: "rotated at once", p: Fields{
			Scheme: "basket", Hash: hash(0xa0), Created: 1, Authenticated: 2, Idle: time.Second,
			Rotated: 5, Older: []byte("01234567"), Data: []byte("null"),
		}},
		{name: "authenticated twice", p: Fields{
			Scheme: "basket", Hash: hash(0xb0), Created: 1, Authenticated: 7, Idle: time.Second,
			Methods: AppendMethod(AppendMethod(nil, "pwd", time.Unix(0, 1)), "otp", time.Unix(0, 7)), Data: []byte("null"),
		}},
		{name: "authenticated elsewhere", p: Fields{
			Scheme: "basket", Hash: hash(0xc0), Created: 9, Authenticated: 7, Idle: time.Second,
			Methods: AppendMethod(nil, "hwk", time.Unix(0, 7)), Class: "urn:example:aal3", Data: []byte("null"),
		}},
	}
	for _, sample := range samples {
		sample.name, sample.old = "old: "+sample.name, true
		samples = append(samples, sample)
	}
	return samples
}

const goldenPayload = "testdata/payload.v1.golden"

// goldenLines returns name and bytes of each line "name: hex".
func goldenLines(t testing.TB, name string) (names []string, all [][]byte) {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(file)) {
		colon := strings.LastIndex(line, ": ")
		if colon < 0 {
			t.Fatalf("%s: line %q", name, line)
		}
		name, digits := line[:colon], strings.TrimSpace(line[colon+2:])
		raw, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatalf("%s: line %q: %v", name, line, err)
		}
		names, all = append(names, name), append(all, raw)
	}
	return names, all
}

// The golden bytes are records that are stored somewhere: a change of the
// format that cannot read and write them needs another version byte.
func TestGolden(t *testing.T) {
	samples := samplePayloads()
	names, golden := goldenLines(t, goldenPayload)
	if len(golden) != len(samples) {
		t.Fatalf("%s: got %d lines, want %d", goldenPayload, len(golden), len(samples))
	}
	for i, tt := range samples {
		t.Run(tt.name, func(t *testing.T) {
			if names[i] != tt.name {
				t.Fatalf("golden line: got %q, want %q", names[i], tt.name)
			}
			if got := tt.p.Encode(sampleType); !tt.old && !bytes.Equal(got, golden[i]) {
				t.Errorf("encoded: got %x, want %x", got, golden[i])
			}
			got, err := Decode(golden[i])
			if err != nil {
				t.Fatalf("decoded: %v", err)
			}
			if !reflect.DeepEqual(got, tt.p) {
				t.Errorf("decoded: got %+v, want %+v", got, tt.p)
			}
		})
	}
}

// field is one field of the format, written by hand.
func field(tag byte, value ...byte) []byte {
	return append([]byte{tag, byte(len(value))}, value...)
}

// minimal is the shortest payload that is accepted, with more fields.
func minimal(more ...[]byte) []byte {
	b := append([]byte{version}, field(tagScheme, 's')...)
	b = append(b, field(tagIdle, 2)...)
	return append(b, bytes.Join(more, nil)...)
}

func TestDecode(t *testing.T) {
	long := make([]byte, 33)
	tests := []struct {
		name string
		b    []byte
		ok   bool
	}{
		{"minimal", minimal(), true},
		{"nil", nil, false},
		{"empty", []byte{}, false},
		{"version only", []byte{version}, false},
		{"version 0", append([]byte{0}, minimal()[1:]...), false},
		{"version 2", append([]byte{2}, minimal()[1:]...), false},
		{"JSON", []byte(`{"id":"u1"}`), false},
		{"without scheme", append([]byte{version}, field(tagIdle, 2)...), false},
		{"without idle timeout", append([]byte{version}, field(tagScheme, 's')...), false},
		{"idle timeout 0", minimal(field(tagIdle, 0)), false},
		{"negative idle timeout", minimal(field(tagIdle, 1)), false},
		{"hash", minimal(field(tagHash, long[:32]...)), true},
		{"short hash", minimal(field(tagHash, long[:31]...)), false},
		{"long hash", minimal(field(tagHash, long...)), false},
		{"short previous hash", minimal(field(tagPrevious, long[:31]...)), false},
		{"long previous hash", minimal(field(tagPrevious, long...)), false},
		{"number with a byte more", minimal(field(tagCreated, 2, 0)), false},
		{"number without bytes", minimal(field(tagAuthenticated)), false},
		{"number that does not end", minimal(field(tagRotated, 0x80)), false},
		{"number of more than 64 bits", minimal(field(tagCreated, bytes.Repeat([]byte{0xff}, 11)...)), false},
		{"tag without length", minimal([]byte{tagData}), false},
		{"tag that does not end", minimal([]byte{0x80}), false},
		{"length that does not end", minimal([]byte{tagData, 0x80}), false},
		{"length beyond the end", minimal([]byte{tagData, 2, 'x'}), false},
		{"length that overflows", minimal([]byte{tagData, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}), false},
		{"unknown tag", minimal(field(77, 'x')), true},
		{"unknown tag, beyond the end", minimal([]byte{77, 2, 'x'}), false},
		{"tag 0", minimal(field(0)), true},
		{"type", minimal(field(tagType, 'T')), true},
		{"type without a name", minimal(field(tagType)), true},
		{"short skipped hash", minimal(field(tagSkipped, long[:31]...)), false},
		{"marks of older secrets", minimal(field(tagOlder, long[:16]...)), true},
		{"no mark", minimal(field(tagOlder)), false},
		{"half a mark", minimal(field(tagOlder, long[:12]...)), false},
		{"too many marks", minimal(append([]byte{tagOlder, 0x88, 0x01}, make([]byte, 136)...)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode(tt.b)
			if tt.ok != (err == nil) {
				t.Errorf("error: got %v, want one: %v", err, !tt.ok)
			}
			if err != nil && !errors.Is(err, ErrFormat) {
				t.Errorf("error: got %v, want %v", err, ErrFormat)
			}
		})
	}
}

func TestUnknownFields(t *testing.T) {
	newer := append(field(200, 'a'), field(77, 'b', 'c')...)
	newer[0] = 100 // one byte as a tag
	p, err := Decode(minimal(newer[:3], field(tagData, 'd'), newer[3:]))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p.Unknown, newer) {
		t.Errorf("unknown: got %x, want %x", p.Unknown, newer)
	}
	t.Run("through changes", func(t *testing.T) {
		for range 3 {
			p.Data, p.Remember, p.Created = append(p.Data, 'x'), true, p.Created+1
			if p, err = Decode(p.Encode(sampleType)); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(p.Unknown, newer) || string(p.Data) != "dxxx" || p.Created != 3 {
			t.Errorf("after three changes: got %x and data %q, want %x and data %q", p.Unknown, p.Data, newer, "dxxx")
		}
	})
	t.Run("in memory of their own", func(t *testing.T) {
		raw := minimal(field(77, 'b'))
		p, err := Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if cap(p.Unknown) > 0 {
			_ = append(p.Unknown[:cap(p.Unknown)], 'x')
		}
		if want := minimal(field(77, 'b')); !bytes.Equal(raw, want) {
			t.Errorf("stored bytes: got %x, want %x", raw, want)
		}
	})
}

// The time of the authentication is in a payload only if it is not the time of
// creation. It is read as the time of creation if it is absent.
func TestAuthenticated(t *testing.T) {
	for _, at := range []int64{-1, 0, 1, 1_893_585_600_000_000_000} {
		for _, authenticated := range []int64{at, 0, at + 1} {
			p := Fields{Scheme: "s", Created: at, Authenticated: authenticated, Idle: 1}
			b := p.Encode("")
			got, err := Decode(b)
			if err != nil || got.Created != at || got.Authenticated != authenticated {
				t.Errorf("created %d, authenticated %d: got %+v and error %v", at, authenticated, got, err)
			}
			p.Authenticated = at
			if same := p.Encode(""); (len(b) == len(same)) != (authenticated == at) {
				t.Errorf("created %d, authenticated %d: got %d bytes, want more than %d: %v", at, authenticated, len(b), len(same), authenticated != at)
			}
		}
	}
	got, err := Decode(minimal(field(tagAuthenticated, 2), field(tagCreated, 4)))
	if err != nil || got.Created != 2 || got.Authenticated != 1 {
		t.Errorf("in another order: got %+v and error %v", got, err)
	}
	usual := samplePayloads()[0].p
	if got := len(usual.Encode(sampleType)) - len(usual.Data); got != 82 {
		t.Errorf("a usual record: got %d bytes beside the data, want 82 as in earlier releases", got)
	}
}

// The type is that of the program that writes, not the one in the record.
func TestType(t *testing.T) {
	p, err := Decode(minimal(field(tagType, []byte("main.Operator")...), field(tagData, 'd')))
	if err != nil || len(p.Unknown) > 0 {
		t.Fatalf("got %+v and error %v", p, err)
	}
	for _, name := range []string{"main.User", ""} {
		scheme, got, err := stored.Origin(p.Encode(name))
		if err != nil || scheme != "s" || got != name {
			t.Errorf("written by %q: got scheme %q, type %q and error %v", name, scheme, got, err)
		}
	}
	if b := p.AppendClientSide(nil); bytes.Contains(b, []byte("main.")) {
		t.Errorf("a cookie names the type: %q", b)
	}
}

// The fields must not keep the payload alive that they came from.
func TestEncodeMovesTheFields(t *testing.T) {
	for _, sample := range samplePayloads() {
		p := sample.p
		b := p.Encode(sampleType)
		in := func(field []byte) bool {
			for i := range b {
				if len(field) > 0 && &b[i] == &field[0] {
					return true
				}
			}
			return len(field) == 0
		}
		for name, field := range map[string][]byte{
			"Older": p.Older, "Methods": p.Methods, "Client": p.Client, "Unknown": p.Unknown, "Data": p.Data,
		} {
			if !in(field) {
				t.Errorf("%s is not a part of the result", name)
			}
		}
		again, err := Decode(b)
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("got %+v and %v, want %+v", again, err, p)
		}
	}
}

// Appending to the data of a payload must not write into the stored record.
func TestDataHasNoRoom(t *testing.T) {
	raw := minimal(field(tagData, 'd'), field(77, 'b'))
	p, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	_ = append(p.Data, 'X', 'X', 'X')
	if want := minimal(field(tagData, 'd'), field(77, 'b')); !bytes.Equal(raw, want) {
		t.Errorf("stored bytes: got %x, want %x", raw, want)
	}
}

func TestDecodeDamaged(t *testing.T) {
	_, golden := goldenLines(t, goldenPayload)
	t.Run("cut off", func(t *testing.T) {
		for _, whole := range golden {
			for n := range whole {
				// The data come last, and a cut never looks like a shorter record.
				p, err := Decode(whole[:n:n])
				if err == nil && len(p.Data) > 0 {
					t.Errorf("%d of %d bytes: got data %q, want an error or none", n, len(whole), p.Data)
				}
			}
		}
	})
	t.Run("one bit flipped", func(t *testing.T) {
		for _, whole := range golden {
			for bit := range len(whole) * 8 {
				b := bytes.Clone(whole)
				b[bit/8] ^= 1 << (bit % 8)
				checkDecoded(t, b)
			}
		}
	})
	t.Run("random changes", func(t *testing.T) {
		seed := uint64(time.Now().UnixNano())
		r := rand.New(rand.NewPCG(seed, 0))
		for range 20_000 {
			b := bytes.Clone(golden[r.IntN(len(golden))])
			for range 1 + r.IntN(4) {
				switch i := r.IntN(len(b)); r.IntN(3) {
				case 0:
					b[i] = byte(r.Uint32())
				case 1:
					b = append(b[:i], b[min(len(b), i+1+r.IntN(8)):]...)
				case 2:
					b = append(b[:i:i], append([]byte{byte(r.Uint32())}, b[i:]...)...)
				}
				if len(b) == 0 {
					break
				}
			}
			if !checkDecoded(t, b) {
				t.Fatalf("seed %d", seed)
			}
		}
	})
}

// checkDecoded checks a promise for any bytes: no panic, and an accepted payload
// is written and read again as the same.
func checkDecoded(t *testing.T, b []byte) bool {
	t.Helper()
	before := bytes.Clone(b)
	p, err := Decode(b)
	if !bytes.Equal(b, before) {
		t.Errorf("%x: decoding changed the bytes", before)
		return false
	}
	if err != nil {
		if !errors.Is(err, ErrFormat) {
			t.Errorf("%x: got error %v, want %v", b, err, ErrFormat)
			return false
		}
		return true
	}
	if p.Scheme == "" || p.Idle <= 0 {
		t.Errorf("%x: accepted with scheme %q and idle timeout %v", b, p.Scheme, p.Idle)
		return false
	}
	if !p.Tolerated {
		p.Previous = [32]byte{} // not written then
	}
	again, err := Decode(p.Encode(sampleType))
	if err != nil {
		t.Errorf("%x: the payload is refused when written again: %v", b, err)
		return false
	}
	if len(p.Data) == 0 {
		p.Data, again.Data = nil, nil
	}
	if !reflect.DeepEqual(again, p) {
		t.Errorf("%x: got %+v when written and read again, want %+v", b, again, p)
		return false
	}
	return true
}

func FuzzDecode(f *testing.F) {
	_, golden := goldenLines(f, goldenPayload)
	for _, b := range golden {
		f.Add(b)
	}
	f.Add([]byte{})
	f.Add([]byte{version})
	f.Add(minimal([]byte{tagData, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}))
	f.Fuzz(func(t *testing.T, b []byte) { checkDecoded(t, b) })
}
