// The server closes the session's stream when the session has ended, here or at the
// provider. A page that shows the user's data must not stay open then.
new EventSource("/api/session/events").addEventListener("ended", () => location.replace("/"));

// A page from the back-forward cache may be of a session that has ended.
addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
