package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Serve serves the handler by https, HTTP/2 included, under a name below .test
// until the test ends, and returns the origin: scheme, name and port. Sites
// whose names end in the same two parts, such as example.test, are same-site.
func Serve(tb testing.TB, host string, handler http.Handler) (origin string) {
	tb.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // browsers open connections that they do not use
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate().pair}, MinVersion: tls.VersionTLS13}
	server.StartTLS()
	tb.Cleanup(func() {
		server.CloseClientConnections() // an EventSource would hold up Close
		server.Close()
	})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return "https://" + net.JoinHostPort(host, port)
}

// siteCertificate is self-signed. The browser accepts it because of its key.
type siteCertificate struct {
	pair        tls.Certificate
	fingerprint string // of the key, in the form for Chromium
}

var certificate = sync.OnceValue(func() siteCertificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		DNSNames: []string{"*.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(spki)
	return siteCertificate{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, base64.StdEncoding.EncodeToString(sum[:])}
})
