// Package moving has the recipes of docs/moving-in.md: how an API whose users have
// sessions of another library gets sessions of ours, without a new sign-in. Its tests
// run each recipe with the real library.
package moving
