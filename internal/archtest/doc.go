// Package archtest checks the structure of the repository. It checks the imports of
// each package, the exported names, and the modules in a user's go.sum. It checks that
// exported names are documented, that code and links in Markdown files are valid, and
// that text names its actors.
//
// The checks read a file tree and never start a process, so the test cache sees every
// file that they depend on. Each returns its findings as sentences. The file
// repository_test.go has the expectations of this repository. The programs in the
// folders shape, walk and words measure files and text.
package archtest
