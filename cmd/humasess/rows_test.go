package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzShown requires that the output of any data and any user contains no control
// characters, and that scripts read the same data from it.
func FuzzShown(f *testing.F) {
	for _, seed := range []string{
		"", "-", `"ada"`, "ada", "\x1b[2J", "a\tb\nc", "\u009b31m", "\u202eevil", "\xff", `{"a":"\u001b","b":"` + "\u007f\U000e0001" + `"}`, `[1e400, null]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, data := range []bool{false, true} {
			var out bytes.Buffer
			c := &call{console: console{out: &out}, json: true}
			rows := c.rows(data)
			in := row{ID: "id", User: text, Label: text, raw: []byte(text)}
			if err := rows.add(in); err != nil {
				t.Fatal(err)
			}
			harmless(t, strings.TrimSuffix(out.String(), "\n"))
			var got row
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%q: %v", out.String(), err)
			}
			if utf8.ValidString(text) && got.User != text {
				t.Errorf("got user %q, want %q", got.User, text)
			}
			if data {
				same(t, got, text)
			}
		}
		var out bytes.Buffer
		rows := (&call{console: console{out: &out}}).rows(true)
		if err := rows.add(row{User: text, Label: text, raw: []byte(text)}); err != nil {
			t.Fatal(err)
		}
		if err := rows.flush(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(out.String(), "\n")
		if len(lines) != 3 {
			t.Errorf("got %q, want a head and a line", out.String())
		}
		for _, line := range lines {
			harmless(t, line)
		}
	})
}

// same requires that a row has the data of the session.
func same(t *testing.T, got row, text string) {
	t.Helper()
	if got.Data == nil {
		if !bytes.Equal(got.DataBase64, []byte(text)) {
			t.Errorf("got bytes %q, want %q", got.DataBase64, text)
		}
		return
	}
	var a, b any
	errA, errB := json.Unmarshal(got.Data, &a), json.Unmarshal([]byte(text), &b)
	if (errA == nil) != (errB == nil) || !reflect.DeepEqual(a, b) {
		t.Errorf("got data %s, want %s", got.Data, text)
	}
}

func harmless(t *testing.T, line string) {
	t.Helper()
	for _, r := range line {
		if !unicode.IsPrint(r) {
			t.Errorf("got %q in %q", r, line)
		}
	}
}
