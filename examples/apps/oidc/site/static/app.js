// The server sends "ended" when the session has ended, here or at the provider. The
// page shows the user's data, so it must not stay open then.
const stream = new EventSource("/api/session/events");
stream.addEventListener("ended", () => location.replace("/"));

// The sign-out is on its way to the provider, which a new location would stop.
addEventListener("submit", () => stream.close());

// A page from the back-forward cache may be of a session that has ended.
addEventListener("pageshow", event => { if (event.persisted) location.reload(); });
