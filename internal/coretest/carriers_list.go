package coretest

// Carriers are the behaviours of a session that must be the same for each carrier, on
// every store of a server. Each runs once with cookies and once with bearer tokens, so
// they are the rows of a matrix.
var Carriers = []Behaviour{
	{"start", eachCarrier(carrierStart)},
	{"read", eachCarrier(carrierRead)},
	{"update", eachCarrier(carrierUpdate)},
	{"renew", eachCarrier(carrierRenew)},
	{"lost answer", eachCarrier(carrierLostAnswer)},
	{"logout", eachCarrier(carrierLogout)},
	{"revoke others", eachCarrier(carrierRevokeOthers)},
	{"revoke all", eachCarrier(carrierRevokeAll)},
	{"expiry", eachCarrier(carrierExpiry)},
	{"reuse", eachCarrier(carrierReuse)},
	{"two carriers", twoCarriers},
	{"two sign-ins in one request", twoSignIns},
}
