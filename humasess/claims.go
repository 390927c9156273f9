package humasess

import (
	"slices"
	"time"

	"github.com/humasess/sessions/humasess/internal/payload"
)

// Claims are an authentication in the terms of OpenID Connect Core § 2, for ID
// tokens that a program issues and for those that it gets.
type Claims struct {
	AuthTime int64    `json:"auth_time"`     // Unix seconds, 0 if unknown, which proves nothing fresh
	ACR      string   `json:"acr,omitempty"` // [Authentication.Class]
	AMR      []string `json:"amr,omitempty"` // names of the methods
}

// Claims returns the authentication as claims of an ID token.
func (a Authentication) Claims() Claims {
	c := Claims{ACR: a.Class}
	if !a.Time.IsZero() {
		c.AuthTime = a.Time.Unix()
	}
	for _, m := range a.Methods {
		c.AMR = append(c.AMR, m.Name)
	}
	return c
}

// Authentication returns what claims say, each method with the time of all.
// Providers leave auth_time out unless they are asked for max_age, which who
// holds the browser can take out of the request: without one the time is the
// Unix epoch, and not now.
func (c Claims) Authentication() Authentication {
	a := Authentication{Time: time.Unix(c.AuthTime, 0), Class: c.ACR}
	for _, name := range c.AMR {
		a.Methods = append(a.Methods, Method{Name: name, Time: a.Time})
	}
	return a
}

// withMethods adds later ones, in a new slice: the latest time of each counts.
func withMethods(methods, later []Method) []Method {
	var all []Method
	for _, m := range append(slices.Clip(methods), later...) {
		for i := range all {
			if all[i].Name == m.Name {
				all = append(all[:i], all[i+1:]...)
				break
			}
		}
		all = append(all, m)
	}
	return all[max(len(all)-maxMethods, 0):]
}

func encodeMethods(all []Method) []byte {
	var b []byte
	for _, m := range all {
		b = payload.AppendMethod(b, m.Name, m.Time)
	}
	return b
}

func decodeMethods(b []byte) []Method {
	var all []Method
	for name, at := range payload.AllMethods(b) {
		all = append(all, Method{name, at})
	}
	return all
}
