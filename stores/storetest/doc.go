// Package storetest checks that a session store keeps the promises of
// package stores. The whole test file of a store is:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) stores.Store {
//			return mystore.New(...) // empty, and closed by t.Cleanup
//		}, nil)
//	}
//
// Add the tests of features that only that store has. [Run] runs every [Check]
// of [Checks] as a subtest on its own store. If a name begins with letters and
// a number, such as T7 or R11, these identify the requirement in the project's
// table of standards.
//
// # Optional capabilities
//
// [stores.MultiLoader], [stores.IDMaker], [stores.Memoizer], [stores.Marker],
// [stores.Watcher], [stores.Scanner], [stores.Closer] and Create.Replaces are
// checked if the store has them. A store without [stores.Index] must exempt
// promises 5 and 7 in Options.Exempt. Otherwise a wrapper that hides the
// capability would pass.
//
// # Histories
//
// [Record] runs a random, repeatable load of concurrent calls. It returns the
// calls with their times and answers, for a linearizability checker.
// [History.Check] finds simple violations without one.
package storetest
