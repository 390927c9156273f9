//go:build unix

package faults_test

import (
	"fmt"
	"testing"
)

func (r *run) debug(t *testing.T) {
	for _, p := range r.processes {
		fmt.Println(p.stats(t).Events)
	}
}
