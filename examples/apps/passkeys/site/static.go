package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"time"
)

//go:embed static
var files embed.FS

// static serves the page. It is the same for all users, because its content
// comes from the API.
func static() http.Handler {
	mux := http.NewServeMux()
	for pattern, name := range map[string]string{
		"GET /{$}":      "index.html",
		"GET /app.css":  "app.css",
		"GET /app.js":   "app.js",
		"GET /icon.svg": "icon.svg",
	} {
		data, err := files.ReadFile("static/" + name)
		if err != nil {
			panic(err) // it is not in the program
		}
		sum := sha256.Sum256(data)
		tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("ETag", tag)
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
		})
	}
	return mux
}
