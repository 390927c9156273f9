// Package security holds the parts of humasess that authenticate requests:
// session tokens, sealers, CSRF tokens and the cross-origin check. It keeps no
// sessions and does no network I/O, so each part can be reviewed and tested
// alone.
package security
