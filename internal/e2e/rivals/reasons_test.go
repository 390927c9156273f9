package rivals_test

// Reasons of rows that are not met. Each comes from a profile of this machine's CPU.
const (
	ofRead = "The floor leaves out what a session promises: of a read, 6 % is the scan of all Cookie lines for a public ID and a secret, " +
		"6 % the store with its clock and deadlines, 8 % the commit with its headers, and 9 % the memory of the request. The rest is in many steps " +
		"of which none takes more than 3 %."

	ofModify = "A quarter of the time is the change itself: encoding/json takes 14 % (0.8 times bare), copies for the handler and for the next " +
		"reader 8 %, the payload 4 %. The store takes 4 %, what a read does about half, and the collector a tenth."

	ofCookie = "With AEAD the cipher takes 16 % of a read and 17 % of a modification, encoding/json 22 % and 25 %, and the store's binding to the cookie " +
		"6 %. What is left is a read or a modification in memory."

	ofRedis = "The store takes 2 % of our process for a read and 6 % for a modification; system calls take 26 % and 18 %, rueidis 9 % and 18 %. " +
		"Scripts judge deadlines on the server's clock, at 6 µs of the server for a load, which a GET does not."

	ofPostgresRead = "Server and system calls take most of the time, and the server costs the same for both packages: 66 µs of its CPU. " +
		"Of our process the store takes 2 %, pgx 11 % and the core 20 %."

	ofPostgresModify = "The server takes 1.35 times as long as for the upsert of scs: it locks the row before it reads its clock, and the " +
		"answer tells a conflict from a session that has ended. An UPDATE without that would extend a session that ended while it waited."

	ofHTTP = "Between two requests the kernel and net/http take the processor's caches, so all code runs cold: the handler of bare huma takes " +
		"4.9 µs over HTTP and 1.0 in one process, that of a read 12.1 and 3.0. In one process with 1 MB of memory touched between " +
		"two requests, it is the same: 3.0 and 7.7 µs. The two headers of the answer and the cookie take the rest, about 3 µs. No single function stands out."

	ofServers = "The server of the database runs on the same two cores and takes as much of them as the API: 20 µs of its CPU for a read from " +
		"Redis, 66 µs from PostgreSQL."

	ofAncestor = "encoding/json encodes by reflection, and the collector takes a tenth of the time: the crate has neither."

	ofNoCookie = "huma's own work for the marker and the resolver in the input, the floor, costs nearly what the peers cost in all: they have no part of " +
		"huma's input or document. Beside it, a request has memory for a session that the handler may start."
)
