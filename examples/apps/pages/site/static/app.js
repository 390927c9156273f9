// A browser may keep a page in memory for the way back. The session may have ended
// meanwhile, so the page asks the server again.
addEventListener("pageshow", event => {
  if (event.persisted) location.reload()
})
