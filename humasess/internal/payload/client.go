package payload

import "net/netip"

// EncodeClient returns the notes about a client: the length of the address, the
// address, the user agent. It returns nil if there are none.
func EncodeClient(userAgent string, address netip.Prefix) []byte {
	if userAgent == "" && !address.IsValid() {
		return nil
	}
	binary, _ := address.MarshalBinary() // never fails
	if !address.IsValid() {
		binary = nil
	}
	b := append([]byte{byte(len(binary))}, binary...)
	return append(b, userAgent...)
}

// DecodeClient reads the output of [EncodeClient]. It returns zero values for other
// bytes.
func DecodeClient(b []byte) (userAgent string, address netip.Prefix) {
	if len(b) == 0 || int(b[0]) > len(b)-1 {
		return "", netip.Prefix{}
	}
	n := int(b[0])
	if n > 0 && address.UnmarshalBinary(b[1:1+n]) != nil {
		return "", netip.Prefix{}
	}
	return string(b[1+n:]), address
}
