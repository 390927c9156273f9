package memory

import (
	"hash/maphash"
	"math/bits"

	"github.com/humasess/sessions/stores"
)

// seed is secret, so clients cannot choose IDs or identities that collide.
var seed = maphash.MakeSeed()

func hashID(id stores.ID) uint64  { return maphash.Bytes(seed, id[:]) }
func hashName(name string) uint64 { return maphash.String(seed, name) }

// element is a *T that can be in a table.
type element[K comparable, T any] interface {
	*T
	key() K
	hash() uint64
	link() **T // to the next element of its bucket
}

// table is a hash table with linear hashing: one bucket per element, split and
// merged one at a time. It is not a map for two reasons. A slot costs 8 bytes
// instead of 29 to 57, and the table frees memory as it empties.
type table[K comparable, T any, P element[K, T]] struct {
	buckets []*T
	count   int
}

// bucket returns the bucket of the hash. The table is not empty.
func (t *table[K, T, P]) bucket(hash uint64) int {
	n := uint64(len(t.buckets))
	wide := uint64(1) << bits.Len64(n-1)
	if i := hash & (wide - 1); i < n {
		return int(i)
	}
	return int(hash & (wide/2 - 1)) // that bucket has not been split yet
}

func (t *table[K, T, P]) find(hash uint64, key K) *T {
	if t.count == 0 {
		return nil
	}
	for e := t.buckets[t.bucket(hash)]; e != nil; e = *P(e).link() {
		if P(e).key() == key {
			return e
		}
	}
	return nil
}

// add adds e, whose key is not in the table.
func (t *table[K, T, P]) add(hash uint64, e *T) {
	t.count++
	t.split()
	t.push(t.bucket(hash), e)
}

func (t *table[K, T, P]) push(i int, e *T) {
	*P(e).link() = t.buckets[i]
	t.buckets[i] = e
}

// remove removes e, which is in the table.
func (t *table[K, T, P]) remove(hash uint64, e *T) {
	at := &t.buckets[t.bucket(hash)]
	for *at != e {
		at = P(*at).link()
	}
	*at = *P(e).link()
	*P(e).link() = nil
	t.count--
	t.merge()
}

// span returns the first element of the bucket of the reversed hash at. It also
// returns the reversed hash where the next bucket begins, or 0 after the last.
// The table is not empty.
//
// The hashes of a bucket have their low bits in common. Reversed, they are
// neighbours for any number of buckets. So a caller that visits a table in this
// order misses no element and meets none twice, even while the table changes.
func (t *table[K, T, P]) span(at uint64) (first *T, next uint64) {
	hash, n := bits.Reverse64(at), uint64(len(t.buckets))
	width := bits.Len64(n - 1) // of the buckets that have been split
	if half := uint64(1) << width / 2; hash&(half-1)+half >= n && width > 0 {
		width--
	}
	shift := 64 - width
	return t.buckets[t.bucket(hash)], (at>>shift + 1) << shift
}

// split adds a bucket and moves the elements there that belong to it.
func (t *table[K, T, P]) split() {
	n := len(t.buckets)
	t.buckets = append(t.buckets, nil)
	if n == 0 {
		return
	}
	from := n - 1<<(bits.Len(uint(n))-1)
	e := t.buckets[from]
	t.buckets[from] = nil
	for e != nil {
		next := *P(e).link()
		t.push(t.bucket(P(e).hash()), e)
		e = next
	}
}

// merge removes the last bucket and moves its elements back to the bucket that
// it was split from.
func (t *table[K, T, P]) merge() {
	n := len(t.buckets) - 1
	e := t.buckets[n]
	t.buckets[n] = nil
	t.buckets = shrunk(t.buckets[:n])
	for e != nil {
		next := *P(e).link()
		t.push(n-1<<(bits.Len(uint(n))-1), e)
		e = next
	}
}

// shrunk returns list. It moves list to less memory if most of it is unused.
func shrunk[E any](list []E) []E {
	if len(list) == 0 {
		return nil
	}
	if cap(list) < 64 || cap(list)/4 < len(list) {
		return list
	}
	return append(make([]E, 0, 2*len(list)), list...)
}

// directory is a table in parts, so no growth copies many elements at once.
type directory[K comparable, T any, P element[K, T]] struct {
	parts [256]table[K, T, P]
}

func (d *directory[K, T, P]) find(hash uint64, key K) *T {
	return d.parts[hash>>56].find(hash, key)
}

func (d *directory[K, T, P]) add(e *T) {
	hash := P(e).hash()
	d.parts[hash>>56].add(hash, e)
}

func (d *directory[K, T, P]) remove(e *T) {
	hash := P(e).hash()
	d.parts[hash>>56].remove(hash, e)
}
