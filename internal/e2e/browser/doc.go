// Package browser gives tests a real Chromium, headless, with sites on https
// to visit.
//
//	app := browser.Serve(t, "app.example.test", handler)
//	ada := browser.New(t)
//	page := ada.Open(app + "/login")
//	page.Click("#submit")
//
// One process serves all tests of a binary. Each [New] is a browser that shares
// no cookies, no cache and no storage with the others. Every name below .test
// is this machine, and other names do not resolve. A wait of more than a minute
// ends the test.
//
// The tests of this folder cover behaviour of sessions that only a browser
// shows. Those of huma's docs pages need npm. They have the build tag sdk and
// run in make check.
package browser
