package site_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
)

// Flags of authenticator data (WebAuthn § 6.1).
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
	keyIncluded  = 1 << 6
)

// device is an authenticator with one passkey.
type device struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	handle  []byte
	counter uint32
	flags   byte
	origin  string
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &device{t: t, key: key, id: []byte(rand.Text()), flags: userPresent | userVerified, origin: origin}
}

// create returns the answer of navigator.credentials.create, for the "none" attestation.
func (d *device) create(options []byte) json.RawMessage {
	d.t.Helper()
	var o struct {
		PublicKey struct {
			RP   struct{ ID string } `json:"rp"`
			User struct{ ID string } `json:"user"`
		} `json:"publicKey"`
	}
	d.decode(options, &o)
	d.handle = d.bytes(o.PublicKey.User.ID)
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	cose := slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33], []byte{0x22, 0x58, 32}, point[33:])
	data := slices.Concat(d.data(o.PublicKey.RP.ID, keyIncluded), make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(d.id))), d.id, cose)
	object := slices.Concat([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), []byte{byte(len(data))}, data)
	return d.answer(map[string]string{"clientDataJSON": d.client("webauthn.create", options), "attestationObject": text(object)})
}

// get returns the answer of navigator.credentials.get.
func (d *device) get(options []byte) json.RawMessage {
	d.t.Helper()
	var o struct {
		PublicKey struct {
			RPID string `json:"rpId"`
		} `json:"publicKey"`
	}
	d.decode(options, &o)
	d.counter++
	client := d.client("webauthn.get", options)
	data := d.data(o.PublicKey.RPID, 0)
	clientSum := sha256.Sum256(d.bytes(client))
	sum := sha256.Sum256(slices.Concat(data, clientSum[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, sum[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return d.answer(map[string]string{
		"clientDataJSON": client, "authenticatorData": text(data), "signature": text(signature), "userHandle": text(d.handle),
	})
}

// data returns authenticator data without a key.
func (d *device) data(host string, flags byte) []byte {
	sum := sha256.Sum256([]byte(host))
	return binary.BigEndian.AppendUint32(append(sum[:], d.flags|flags), d.counter)
}

// client returns the client data, as browsers make them.
func (d *device) client(kind string, options []byte) string {
	var o struct {
		PublicKey struct{ Challenge string } `json:"publicKey"`
	}
	d.decode(options, &o)
	data, err := json.Marshal(map[string]any{"type": kind, "challenge": o.PublicKey.Challenge, "origin": d.origin, "crossOrigin": false})
	if err != nil {
		d.t.Fatal(err)
	}
	return text(data)
}

func (d *device) answer(response map[string]string) json.RawMessage {
	data, err := json.Marshal(map[string]any{
		"id": text(d.id), "rawId": text(d.id), "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform",
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return data
}

func (d *device) decode(data []byte, into any) {
	d.t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		d.t.Fatalf("%s: %v", data, err)
	}
}

func (d *device) bytes(s string) []byte {
	d.t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		d.t.Fatal(err)
	}
	return data
}

func text(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
