package openapi_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/humasess/sessions/humasess"
	"github.com/humasess/sessions/openapi"
)

// full returns a policy with a value in every field.
func full() openapi.Policy {
	p := openapi.Policy{Version: openapi.PolicyVersion, Managers: make([]openapi.Manager, 1), Operations: make([]openapi.Operation, 1)}
	fill(reflect.ValueOf(&p.Managers[0]).Elem())
	fill(reflect.ValueOf(&p.Operations[0]).Elem())
	p.Managers[0].Functions = []string{"Identity"}
	return p
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf([]string{"k"}))
	case reflect.String:
		v.SetString("k")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(int64(time.Minute))
	}
}

// places calls visit for each plain value in v, which visit may change.
func places(v reflect.Value, name string, visit func(name string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			places(v.Field(i), name+"."+v.Type().Field(i).Name, visit)
		}
	case reflect.Pointer:
		places(v.Elem(), name, visit)
	case reflect.Slice:
		places(v.Index(0), name, visit)
	case reflect.Map:
		visit(name, v)
	default:
		visit(name, v)
	}
}

// The comparison sees a change of each field that the file has.
func TestDiffOfEachField(t *testing.T) {
	for _, sign := range []int64{1, -1} {
		p := full()
		places(reflect.ValueOf(&p), "Policy", func(name string, v reflect.Value) {
			if name == "Policy.Version" || strings.HasSuffix(name, ".Count") {
				return // the one is that of the format, and an operation with a path has no count
			}
			old := reflect.New(v.Type()).Elem()
			old.Set(v)
			switch v.Kind() {
			case reflect.Map:
				v.Set(reflect.ValueOf(map[string][]string{"k": {"other"}}))
			case reflect.String:
				v.SetString("other")
				if strings.HasSuffix(name, "Functions") {
					v.SetString("Codec")
				}
			case reflect.Bool:
				v.SetBool(false)
			default:
				v.SetInt(v.Int() + sign)
			}
			if got := openapi.Diff(full(), p); len(got) == 0 {
				t.Errorf("%s: got no change", name)
			}
			v.Set(old)
		})
	}
}

// Names of any kind stay in their place of the table, and of a line.
func TestMarkdownOfHostileNames(t *testing.T) {
	p := full()
	places(reflect.ValueOf(&p), "Policy", func(_ string, v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString("a|b`c``d\n|\u202e| forged <b>")
		case reflect.Map:
			v.Set(reflect.ValueOf(map[string][]string{"`\n|": {"`\n|"}}))
		default:
		}
	})
	table := p.Markdown()
	for line := range strings.SplitSeq(strings.TrimSuffix(table, "\n"), "\n") {
		if strings.HasPrefix(line, "Open operations: ") {
			continue
		}
		bars := strings.Count(line, "|") - strings.Count(line, `\|`)
		if line != "" && bars != 5 && bars != 3 {
			t.Errorf("got a row with %d bars: %s", bars, line)
		}
	}
	if strings.Contains(table, "\u202e") || !strings.Contains(table, "```") {
		t.Errorf("got %s", table)
	}
	for _, c := range openapi.Diff(openapi.Policy{}, p) {
		if strings.ContainsAny(c.String(), "\n\u202e") {
			t.Errorf("got a change of several lines: %q", c)
		}
	}
	if got := openapi.Effect(9).String(); got != "Effect(9)" {
		t.Errorf("got %q", got)
	}
}

// A file of any content is read or refused, and a policy that is read writes the same file
// again.
func FuzzPolicy(f *testing.F) {
	f.Add([]byte(`{"version": 1}`), []byte(`{"version": 1, "managers": [], "operations": [null]}`))
	f.Add([]byte(`{"version": 1, "managers": [null, null]}`), []byte(`{"version": 1, "operations": [{"count": -1, "admits": [{}, {"credentials": {"": null}}]}]}`))
	f.Add(full().JSON(), []byte(`{"version": 1, "managers": [{"scheme": "k", "cookie": {"sameSite": "odd"}, "idleTimeout": "-1ns"}]}`))
	f.Add(policyWith(f, humasess.Options[user]{}, get[required](), post[login](), op[optional]("PUT", "/y", unlisted)).JSON(),
		policyWith(f, humasess.Options[user]{Bearer: &humasess.BearerOptions{}, CSRFHeader: "X"}, post[required](), op[optional]("PUT", "/y", unlisted)).JSON())
	f.Fuzz(func(t *testing.T, old, now []byte) {
		a, err := openapi.ParsePolicy(old)
		if err != nil {
			return
		}
		b, err := openapi.ParsePolicy(now)
		if err != nil {
			return
		}
		again, err := openapi.ParsePolicy(a.JSON())
		if err != nil || !bytes.Equal(again.JSON(), a.JSON()) {
			t.Errorf("got %v and %s, want %s", err, again.JSON(), a.JSON())
		}
		if got := openapi.Diff(a, a); len(got) > 0 {
			t.Errorf("got %q between equal policies", got)
		}
		_ = a.Markdown()
		for _, c := range openapi.Diff(a, b) {
			_ = c.String()
		}
	})
}
