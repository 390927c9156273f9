package values

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// hoarder keeps the bytes that it gets, which encoding/json forbids.
type hoarder []byte

func (h *hoarder) UnmarshalJSON(b []byte) error { *h = b; return nil }

type textHoarder struct{ kept []byte }

func (h *textHoarder) UnmarshalText(b []byte) error { h.kept = b; return nil }

type plainData struct {
	Name string
	N    int
	At   time.Time
	Tags []string
	More map[string]any
	Next *plainData
}

func TestKeepsNoJSON(t *testing.T) {
	for _, tt := range []struct {
		t    reflect.Type
		want bool
	}{
		{reflect.TypeFor[plainData](), true},
		{reflect.TypeFor[string](), true},
		{reflect.TypeFor[any](), true},
		{reflect.TypeFor[map[string][]byte](), true},
		{reflect.TypeFor[hoarder](), false},
		{reflect.TypeFor[json.RawMessage](), false},
		{reflect.TypeFor[*big.Int](), false},
		{reflect.TypeFor[map[netip.Addr]int](), false},
		{reflect.TypeFor[struct{ textHoarder }](), false},
		{reflect.TypeFor[struct{ In []struct{ H *hoarder } }](), false},
		{reflect.TypeFor[map[string]textHoarder](), false},
	} {
		if got := keepsNoJSON(tt.t, map[reflect.Type]bool{}); got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.t, got, tt.want)
		}
	}
}

// unmarshalJSON decodes as json.Unmarshal does, also after any other value.
func TestUnmarshalJSON(t *testing.T) {
	texts := []string{
		`{"Name":"a","N":1,"At":"2030-01-02T03:04:05Z","Tags":["x"],"More":{"k":[1,null]},"Next":{"N":2}}`,
		`{}`, `null`, ` {"N":1}`, `{"N":1} `, "{\"N\":1}\n", `{"N":1}{"N":2}`, `{"N":1}x`, `{"N":1}]`, `{"N":"text"}`, `{"N":1,"Tags":7,"Name":"b"}`,
		`{"N":`, `{`, ``, ` `, `x`, `[]`, `12`, `"text"`, "{\"Name\":\"\xff\"}", `{"Name":"` + strings.Repeat("n", maxPooledJSON) + `"}`,
	}
	for _, before := range texts {
		for _, text := range texts {
			_ = unmarshalJSON([]byte(before), new(plainData))
			var got, want plainData
			errGot, errWant := unmarshalJSON([]byte(text), &got), json.Unmarshal([]byte(text), &want)
			if (errGot == nil) != (errWant == nil) || errGot != nil && errGot.Error() != errWant.Error() {
				t.Errorf("%.40q after %.40q: got error %v, want %v", text, before, errGot, errWant)
			}
			if errWant == nil && !reflect.DeepEqual(got, want) {
				t.Errorf("%.40q after %.40q: got %+v, want %+v", text, before, got, want)
			}
		}
	}
}

// A value never holds the data of another session, even if its type keeps bytes
// that it must not keep.
func TestDecodedValuesAreApart(t *testing.T) {
	keeps, err := New[struct{ H hoarder }](nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := New[plainData](nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := keeps.Decode([]byte(`{"H":"the first one's secret"}`))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			name := strings.Repeat(string(rune('a'+i)), 30)
			for range 200 {
				if _, err := keeps.Decode([]byte(`{"H":"another one's, as long"}`)); err != nil {
					t.Error(err)
				}
				v, err := plain.Decode([]byte(`{"Name":"` + name + `","Tags":["` + name + `"]}`))
				if err != nil || v.Name != name || v.Tags[0] != name {
					t.Errorf("got %+v, %v, want %s", v, err, name)
				}
			}
		})
	}
	all.Wait()
	if got := string(first.H); got != `"the first one's secret"` {
		t.Errorf("got %s, want it unchanged", got)
	}
}
