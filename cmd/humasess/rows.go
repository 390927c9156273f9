package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// row is a session in the output. Its names in JSON do not change, because scripts
// rely on them.
type row struct {
	ID              string          `json:"id"`
	User            string          `json:"user,omitempty"` // "" is anonymous
	CreatedAt       time.Time       `json:"created_at"`
	LastSeenAt      time.Time       `json:"last_seen_at"`
	ExpiresAt       time.Time       `json:"expires_at"`
	AuthenticatedAt *time.Time      `json:"authenticated_at,omitempty"`
	Methods         []string        `json:"methods,omitempty"`
	Carrier         string          `json:"carrier"` // "cookie" or "bearer"
	Label           string          `json:"label,omitempty"`
	Data            json.RawMessage `json:"data,omitempty"`
	DataBase64      []byte          `json:"data_base64,omitempty"` // of data that is not JSON

	raw data
}

// block is the number of rows that rows aligns with each other. It holds them back
// until then.
const block = 100

// rows writes sessions in the order of add.
type rows struct {
	c     *call
	data  bool
	line  bytes.Buffer
	table *tabwriter.Writer
	n     int
}

func (c *call) rows(showData bool) *rows {
	return &rows{c: c, data: showData, table: tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)}
}

func (r *rows) add(s row) error {
	r.n++
	if r.c.json {
		return r.encode(s)
	}
	if r.n == 1 {
		head := "ID\tUSER\tCREATED\tLAST SEEN\tEXPIRES\tCARRIER\tLABEL"
		if r.data {
			head += "\tDATA"
		}
		_, _ = fmt.Fprintln(r.table, head)
	}
	line := strings.Join([]string{s.ID, cell(s.User), stamp(s.CreatedAt), stamp(s.LastSeenAt), stamp(s.ExpiresAt), cell(s.Carrier), cell(s.Label)}, "\t")
	if r.data {
		line += "\t" + content(s.raw)
	}
	_, _ = fmt.Fprintln(r.table, line)
	if r.n%block == 0 {
		return r.flush()
	}
	return nil
}

func (r *rows) encode(s row) error {
	if r.data {
		s.Data, s.DataBase64 = split(s.raw)
	}
	r.line.Reset()
	encoder := json.NewEncoder(&r.line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return err
	}
	_, err := r.c.out.Write(plain(r.line.Bytes()))
	return err
}

func (r *rows) flush() error { return r.table.Flush() }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// cell returns a text for the table. A user may have chosen the text, so cell
// escapes characters that move the cursor or change the direction of writing.
func cell(s string) string {
	if s == "" {
		return "-"
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !printable(r) }) || s == "-" || s[0] == '"' {
		return strconv.Quote(s)
	}
	return s
}

func printable(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }

// split returns data as JSON, or as bytes.
func split(raw data) (json.RawMessage, []byte) {
	if json.Valid(raw) && utf8.Valid(raw) {
		return json.RawMessage(raw), nil
	}
	return nil, raw
}

// content shows data on one line.
func content(raw data) string {
	text, other := split(raw)
	if text == nil {
		return "base64:" + base64.StdEncoding.EncodeToString(other)
	}
	var b bytes.Buffer
	_ = json.Compact(&b, text) // it is valid
	return string(plain(b.Bytes()))
}

// plain escapes the characters that cell escapes, in valid JSON. There they can
// only be within strings.
func plain(text []byte) []byte {
	b := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if printable(r) || r == '\n' {
			b = utf8.AppendRune(b, r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	return b
}
