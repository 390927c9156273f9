// Package docs compiles the blocks of code in the Markdown files of the repository.
package docs_test
