package notes

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"
)

// readyTimeout bounds the question to the database. It must be shorter than the timeout
// of the probe.
const readyTimeout = 2 * time.Second

// health answers the probes of the platform.
type health struct {
	ping     func(context.Context) error
	draining atomic.Bool
}

// live says that the process serves. It does not look at the database, because a restart
// of the process cannot help there.
func (h *health) live(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") }

// ready says whether the process should get requests: not while it shuts down, and not
// without the database.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "shutting down")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := h.ping(ctx); err != nil {
		answer(w, http.StatusServiceUnavailable, "no database") // the error may name the server
		return
	}
	answer(w, http.StatusOK, "ok")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
