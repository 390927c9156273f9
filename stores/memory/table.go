package memory

import (
	"hash/maphash"
	"math/bits"

	"github.com/humasess/sessions/stores"
)

// seed keeps clients from choosing IDs or identities that collide.
var seed = maphash.MakeSeed()

func hashID(id stores.ID) uint64  { return maphash.Bytes(seed, id[:]) }
func hashName(name string) uint64 { return maphash.String(seed, name) }

// element is a *T that a table can hold.
type element[K comparable, T any] interface {
	*T
	key() K
	hash() uint64
	link() **T // where the table chains it to the next of its bucket
}

// table is a hash table by linear hashing: one bucket per element, split and
// merged one at a time. Two properties are why it is not a map: a slot costs 8
// bytes instead of 29 to 57, and it gives its memory back as it empties.
type table[K comparable, T any, P element[K, T]] struct {
	buckets []*T
	count   int
}

// bucket returns where the hash belongs. There is a bucket.
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

// span returns the first of the bucket where the reversed hash at belongs, and
// the reversed hash where the next bucket begins, 0 after the last. There is a
// bucket.
//
// The hashes of a bucket have their low bits in common. Reversed, they are
// neighbours, whatever the number of buckets: so whoever goes through a table
// in this order misses nothing and meets nothing twice while it changes.
func (t *table[K, T, P]) span(at uint64) (first *T, next uint64) {
	hash, n := bits.Reverse64(at), uint64(len(t.buckets))
	width := bits.Len64(n - 1) // of the buckets that have been split
	if half := uint64(1) << width / 2; hash&(half-1)+half >= n && width > 0 {
		width--
	}
	shift := 64 - width
	return t.buckets[t.bucket(hash)], (at>>shift + 1) << shift
}

// split adds a bucket and moves there what belongs there.
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

// merge takes the last bucket away and moves what it held to where it came from.
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

// shrunk returns list, moved to less memory when most of it is unused.
func shrunk[E any](list []E) []E {
	if len(list) == 0 {
		return nil
	}
	if cap(list) < 64 || cap(list)/4 < len(list) {
		return list
	}
	return append(make([]E, 0, 2*len(list)), list...)
}

// directory is a table in parts, so that no growth copies much at once.
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
