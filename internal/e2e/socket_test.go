package e2e_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/humasess/sessions/humasess"
)

// socketBehaviours are about operations that upgrade the connection to a websocket.
var socketBehaviours = []behaviour{
	{"F11 X4 a websocket with a bearer token, from every origin, until its session is revoked", bearerSocket},
	{"F11 X4 a websocket with a cookie, from the own origin only", cookieSocket},
}

// upgradeHTTP hijacks the connection of net/http below the gate, and serves it while the
// handler runs.
func upgradeHTTP(ctx huma.Context, conversation func(io.ReadWriter)) error {
	w, ok := ctx.BodyWriter().(http.ResponseWriter)
	if !ok {
		return http.ErrNotSupported
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if err := rw.Flush(); err != nil {
		return err
	}
	conversation(struct {
		io.Reader
		io.Writer
	}{rw, conn})
	return nil
}

func announceUpgrade(ctx huma.Context) {
	ctx.SetHeader("Connection", "Upgrade")
	ctx.SetHeader("Upgrade", "websocket")
	ctx.SetStatus(http.StatusSwitchingProtocols)
}

// upgradeFiber makes fasthttp serve the connection after the handler has returned.
func upgradeFiber(ctx huma.Context, conversation func(io.ReadWriter)) error {
	announceUpgrade(ctx)
	humafiber.Unwrap(ctx).RequestCtx().Hijack(func(conn net.Conn) { conversation(conn) })
	return nil
}

func upgradeFiber2(ctx huma.Context, conversation func(io.ReadWriter)) error {
	announceUpgrade(ctx)
	humafiber.UnwrapV2(ctx).Context().Hijack(func(conn net.Conn) { conversation(conn) })
	return nil
}

// sockets returns a rig with an operation that upgrades. The server sends the user of
// its session first, echoes one line, and then sends "ended" when Done closes.
func sockets(t *testing.T, a *adapter) *rig[account] {
	t.Helper()
	opts := accountOptions()
	opts.Bearer = &humasess.BearerOptions{}
	return newRig(t, a, setup[account]{opts: opts, ops: func(_ *rig[account], api huma.API) {
		huma.Get(api, "/socket", func(_ context.Context, in *meInput) (*huma.StreamResponse, error) {
			user, done := in.Value().ID, in.Session.Done()
			select {
			case <-done:
				t.Error("Done is closed before the upgrade")
			default:
			}
			upgrade := a.upgrade
			if upgrade == nil {
				upgrade = upgradeHTTP
			}
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				err := upgrade(ctx, func(rw io.ReadWriter) {
					_, _ = io.WriteString(rw, user+"\n")
					line, err := bufio.NewReader(rw).ReadString('\n')
					if err != nil {
						return // a client that only tries the handshake
					}
					_, _ = io.WriteString(rw, user+" says "+line)
					if waited(done) {
						_, _ = io.WriteString(rw, "ended\n")
					}
				})
				if err != nil {
					t.Errorf("upgrade: %v", err)
				}
			}}, nil
		})
	}})
}

// handshake asks for the upgrade. It returns the first line after a 101.
func (c *client) handshake(headers ...string) (status int, user string, conn net.Conn, lines *bufio.Reader) {
	c.t.Helper()
	conn = c.dial()
	headers = append(headers, "Connection: Upgrade", "Upgrade: websocket")
	if _, err := io.WriteString(conn, c.head("GET", "/socket", headers...)); err != nil {
		c.t.Fatal(err)
	}
	lines = bufio.NewReader(conn)
	res, err := http.ReadResponse(lines, nil)
	if err != nil {
		c.t.Fatalf("handshake: %v", err)
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		user, err = lines.ReadString('\n')
		if err != nil {
			c.t.Errorf("first line: %v", err)
		}
	}
	return res.StatusCode, user, conn, lines
}

