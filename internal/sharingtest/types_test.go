package sharingtest_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
)

// The memory store keeps decoded values, and readers get copies of them. These tests
// have types that can be copied, and types that must not be copied.

type leaf struct {
	Name  string
	Tags  []string
	Count *int
}

// tree has a field of each kind whose values are known to decode exactly.
type tree struct {
	Names   []string
	Numbers []int
	Bytes   []byte
	Leaves  []leaf
	Fixed   [2][]string
	ByName  map[string]leaf
	ByKey   map[named]int
	Leaf    *leaf
	Leaves2 []*leaf
	Free    any
	FreeMap map[string]any
	Big     float64
	Small   float32
	Since   time.Time
	Left    struct {
		Names []string          `json:"names,omitempty"`
		Map   map[string]string `json:"map,omitempty"`
		Zero  float64           `json:"zero,omitempty"`
		N     *int              `json:"n,omitempty"`
	}
}

// wild has fields of the other types that can be copied.
type wild struct {
	Tree    tree
	Raw     json.RawMessage
	ByCount map[int]string
}

func newWild() wild {
	return wild{trees()[0], json.RawMessage(`{"a":[1]}`), map[int]string{7: "seven"}}
}

type named string

// wordy encodes itself as text in upper case.
type wordy struct{ Words []string }

func (w wordy) MarshalText() ([]byte, error) {
	return []byte(strings.ToUpper(strings.Join(w.Words, " "))), nil
}

func (w *wordy) UnmarshalText(text []byte) error {
	w.Words = strings.Fields(string(text))
	return nil
}

// initial encodes itself as the first letter of its name.
type initial struct{ Name string }

func (i initial) MarshalText() ([]byte, error) { return []byte(i.Name[:min(1, len(i.Name))]), nil }

func (i *initial) UnmarshalText(text []byte) error {
	i.Name = string(text)
	return nil
}

// twins decode with both pointers to one number.
type twins struct{ A, B *int }

func (w *twins) UnmarshalJSON(data []byte) error {
	var both struct{ A, B *int }
	err := json.Unmarshal(data, &both)
	w.A, w.B = both.A, both.A
	return err
}

// chain contains itself.
type chain struct {
	Names []string
	Next  *chain
}

// tags has fields with tags that change their form in JSON.
type tags struct {
	Quoted  int      `json:"quoted,string"`
	Skipped []string `json:"-"`
	Zero    []string `json:"zero,omitzero"`
	Names   []string `json:"nämes"`
}

// shy reports that each of its values is zero.
type shy struct{ N int }

func (shy) IsZero() bool { return true }

type hiding struct {
	Shy shy `json:"shy,omitzero"`
}

type embedding struct {
	leaf
	Names []string
}

func p[V any](v V) *V { return &v }

func trees() []tree {
	first := tree{
		Names: []string{"a", ""}, Numbers: []int{1, math.MinInt64}, Bytes: []byte{0, 255},
		Leaves: []leaf{{Name: "x", Tags: []string{"t"}, Count: p(1)}, {}}, Fixed: [2][]string{{"f"}, nil},
		ByName: map[string]leaf{"one": {Tags: []string{"u"}}}, ByKey: map[named]int{"k": 1},
		Leaf: &leaf{Name: "y", Count: p(2)}, Leaves2: []*leaf{nil, {Tags: []string{"v"}}},
		Free: map[string]any{"list": []any{1.5, "s", nil, true}}, FreeMap: map[string]any{"m": map[string]any{"n": []any{}}},
		Big: math.MaxFloat64, Small: math.SmallestNonzeroFloat32, Since: time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC),
	}
	first.Left.Names, first.Left.Map, first.Left.N = []string{"l"}, map[string]string{"k": "v"}, p(0)
	empty := tree{
		Names: []string{}, Numbers: []int{}, Bytes: []byte{}, Leaves: []leaf{}, ByName: map[string]leaf{}, ByKey: map[named]int{},
		Leaf: &leaf{}, Leaves2: []*leaf{}, Free: []any{}, FreeMap: map[string]any{}, Big: math.Copysign(0, -1),
	}
	inexact := []tree{
		{Names: []string{"\xff"}},
		{ByName: map[string]leaf{"\xff": {}}},
		{Free: 1},
		{Free: []string{"typed"}},
		{Free: []any(nil)},
		{Free: leaf{Name: "typed"}},
		{FreeMap: map[string]any{"a": map[string]any(nil), "b": "\xff"}},
		{},
		{Since: time.Now()},
	}
	var left [3]tree // each has another part that JSON omits
	left[0].Left.Names, left[1].Left.Map, left[2].Left.Zero = []string{}, map[string]string{}, math.Copysign(0, -1)
	return slices.Concat([]tree{first, empty}, inexact, left[:])
}
