// Package humasesstest helps to test programs that use package humasess.
//
// [Login] and [NewClient] are the two calls most tests need. Login returns the cookie of a
// new session, without the sign-in of the program. A [Client] calls the API in process and
// keeps its cookies:
//
//	client := humasesstest.NewClient(mux)
//	client.SetCookie(humasesstest.Login(t, sessions, User{ID: "ada"}))
//	response := client.Do("GET", "/me", nil)
//
// # Checks of a whole API
//
// [CheckDocument] compares an API with its OpenAPI document: it sends requests and reports
// answers that the document does not allow. [CheckPolicy] compares the policy of an API with
// a file, and reports each operation that a change opens.
//
// # Time and failures
//
// A [Clock] stands still until the test moves it, so a test of a timeout does not wait. A
// [Store] wraps another store. It counts calls, makes them fail, and holds one call to test
// a race.
//
// # When not to use it
//
// Only tests import this package, because it imports package testing. The tests of a store
// call package stores/storetest.
package humasesstest
