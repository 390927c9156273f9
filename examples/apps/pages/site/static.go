package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
)

// The script htmx.min.js is that of the npm package htmx.org 4.0.1, whose integrity is
// sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==.
//
//go:embed static
var staticFiles embed.FS

// static serves the files that all users share. They need no session.
func static() http.HandlerFunc {
	type file struct {
		content []byte
		tag     string
	}
	files := map[string]file{}
	entries, _ := staticFiles.ReadDir("static") // embedded, so it is there
	for _, entry := range entries {
		content, err := staticFiles.ReadFile("static/" + entry.Name())
		if err != nil {
			panic(err) // a folder
		}
		sum := sha256.Sum256(content)
		files[entry.Name()] = file{content, `"` + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		name := chi.URLParam(r, "file")
		f, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache") // ask, and get 304
		w.Header().Set("ETag", f.tag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.content))
	}
}
