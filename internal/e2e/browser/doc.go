// Package browser gives tests a real Chromium, headless, with sites on https
// to visit.
//
//	app := browser.Serve(t, "app.example.test", handler)
//	ada := browser.New(t)
//	page := ada.Open(app + "/login")
//	page.Click("#submit")
//
// One process serves all tests of a binary, and each [New] is a browser that
// shares nothing with the others: no cookies, no cache, no storage. Every name
// below .test is this machine, and there is no other: a page that wants
// something else does not get it. Whatever does not come within a minute
// ends the test.
//
// The tests of this folder are about what only a browser shows of sessions.
// Those of huma's docs pages need npm, have the build tag sdk and run in make
// check.
package browser
