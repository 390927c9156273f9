// Package archtest holds the checks that keep the repository's shape: which
// package may import which, what the published packages export, which modules
// a user's go.sum grows by, that what is exported is documented, that the code
// and the links in Markdown files are real, and that text names its actors.
//
// The checks read a file tree and never start a process, so the test cache
// sees every file they depend on. Each returns its findings as sentences, none
// when all is well; repository_test.go holds what this repository expects.
// The programs in the folders shape, walk and words measure files and text.
package archtest
