//go:build unix

package faults_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// clockFault moves a clock an hour ahead and back, while users are revoked. A mark from
// the future counts as left now, once. So it may refuse one login, and not a second one.
func clockFault(name, file string) fault {
	return fault{name: name, refusesOnce: true, do: func(t *testing.T, r *run) {
		t.Helper()
		setClock(t, file, time.Hour)
		time.Sleep(settle)
		const users = 4
		for i := range users {
			r.revoke(fmt.Sprintf("ahead%d", i))
		}
		setClock(t, file, 0)
		time.Sleep(settle)
		for i := range users {
			path := fmt.Sprintf("/login?name=ahead%d", i)
			if r.send(http.MethodPost, path, "").ok() {
				continue
			}
			if a := r.send(http.MethodPost, path, ""); !a.ok() {
				r.violatedf("%d to a second login after the clock stepped back", a.status)
			}
		}
	}}
}

// revoke ends all sessions of a user, and reports whether that was acknowledged.
func (r *run) revoke(name string) bool {
	return r.send(http.MethodPost, "/revoke?name="+name, "").ok()
}