// converse sends one line and requires its echo.
func converse(t *testing.T, conn io.Writer, lines *bufio.Reader, user string) {
	t.Helper()
	if _, err := io.WriteString(conn, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := lines.ReadString('\n'); err != nil || line != user+" says hello\n" {
		t.Errorf("echo: got %q, %v, want that of %s", line, err, user)
	}
}

// endsWith revokes the sessions of a user and requires that the server hears of it.
func (r *rig[T]) endsWith(a *adapter, user string, lines *bufio.Reader) {
	r.t.Helper()
	if !a.can(upgradedDone) {
		if line, err := lines.ReadString('\n'); err != nil || line != "ended\n" {
			r.t.Errorf("after the handshake: got %q, %v, want it told in the table that Done stays open", line, err)
		}
		return
	}
	if n, err := r.sessions.RevokeIdentity(context.Background(), user); err != nil || n != 1 {
		r.t.Errorf("RevokeIdentity: got %d, %v, want one session", n, err)
	}
	if line, err := lines.ReadString('\n'); err != nil || line != "ended\n" {
		r.t.Errorf("after the session was revoked: got %q, %v, want that Done has closed", line, err)
	}
}

const foreignOrigin = "Origin: https://evil.example"

func bearerSocket(t *testing.T, a *adapter) {
	r := sockets(t, a)
	token, err := r.sessions.IssueBearer(context.Background(), account{ID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := r.sessions.IssueBearer(context.Background(), account{ID: "eve"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.sessions.RevokeIdentity(context.Background(), "eve"); err != nil {
		t.Fatal(err)
	}
	live := "Authorization: Bearer " + token.AccessToken
	bob := r.signedIn(account{ID: "bob"})
	for _, tt := range []struct {
		name    string
		from    *client
		headers []string
		want    int
	}{
		{"live token", r.client(), []string{live}, http.StatusSwitchingProtocols},
		{"live token of a foreign page", r.client(), []string{live, foreignOrigin}, http.StatusSwitchingProtocols},
		{"live token beside a cookie, of a foreign page", bob, []string{live, foreignOrigin}, http.StatusSwitchingProtocols},
		{"revoked token", r.client(), []string{"Authorization: Bearer " + gone.AccessToken}, http.StatusUnauthorized},
		{"unknown token", r.client(), []string{live + "x"}, http.StatusUnauthorized},
		{"unknown token beside a cookie", bob, []string{live + "x"}, http.StatusUnauthorized},
		{"unknown token of a foreign page", bob, []string{live + "x", foreignOrigin}, http.StatusUnauthorized},
		{"token of two lines", r.client(), []string{live, live}, http.StatusUnauthorized},
		{"cookie's token as a bearer token", r.client(), []string{"Authorization: Bearer " + bob.token()}, http.StatusUnauthorized},
		{"token in the subprotocol", r.client(), []string{"Sec-WebSocket-Protocol: bearer, " + token.AccessToken}, http.StatusUnauthorized},
	} {
		status, user, conn, _ := tt.from.handshake(tt.headers...)
		if status != tt.want || status == http.StatusSwitchingProtocols && user != "ada\n" {
			t.Errorf("%s: got %d and user %q, want %d, and ada's session after an upgrade", tt.name, status, user, tt.want)
		}
		_ = conn.Close()
	}
	status, _, conn, lines := bob.handshake(live, foreignOrigin)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: got %d, want 101", status)
	}
	converse(t, conn, lines, "ada")
	r.endsWith(a, "ada", lines)
	r.wantActive(bob, true)
}

func cookieSocket(t *testing.T, a *adapter) {
	r := sockets(t, a)
	bob := r.signedIn(account{ID: "bob"})
	for _, tt := range []struct {
		name    string
		from    *client
		headers []string
		want    int
	}{
		{"own page", bob, []string{"Origin: " + r.url}, http.StatusSwitchingProtocols},
		{"own page without a session", r.client(), []string{"Origin: " + r.url}, http.StatusUnauthorized},
		{"foreign page", bob, []string{foreignOrigin}, http.StatusForbidden},
		{"foreign page with another credential", bob, []string{foreignOrigin, "Authorization: Basic YTpi"}, http.StatusForbidden},
		{"foreign page with a token of another prefix", bob, []string{foreignOrigin, "Authorization: Bearer jwt"}, http.StatusForbidden},
	} {
		status, user, conn, _ := tt.from.handshake(tt.headers...)
		if status != tt.want || status == http.StatusSwitchingProtocols && user != "bob\n" {
			t.Errorf("%s: got %d and user %q, want %d, and bob's session after an upgrade", tt.name, status, user, tt.want)
		}
		_ = conn.Close()
	}
	status, _, conn, lines := bob.handshake("Origin: " + r.url)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: got %d, want 101", status)
	}
	converse(t, conn, lines, "bob")
	r.endsWith(a, "bob", lines)
}
