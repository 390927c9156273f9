// Package storetest checks that a session store keeps the promises of
// package stores. The whole test file of a store is:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) stores.Store {
//			return mystore.New(...) // empty, and closed by t.Cleanup
//		}, nil)
//	}
//
// plus whatever only that store does. [Run] runs every [Check] of [Checks] as
// a subtest on a store of its own. Where a name begins with letters and a
// number, such as T7 or R11, they identify the requirement in the project's
// table of standards.
//
// # What a store may lack
//
// [stores.MultiLoader], [stores.IDMaker], [stores.Memoizer], [stores.Marker],
// [stores.Watcher], [stores.Scanner], [stores.Closer] and Create.Replaces are
// checked where the store has them. A store without [stores.Index] has to say so, by exempting promises 5 and 7 in
// Options.Exempt: a capability that got lost in a wrapper must not pass for
// one that was never there.
//
// # Histories
//
// [Record] runs a random, repeatable load of concurrent calls and returns what
// was called, when, and with which answer, for a linearizability checker.
// [History.Check] finds the crude violations without one.
package storetest
