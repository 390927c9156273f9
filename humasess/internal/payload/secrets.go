package payload

import (
	"bytes"
	"slices"
)

// Knows reports whether Older has the mark of a hash.
func (p *Fields) Knows(hash [32]byte) bool {
	for older := p.Older; len(older) >= markLength; older = older[markLength:] {
		if bytes.Equal(older[:markLength], hash[:markLength]) {
			return true
		}
	}
	return false
}

// Unconfirmed reports whether no client has presented the current secret yet,
// after a rotation.
func (p *Fields) Unconfirmed() bool { return p.Tolerated && p.Confirmed == 0 }

// Supersede makes room for a new secret, whose hash the caller sets. came is the
// hash of the secret that the request presented. If it is tolerated, it becomes
// the previous one; otherwise Older gets its mark. Older is not changed in place,
// because records share it.
func (p *Fields) Supersede(came [32]byte, tolerated bool, at int64) {
	current := p.Hash
	var previous, skipped [32]byte
	if tolerated {
		previous = came
		if came != current {
			skipped = current
		}
	}
	older := slices.Clip(p.Older)
	for _, hash := range [][32]byte{p.Skipped, p.Previous, current, came} {
		named := hash == [32]byte{} || hash == previous || hash == skipped
		if !named && !p.Knows(hash) {
			older = append(older, hash[:markLength]...)
			p.Older = older
		}
	}
	p.Older = older[max(len(older)-maxOlder*markLength, 0):]
	p.Tolerated, p.Previous, p.Skipped = tolerated, previous, skipped
	p.Rotated, p.Confirmed = at, 0
}
