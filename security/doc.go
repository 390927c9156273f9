// Package security holds the parts of humasess that decide who gets in: the
// session token and the cross-origin check. It keeps no state and does no
// I/O, so that each can be read, tested and reviewed by itself.
package security
