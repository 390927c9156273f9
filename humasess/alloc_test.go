//go:build !race

package humasess_test

import (
	"runtime"
	"testing"
)

// bytesPerRun returns the bytes that one run allocates: the least of several batches,
// because other goroutines may allocate as well.
func bytesPerRun(run func()) uint64 {
	const batches, runs = 5, 200
	run()
	least := ^uint64(0)
	for range batches {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			run()
		}
		runtime.ReadMemStats(&after)
		least = min(least, (after.TotalAlloc-before.TotalAlloc)/runs)
	}
	return least
}

// Counts of allocations and their bytes are exact, unlike times, so a test can compare
// them. The race detector makes sync.Pool drop at random: this file is built without.
//
// The budget for a read is 4 allocations with a flat type and 6 with any other, and for
// a change 9 and 12; for no cookie 350 bytes and for a read 500. The operations of any
// other type embed Required here, whose marker costs 2 more, as text and as bytes.
func TestAllocationsOverBareHuma(t *testing.T) {
	all := scenarios()
	bare, bareBytes := testing.AllocsPerRun(200, all["bare"].run()), bytesPerRun(all["bare"].run())
	const required, requiredBytes = 2, 56
	for _, tt := range []struct {
		name  string
		most  float64
		bytes uint64 // of 64-bit machines
	}{
		{"without session", 0, 0},
		{"no cookie", 2, 328},
		{"malformed cookie", 2, 456}, // it might open a session until it is read
		{"read shared", 2, 456},
		{"read any", 3 + required, 488 + requiredBytes},
		{"modify shared", 9, 1656},
		{"modify any", 11 + required, 1688 + requiredBytes},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := all[tt.name].run()
			run() // the first request learns how the operation binds
			if got := testing.AllocsPerRun(200, run) - bare; got > tt.most {
				t.Errorf("got %v allocations over bare huma, want at most %v", got, tt.most)
			}
			if got := bytesPerRun(run) - bareBytes; got > tt.bytes && ^uint(0)>>32 != 0 {
				t.Errorf("got %d bytes over bare huma, want at most %d", got, tt.bytes)
			}
		})
	}
}

// A request without a bearer token costs the same with and without Options.Bearer. A
// read by token costs what a read by cookie costs, and so does a change.
func TestAllocationsWithBearer(t *testing.T) {
	all := scenarios()
	bare, bareBytes := testing.AllocsPerRun(200, all["bare"].run()), bytesPerRun(all["bare"].run())
	for _, tt := range []struct {
		name, like string
		bytes      uint64 // more than the other
	}{
		{"both: no cookie", "no cookie", 0},
		{"both: malformed cookie", "malformed cookie", 0},
		{"both: read shared", "read shared", 0},
		{"both: modify shared", "modify shared", 0},
		{"both: read noted", "read noted", 0},
		{"read by token", "read shared", 0},
		{"modify by token", "modify shared", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run, like := all[tt.name].run(), all[tt.like].run()
			run() // the first request learns how the operation binds
			like()
			allocs, most := testing.AllocsPerRun(200, run)-bare, testing.AllocsPerRun(200, like)-bare
			bytes, mostBytes := bytesPerRun(run)-bareBytes, bytesPerRun(like)-bareBytes+tt.bytes
			t.Logf("%v allocations and %d bytes over bare huma", allocs, bytes)
			if allocs > most {
				t.Errorf("got %v allocations over bare huma, want at most %v", allocs, most)
			}
			if bytes > mostBytes {
				t.Errorf("got %d bytes over bare huma, want at most %d", bytes, mostBytes)
			}
		})
	}
}
