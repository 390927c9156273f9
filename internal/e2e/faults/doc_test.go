//go:build unix

// Package faults_test injects faults into stores and processes while clients use an API.
// The API runs in two operating-system processes on one store. Each client knows every
// answer that it got, and checks all later answers against it.
//
// A run of [TestFaults] with -full takes about ten minutes and writes
// docs/reliability.md. Without it the faults are shorter and fewer.
package faults_test
