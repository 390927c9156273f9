package policy_test

import (
	"testing"

	"github.com/humasess/sessions/internal/policy"
)

func TestSafeMethod(t *testing.T) {
	for _, tt := range []struct {
		method string
		want   bool
	}{
		{"GET", true}, {"HEAD", true}, {"OPTIONS", true},
		{"POST", false}, {"PUT", false}, {"PATCH", false}, {"DELETE", false}, {"TRACE", false}, {"get", false}, {"", false},
	} {
		t.Run("F1 "+tt.method, func(t *testing.T) {
			if got := policy.SafeMethod(tt.method); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
