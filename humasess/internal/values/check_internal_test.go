package values

import (
	"encoding/json"
	"errors"
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

// Base is an exported base.
type Base struct{ ID string }

type baseless struct{ id string } //nolint:unused // read by reflection

type node struct {
	Name string
	Next *node
	Tree map[string][]node
}

type otherBase struct{ ID string }

// copied decodes into a copy of itself.
type copied struct{ id string }

func (c copied) MarshalJSON() ([]byte, error) { return json.Marshal(c.id) }
func (c copied) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &c.id) }

type copiedText struct{ id string }

func (c copiedText) MarshalText() ([]byte, error) { return []byte(c.id), nil }
func (c copiedText) UnmarshalText([]byte) error   { return nil }

// unit has no data that could be lost.
type unit struct{}

func (unit) MarshalJSON() ([]byte, error) { return []byte("null"), nil }
func (unit) UnmarshalJSON([]byte) error   { return nil }

// halfText decodes text and encodes a number.
type halfText int

func (*halfText) UnmarshalText([]byte) error { return nil }

// checked only checks its text.
type checked string

func (c *checked) UnmarshalText(b []byte) error { *c = checked(b); return nil }

// dated embeds a type with a codec, and encodes itself.
type dated struct {
	time.Time

	ID string
}

type datedPlain struct {
	Time time.Time
	ID   string
}

func (d dated) MarshalJSON() ([]byte, error) { return json.Marshal(datedPlain{d.Time, d.ID}) }

func (d *dated) UnmarshalJSON(b []byte) error {
	var p datedPlain
	err := json.Unmarshal(b, &p)
	d.Time, d.ID = p.Time, p.ID
	return err
}

// strict refuses the values that the check tries out.
type strict struct {
	time.Time

	ID string
}

func (s strict) MarshalJSON() ([]byte, error) {
	if s.IsZero() {
		return nil, errors.New("no time")
	}
	return json.Marshal(datedPlain{s.Time, s.ID})
}

func (s *strict) UnmarshalJSON(b []byte) error { return (*dated)(s).UnmarshalJSON(b) }

type guardedCount struct {
	mu sync.Mutex //nolint:unused // read by reflection
	n  int        //nolint:unused // read by reflection
}

type locks struct {
	mu   sync.RWMutex //nolint:unused // read by reflection
	once sync.Once    //nolint:unused // read by reflection
	done func()       //nolint:unused // read by reflection
}

type (
	left   struct{ base }
	right  struct{ base }
	begins struct{ time.Time }
	ends   struct{ time.Time }
)

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
		dated{}, strict{}, unit{}, checked(""), struct{ time.Time }{},
		struct {
			time.Time
			Zone string `json:"-"`
		}{},
		struct {
			base
			otherBase `json:"-"`
		}{},
		struct {
			base
			otherBase
			ID string
		}{},
		struct {
			base
			ID string `json:"-"`
		}{},
		struct {
			Left  base
			Right base
		}{},
		struct {
			*Base
			Name string
		}{},
		struct {
			sync.Mutex
			ID string
		}{},
		struct {
			locks
			ID string
		}{},
		struct {
			baseless `json:"-"`
			ID       string
		}{},
		struct {
			base `json:"inner"`
			ID   string
		}{},
		named("A", `json:"a'b"`, "B", `json:"-,"`),
	}
	for _, v := range good {
		if err := check(reflect.TypeOf(v)); err != nil {
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
		{struct {
			base
			otherBase
		}{}, `otherBase.ID: encoding/json does not write both this field and struct`},
		{struct {
			left
			right
		}{}, "right.base.ID"},
		{struct {
			time.Time
			ID string
		}{}, "so ID is lost"},
		{struct {
			*time.Time
			ID string
		}{}, "so ID is lost"},
		{struct {
			ID      string
			Meeting struct {
				netip.Addr
				Port int
			}
		}{}, ".Meeting: the methods of the embedded netip.Addr"},
		{struct {
			lenient
			ID string
		}{}, "so ID is lost"},
		{struct {
			begins
			ends
			ID string
		}{}, "embedded time.Time has no exported field"},
		{struct{ *time.Time }{}, "embedded pointer"},
		{struct{ Key copied }{}, "declare it on *values.copied"},
		{struct{ Key copiedText }{}, "declare it on *values.copiedText"},
		{map[copiedText]int{}, "map keys"},
		{struct{ Half halfText }{}, "no MarshalText"},
		{struct {
			baseless
			ID string
		}{}, "baseless: the embedded values.baseless has no exported field"},
		{struct {
			guardedCount
			ID string
		}{}, "no exported field"},
		{struct {
			baseless `json:"inner"`
			ID       string
		}{}, "no exported field"},
		{named("A", `json:"id"`, "B", `json:"id"`), `named "id"`},
		{named("ID", "", "B", `json:"ID,omitempty"`), `named "ID"`},
	}
	for _, tt := range bad {
		if err := check(reflect.TypeOf(tt.value)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%T: got %v, want an error with %q", tt.value, err, tt.want)
		}
	}
	t.Run("New refuses them, unless the program has a codec", func(t *testing.T) {
		if _, err := New[hiddenFields](nil, nil); err == nil || !strings.Contains(err.Error(), "session data") {
			t.Errorf("got %v, want an error about the session data", err)
		}
		_, err := New[hiddenFields](
			func(v any) ([]byte, error) { return []byte(v.(*hiddenFields).id), nil },
			func(b []byte, v any) error { v.(*hiddenFields).id = string(b); return nil },
		)
		if err != nil {
			t.Errorf("with a codec: got %v, want nil", err)
		}
	})
}
