package humasess

import (
	"testing"
	"unsafe"

	"github.com/humasess/sessions/humasess/internal/gate"
	"github.com/humasess/sessions/humasess/internal/record"
)

// TestRequestSize bounds the memory that each request of a server-side store takes. The
// next class of Go's allocator after these 1536 bytes, of which 8 are its header, has
// 1792.
func TestRequestSize(t *testing.T) {
	const most = 448
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Logf("not checked: sizes are those of 64 bits")
		return
	}
	var piece struct {
		gate.Request
		state state[person]
		rec   record.Record[person]
	}
	if size := unsafe.Sizeof(piece); size > most {
		t.Errorf("a request and its session take %d bytes, want at most %d", size, most)
	}
}
