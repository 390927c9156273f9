package redis

import (
	"strconv"
	"sync"
)

// slots is the number of slots of a Redis Cluster.
const slots = 16384

// slotOf returns the slot of a hash tag: CRC16 in the form of XMODEM (Redis
// Cluster Specification, "Key distribution model").
func slotOf(tag []byte) uint16 {
	var crc uint16
	for _, b := range tag {
		crc ^= uint16(b) << 8
		for range 8 {
			high := crc & 0x8000
			if crc <<= 1; high != 0 {
				crc ^= 0x1021
			}
		}
	}
	return crc % slots
}

// slotTags holds for each slot the least number whose digits are in it. With it
// there is a key that all groups of a slot share. Finding them takes some
// milliseconds, once.
var slotTags = sync.OnceValue(func() *[slots]uint32 {
	var tags [slots]uint32
	var digits [10]byte
	for n, left := uint32(1), slots; left > 0; n++ {
		if at := &tags[slotOf(strconv.AppendUint(digits[:0], uint64(n), 10))]; *at == 0 {
			*at = n
			left--
		}
	}
	return &tags
})

// everybodyKey is the key of the mark of all identities in a slot; see Clear.
func (s *Store) everybodyKey(slot uint16) string {
	return s.prefix + "{" + strconv.FormatUint(uint64(slotTags()[slot]), 10) + "}a"
}
