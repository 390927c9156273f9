//go:build unix

// Package faults_test injects faults into stores and processes while clients use an API.
// The API runs in two operating-system processes on one store. Each client knows every
// answer that it got, and checks all later answers against it.
//
// With -full, [TestFaults] injects all faults, for longer. With -update as well, it writes
// docs/reliability.md.
package faults_test
