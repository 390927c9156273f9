// Package cookies reads and writes the session cookie.
//
// [Options] are the attributes of the cookie, checked by the rules of browsers. A
// [Writer] writes the values of Set-Cookie. [Presented] finds the tokens in the Cookie
// lines of a request.
package cookies
