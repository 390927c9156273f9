package rivals_test

import "math"

// results are those of one run.
type results struct {
	Machine string     `json:"machine"`
	Servers string     `json:"servers"`
	Lines   []line     `json:"lines"`
	HTTP    []httpLine `json:"http"`
	Scale   scale      `json:"scale"`
}

func (r *results) line(group, request, subject string) (line, bool) {
	for _, l := range r.Lines {
		if l.Group == group && l.Request == request && l.Subject == subject {
			return l, true
		}
	}
	return line{}, false
}

func (r *results) http(group, request, subject string) (httpLine, bool) {
	for _, l := range r.HTTP {
		if l.Group == group && l.Request == request && l.Subject == subject {
			return l, true
		}
	}
	return httpLine{}, false
}

// of returns a figure of one line.
func of(group, request, subject string, value func(line) float64) figure {
	return func(r *results) (float64, bool) {
		l, ok := r.line(group, request, subject)
		return value(l), ok
	}
}

func ofBare(l line) float64      { return l.OfBare }
func ofFloor(l line) float64     { return l.OfFloor }
func allocations(l line) float64 { return l.Allocations }
func ownBytes(l line) float64    { return l.Bytes }

// most returns the largest of some figures.
func most(all ...figure) figure {
	return func(r *results) (float64, bool) {
		largest := math.Inf(-1)
		for _, f := range all {
			value, ok := f(r)
			if !ok {
				return 0, false
			}
			largest = max(largest, value)
		}
		return largest, true
	}
}

// both is the larger figure of the two subjects in memory.
func both(request string, value func(line) float64) figure {
	return most(of(inMemory, request, flat, value), of(inMemory, request, anyT, value))
}

// parallel tells how much the ratio to bare huma grows with many requests at once.
func parallel(request, subject string) figure {
	return func(r *results) (float64, bool) {
		many, ok := r.line(atOnce, request, subject)
		one, found := r.line(inMemory, request, subject)
		return many.OfBare / one.OfBare, ok && found
	}
}

// asFast tells how often our subject answers while a peer answers once.
func asFast(group, request, peer string) figure {
	return func(r *results) (float64, bool) {
		l, ok := r.line(group, request, flat)
		p, found := r.line(group, request, peer)
		return p.Nanoseconds / l.Nanoseconds, ok && found
	}
}

// asFastAsPeers compares the slowest subject of ours to the fastest peer. The floor
// and bare huma are no peers.
func asFastAsPeers(group, request string) figure {
	return func(r *results) (float64, bool) {
		slowest, fastest := 0.0, math.Inf(1)
		for _, l := range r.Lines {
			switch {
			case l.Group != group || l.Request != request || l.Subject == floorName || l.Subject == bareName:
			case l.Own:
				slowest = max(slowest, l.Nanoseconds)
			default:
				fastest = min(fastest, l.Nanoseconds)
			}
		}
		return fastest / slowest, slowest > 0 && !math.IsInf(fastest, 1)
	}
}

// share is the part of bare huma's requests per second.
func share(group, request, subject string) figure {
	return func(r *results) (float64, bool) {
		l, ok := r.http(group, request, subject)
		return l.Share, ok
	}
}

// asManyAsPeers compares our requests per second to those of the fastest peer in a
// group.
func asManyAsPeers(group, request string) figure {
	return func(r *results) (float64, bool) {
		own, peer := math.Inf(1), 0.0
		for _, l := range r.HTTP {
			switch {
			case l.Group != group || l.Request != request:
			case l.Own:
				own = min(own, l.PerSecond)
			default:
				peer = max(peer, l.PerSecond)
			}
		}
		return own / peer, peer > 0 && !math.IsInf(own, 1)
	}
}

// asManyAsAncestor compares our requests per second to those of the Rust crate.
func asManyAsAncestor(request string) figure {
	return func(r *results) (float64, bool) {
		l, ok := r.http(inMemory, request, flat)
		a, found := r.http(inAncestor, request, ancestorName)
		return l.PerSecond / a.PerSecond, ok && found
	}
}

func ofScale(value func(scale) float64) figure {
	return func(r *results) (float64, bool) { return value(r.Scale), value(r.Scale) > 0 }
}
