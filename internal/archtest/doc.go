// Package archtest holds the checks that keep the repository's shape: which
// package may import which, what the published packages export, which modules
// a user's go.sum grows by, that what is exported is documented, and that the
// code and the links in Markdown files are real.
//
// The checks read a file tree and never start a process, so the test cache
// sees every file they depend on. Each returns its findings as sentences, none
// when all is well; repository_test.go holds what this repository expects.
package archtest
