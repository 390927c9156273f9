package values_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/humasess/sessions/humasess/internal/values"
)

func newType[T any](t *testing.T) *values.Type[T] {
	t.Helper()
	v, err := values.New[T](nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// deep has everything that two copies could share.
type deep struct {
	Name  string
	List  []int
	Map   map[string]*int
	Inner []struct{ Tags []string }
	Any   any
}

func newDeep() deep {
	n := 1
	return deep{
		Name: "a", List: []int{1}, Map: map[string]*int{"k": &n}, Inner: []struct{ Tags []string }{{[]string{"x"}}},
		Any: []any{map[string]any{"y": "z"}},
	}
}

func (d *deep) spoil() {
	d.List[0], *d.Map["k"], d.Inner[0].Tags[0] = 99, 99, "spoilt"
	d.Any.([]any)[0].(map[string]any)["y"] = "spoilt"
	d.Map["new"] = nil
}

func TestCopiesShareNothing(t *testing.T) {
	v := newType[deep](t)
	if !v.CanCopy() || !v.CanKeep() {
		t.Fatalf("CanCopy and CanKeep: got %v and %v, want true", v.CanCopy(), v.CanKeep())
	}
	original := newDeep()
	copied := v.Copy(&original)
	var kept deep
	v.Keep(&kept, &original, nil)
	original.spoil()
	for name, got := range map[string]deep{"Copy": copied, "Keep": kept} {
		if !reflect.DeepEqual(got, newDeep()) {
			t.Errorf("%s, after a change to the original: got %+v, want %+v", name, got, newDeep())
		}
	}
}

// A kept value outlives the buffer that the strings of the original are in.
func TestKeepCopiesStrings(t *testing.T) {
	v := newType[deep](t)
	buffer := []byte("from a request")
	var base, kept deep
	v.Keep(&base, &deep{Name: unsafe.String(&buffer[0], len(buffer))}, nil)
	v.Keep(&kept, &deep{Name: unsafe.String(&buffer[0], len(buffer))}, &base)
	clear(buffer)
	if kept.Name != "from a request" {
		t.Errorf("got %q, want the string of the request", kept.Name)
	}
	if unsafe.StringData(kept.Name) != unsafe.StringData(base.Name) {
		t.Error("the unchanged string has memory of its own, want that of the base")
	}
}

// cloned copies itself.
type cloned struct{ List []int }

func (c *cloned) Clone() cloned { return cloned{slices.Clone(c.List)} }

// decodesItself cannot be copied, because its decoder may share parts of values.
type decodesItself struct{ list []int }

func (d decodesItself) MarshalJSON() ([]byte, error)  { return json.Marshal(d.list) }
func (d *decodesItself) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &d.list) }

func TestCanCopy(t *testing.T) {
	cloner, own := newType[cloned](t), newType[decodesItself](t)
	if !cloner.CanCopy() || cloner.CanKeep() {
		t.Errorf("with Clone: got %v and %v, want a copy of decoded values alone", cloner.CanCopy(), cloner.CanKeep())
	}
	if own.CanCopy() || own.CanKeep() {
		t.Errorf("with a decoder: got %v and %v, want no copies", own.CanCopy(), own.CanKeep())
	}
	original := cloned{[]int{1}}
	copied := cloner.Copy(&original)
	original.List[0] = 99
	if copied.List[0] != 1 {
		t.Errorf("with Clone: got %v, want [1]", copied.List)
	}
}

// Exact is never true for a value that decoding would change.
func TestExact(t *testing.T) {
	type data struct {
		Text  string
		List  []int
		Empty []int `json:",omitempty"`
		At    time.Time
		Any   any
	}
	v := newType[data](t)
	for name, tt := range map[string]struct {
		value data
		want  bool
	}{
		"zero":           {data{}, true},
		"plain":          {data{Text: "a", List: []int{1}, Any: map[string]any{"k": 1.5}}, true},
		"UTC":            {data{At: time.Unix(1, 2).UTC()}, true},
		"local":          {data{At: time.Unix(1, 2).In(time.FixedZone("here", 3600))}, false},
		"monotonic":      {data{At: time.Now()}, false},
		"not UTF-8":      {data{Text: "\xff"}, false},
		"empty, omitted": {data{Empty: []int{}}, false},
		"int in any":     {data{Any: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := v.Exact(&tt.value); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			encoded, err := v.Encode(&tt.value)
			if err != nil {
				t.Fatal(err)
			}
			back, err := v.Decode(encoded)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want && !reflect.DeepEqual(*back, tt.value) {
				t.Errorf("decoded: got %+v, want %+v", *back, tt.value)
			}
		})
	}
}

func TestNewTriesTheCodec(t *testing.T) {
	broken := errors.New("broken")
	marshal := func(any) ([]byte, error) { return nil, nil }
	if _, err := values.New[int](func(any) ([]byte, error) { return nil, broken }, json.Unmarshal); !errors.Is(err, broken) {
		t.Errorf("Marshal fails: got %v, want %v", err, broken)
	}
	if _, err := values.New[int](marshal, func([]byte, any) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("Unmarshal fails: got %v, want %v", err, broken)
	}
}
