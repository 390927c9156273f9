package rivals_test

// Formats of limits and values.
const (
	times   = "%.2f×"
	part    = "%.2f"
	extra   = "%+.0f"
	inBytes = "%.0f B"
)

// budgets are the limits on cost. make bench measures them, and fails for a row
// that is not met and has no reason.
var budgets = []row{
	{scenario: plain, measure: "time of bare", limit: 1.03, format: times, timed: true, value: both(plain, ofBare)},
	{scenario: plain, measure: "allocations over bare", limit: 0, format: extra, value: both(plain, allocations)},
	{scenario: plain, measure: "bytes over bare", limit: 0, format: inBytes, value: both(plain, ownBytes)},

	{scenario: "memory, no cookie", measure: "time of the floor", limit: 1.25, format: times, timed: true, value: both(noCookie, ofFloor)},
	{scenario: "memory, no cookie", measure: "allocations over bare", limit: 3, format: extra, value: both(noCookie, allocations)},
	{scenario: "memory, no cookie", measure: "bytes over bare", limit: 350, format: inBytes, value: both(noCookie, ownBytes)},

	{scenario: "memory, read", measure: "time of the floor", limit: 1.2, format: times, timed: true, value: of(inMemory, read, flat, ofFloor), reason: ofRead},
	{scenario: "memory, read", measure: "allocations over bare", limit: 4, format: extra, value: of(inMemory, read, flat, allocations)},
	{scenario: "memory, read", measure: "bytes over bare", limit: 500, format: inBytes, value: of(inMemory, read, flat, ownBytes)},
	{scenario: "memory, read, any T", measure: "time of the floor", limit: 1.2, format: times, timed: true, value: of(inMemory, read, anyT, ofFloor), reason: ofRead},
	{scenario: "memory, read, any T", measure: "allocations over bare", limit: 6, format: extra, value: of(inMemory, read, anyT, allocations)},
	{scenario: "memory, read, any T", measure: "bytes over bare", limit: 500, format: inBytes, value: of(inMemory, read, anyT, ownBytes)},

	{scenario: "memory, modify", measure: "time of bare", limit: 3.6, format: times, timed: true, value: of(inMemory, modify, flat, ofBare), reason: ofModify},
	{scenario: "memory, modify", measure: "allocations over bare", limit: 9, format: extra, value: of(inMemory, modify, flat, allocations)},
	{scenario: "memory, modify, any T", measure: "time of bare", limit: 3.6, format: times, timed: true, value: of(inMemory, modify, anyT, ofBare), reason: ofModify},
	{scenario: "memory, modify, any T", measure: "allocations over bare", limit: 12, format: extra, value: of(inMemory, modify, anyT, allocations)},

	{scenario: "memory, no cookie, 64 at once", measure: "ratio to bare, of the sequential ratio", limit: 1.1, format: times, timed: true, value: parallel(noCookie, flat)},
	{scenario: "memory, read, 64 at once", measure: "ratio to bare, of the sequential ratio", limit: 1.1, format: times, timed: true, value: parallel(read, flat)},
	{scenario: "memory, modify, 64 at once", measure: "ratio to bare, of the sequential ratio", limit: 1.1, format: times, timed: true, value: parallel(modify, flat)},

	{scenario: "cookie, AEAD, read", measure: "time of bare", limit: 5, format: times, timed: true, value: of(inCookie, read, aead, ofBare), reason: ofCookie},
	{scenario: "cookie, AEAD, modify", measure: "time of bare", limit: 7.5, format: times, timed: true, value: of(inCookie, modify, aead, ofBare), reason: ofCookie},
	{scenario: "cookie, securecookie, read", measure: "time of bare", limit: 7, format: times, timed: true, value: of(inCookie, read, secureCookie, ofBare), reason: ofCookie},
	{scenario: "cookie, securecookie, modify", measure: "time of bare", limit: 11, format: times, timed: true, value: of(inCookie, modify, secureCookie, ofBare), reason: ofCookie},
	{scenario: "cookie", measure: "allocations", gate: "stores/cookie/alloc_test.go TestAllocationsOverBareHuma"},

	{scenario: "Redis, read and modify", measure: "1 and 2 round trips", gate: "stores/redis/trips_test.go TestRoundTrips"},
	{
		scenario: "Redis, read, 64 in flight", measure: "as fast as scs goredisstore", sense: atLeast, limit: 2.5, format: times, timed: true,
		value:  asFast(inRedis, read, scsRedis),
		reason: ofRedis,
	},
	{
		scenario: "Redis, modify, 64 in flight", measure: "as fast as scs goredisstore", sense: atLeast, limit: 2.2, format: times, timed: true,
		value:  asFast(inRedis, modify, scsRedis),
		reason: ofRedis,
	},
	{scenario: "PostgreSQL, read and modify", measure: "1 and 2 round trips", gate: "stores/postgres/trips_test.go TestRoundTrips"},
	{
		scenario: "PostgreSQL, read, 32 in flight", measure: "as fast as scs pgxstore", sense: atLeast, limit: 2, format: times, timed: true,
		value:  asFast(inPostgres, read, scsPostgres),
		reason: ofPostgresRead,
	},
	{
		scenario: "PostgreSQL, modify, 32 in flight", measure: "as fast as scs pgxstore, which loses updates", sense: atLeast, limit: 1, format: times, timed: true,
		value:  asFast(inPostgres, modify, scsPostgres),
		reason: ofPostgresModify,
	},

	{scenario: "HTTP, memory, read", measure: "share of bare", sense: atLeast, limit: 0.88, format: part, timed: true, value: share(inMemory, read, flat), reason: ofHTTP},
	{scenario: "HTTP, memory, modify", measure: "share of bare", sense: atLeast, limit: 0.82, format: part, timed: true, value: share(inMemory, modify, flat), reason: ofHTTP},
	{scenario: "HTTP, cookie, read", measure: "share of bare", sense: atLeast, limit: 0.62, format: part, timed: true, value: share(inCookie, read, aead), reason: ofHTTP},
	{scenario: "HTTP, Redis, read", measure: "share of bare", sense: atLeast, limit: 0.60, format: part, timed: true, value: share(inRedis, read, flat), reason: ofServers},
	{scenario: "HTTP, PostgreSQL, read", measure: "share of bare", sense: atLeast, limit: 0.38, format: part, timed: true, value: share(inPostgres, read, flat), reason: ofServers},

	{
		scenario: "1 million sessions in memory", measure: "bytes each, with 119 bytes of data and their header", limit: 470, format: inBytes,
		value: ofScale(func(s scale) float64 { return s.Bytes }),
	},
	{
		scenario: "1 million sessions in memory", measure: "time to load one of ten in use, of that among 1000", limit: 1.1, format: times, timed: true,
		value: ofScale(func(s scale) float64 { return s.Load }),
	},
	{scenario: "1 million sessions in memory", measure: "slices of the sweep of 32 at most", gate: "stores/memory/sweep_test.go TestSweepSlices"},

	{
		scenario: "HTTP, ancestor, read", measure: "requests per second, of the Rust crate's", sense: atLeast, limit: 1, format: times, timed: true,
		value: asManyAsAncestor(read), needs: "cargo",
		reason: ofAncestor,
	},
	{
		scenario: "HTTP, ancestor, modify", measure: "requests per second, of the Rust crate's", sense: atLeast, limit: 1, format: times, timed: true,
		value: asManyAsAncestor(modify), needs: "cargo",
		reason: ofAncestor,
	},

	// A processor's cache holds the small store, so the time of the large one is longer.
	// A call that looks at each session would take a thousand times as long.
	{
		scenario: "memory, list 100 of a user", measure: "time beside 1 million others, of that beside 1000", limit: 2, format: times, timed: true,
		value: ofScale(func(s scale) float64 { return s.List }),
	},
	{
		scenario: "memory, revoke 100 of a user", measure: "time beside 1 million others, of that beside 1000", limit: 2, format: times, timed: true,
		value: ofScale(func(s scale) float64 { return s.Revoke }),
	},
	{scenario: "Redis, list and revoke", measure: "cost of that user's sessions only", gate: "stores/redis/group_test.go TestCostIsFlat"},
	{scenario: "PostgreSQL, list and revoke", measure: "cost of that user's sessions only", gate: "stores/postgres/scan_test.go TestCostIsFlat"},

	peers("memory, no cookie", asFastAsPeers(inMemory, noCookie)).because(ofNoCookie),
	peers("memory, read", asFastAsPeers(inMemory, read)),
	peers("memory, modify", asFastAsPeers(inMemory, modify)),
	peers("memory, no cookie, 64 at once", asFastAsPeers(atOnce, noCookie)).because(ofNoCookie),
	peers("memory, read, 64 at once", asFastAsPeers(atOnce, read)),
	peers("memory, modify, 64 at once", asFastAsPeers(atOnce, modify)),
	peers("cookie, no cookie", asFastAsPeers(inCookie, noCookie)).because(ofNoCookie),
	peers("cookie, read", asFastAsPeers(inCookie, read)),
	peers("cookie, modify", asFastAsPeers(inCookie, modify)),
	peers("Redis, no cookie", asFastAsPeers(inRedis, noCookie)).because(ofNoCookie),
	peers("Redis, read", asFastAsPeers(inRedis, read)),
	peers("Redis, modify", asFastAsPeers(inRedis, modify)),
	peers("PostgreSQL, no cookie", asFastAsPeers(inPostgres, noCookie)).because(ofNoCookie),
	peers("PostgreSQL, read", asFastAsPeers(inPostgres, read)),
	peers("PostgreSQL, modify", asFastAsPeers(inPostgres, modify)).because(ofPostgresModify),
	peers("HTTP, memory, read", asManyAsPeers(inMemory, read)),
	peers("HTTP, memory, modify", asManyAsPeers(inMemory, modify)).because(ofHTTP),
	peers("HTTP, cookie, read", asManyAsPeers(inCookie, read)),
	peers("HTTP, cookie, modify", asManyAsPeers(inCookie, modify)),
	peers("HTTP, Redis, read", asManyAsPeers(inRedis, read)),
	peers("HTTP, Redis, modify", asManyAsPeers(inRedis, modify)),
	peers("HTTP, PostgreSQL, read", asManyAsPeers(inPostgres, read)),
	peers("HTTP, PostgreSQL, modify", asManyAsPeers(inPostgres, modify)).because(ofPostgresModify),
}

// peers is the row of a comparison: no subject of ours is slower than any peer.
func peers(scenario string, value figure) row {
	return row{scenario: scenario, measure: "as fast as the fastest peer", sense: atLeast, limit: 1, format: times, timed: true, value: value}
}

// because returns the row with a reason.
func (b row) because(reason string) row {
	b.reason = reason
	return b
}
