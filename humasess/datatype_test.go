package humasess

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// oneWay encodes itself and does not come back.
type oneWay struct{ id string }

func (o oneWay) MarshalJSON() ([]byte, error) { return json.Marshal(o.id) }

type oneWayText struct{ id string }

func (o oneWayText) MarshalText() ([]byte, error) { return []byte(o.id), nil }

// lenient has a decoder of its own only, which is fine.
type lenient struct{ N int }

func (l *lenient) UnmarshalJSON(b []byte) error {
	type plain lenient
	return json.Unmarshal(b, (*plain)(l))
}

type hiddenFields struct{ id, name string } //nolint:unused // read by reflection

type base struct{ ID string }

type baseless struct{ id string } //nolint:unused // read by reflection

type node struct {
	Name string
	Next *node
	Tree map[string][]node
}

// named returns a struct of two fields. The go command refuses such a literal.
func named(a, tagA, b, tagB string) any {
	text := reflect.TypeFor[string]()
	return reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: a, Type: text, Tag: reflect.StructTag(tagA)}, {Name: b, Type: text, Tag: reflect.StructTag(tagB)},
	})).Elem().Interface()
}

func TestCheckDataType(t *testing.T) {
	good := []any{
		"", 0, true, struct{}{}, struct{ ID string }{}, []string{}, map[string]any{}, map[int]string{}, map[netip.Addr]int{},
		time.Time{}, netip.Addr{}, json.RawMessage{}, json.Number(""), lenient{}, node{}, [3]base{},
		struct{ base }{},
		struct {
			ID     string
			Lock   sync.Mutex `json:"-"`
			Reader io.Reader  `json:"-"`
			note   string
		}{},
		struct {
			ID   string `json:"id"`
			Name string `json:"ID"`
		}{},
	}
	for _, v := range good {
		if err := checkDataType(reflect.TypeOf(v)); err != nil {
			t.Errorf("%T: got %v, want nil", v, err)
		}
	}
	bad := []struct {
		value any
		want  string
	}{
		{hiddenFields{}, "no exported field"},
		{struct{ User hiddenFields }{}, ".User"},
		{[]hiddenFields{}, "no exported field"},
		{map[string]*hiddenFields{}, "no exported field"},
		{struct{ Lock sync.Mutex }{}, ".Lock"},
		{struct{ R io.Reader }{}, "interface with methods"},
		{struct{ Err error }{}, "interface with methods"},
		{struct{ S []fmt.Stringer }{}, "interface with methods"},
		{oneWay{}, "UnmarshalJSON"},
		{&oneWay{}, "UnmarshalJSON"},
		{struct{ M map[string]oneWay }{}, "UnmarshalJSON"},
		{oneWayText{}, "UnmarshalText"},
		{struct{ F func() }{}, "func()"},
		{struct{ P *chan int }{}, "chan int"},
		{[]complex128{}, "complex128"},
		{map[float64]int{}, "map keys"},
		{map[bool]int{}, "map keys"},
		{map[base]int{}, "map keys"},
		{map[oneWayText]int{}, "map keys"},
		{struct{ *baseless }{}, "embedded pointer"},
		{struct{ *node }{}, "embedded pointer"},
		{struct{ Home *url.URL }{}, "Userinfo"},
		{struct{ baseless }{}, "no exported field"},
		{named("A", `json:"id"`, "B", `json:"id"`), `named "id"`},
		{named("ID", "", "B", `json:"ID,omitempty"`), `named "ID"`},
	}
	for _, tt := range bad {
		if err := checkDataType(reflect.TypeOf(tt.value)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T: got %v, want an error with %q", tt.value, err, tt.want)
		}
	}
	t.Run("New refuses them, unless the program has a codec", func(t *testing.T) {
		if _, err := (&Options[hiddenFields]{}).withDefaults(); err == nil || !strings.Contains(err.Error(), "session data") {
			t.Errorf("got %v, want an error about the session data", err)
		}
		own := &Options[hiddenFields]{Codec: Codec{
			Marshal:   func(v any) ([]byte, error) { return []byte(v.(*hiddenFields).id), nil },
			Unmarshal: func(b []byte, v any) error { v.(*hiddenFields).id = string(b); return nil },
		}}
		if _, err := own.withDefaults(); err != nil {
			t.Errorf("with a codec: got %v, want nil", err)
		}
	})
}
