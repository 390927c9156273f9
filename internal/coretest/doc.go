// Package coretest tests the core on a store that several processes share. It has
// an API with an operation for each method of a session. The tests of every such
// store run its [Behaviours].
package coretest
