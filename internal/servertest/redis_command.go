package servertest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// redisError is an error in a server's answer.
type redisError string

func (e redisError) Error() string { return string(e) }

// redisCommand sends one command over a connection of its own. The address is a host
// and a port, or the path of a Unix socket.
func redisCommand(addr string, args ...string) (string, error) {
	dialer := net.Dialer{Timeout: redisPatience}
	network := "tcp"
	if filepath.IsAbs(addr) {
		network = "unix"
	}
	conn, err := dialer.Dial(network, addr)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(redisPatience)); err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(conn, b.String()); err != nil {
		return "", err
	}
	return readRedis(bufio.NewReader(conn))
}

// readRedis reads one answer in version 2 of the protocol.
func readRedis(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return "", io.ErrUnexpectedEOF
	}
	kind, rest := line[0], line[1:]
	switch kind {
	case '+', ':':
		return rest, nil
	case '-':
		return "", redisError(rest)
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		return "", err // nil
	}
	if kind == '$' {
		data := make([]byte, n+len("\r\n"))
		_, err := io.ReadFull(r, data)
		return string(data[:n]), err
	}
	lines := make([]string, n)
	for i := range lines {
		if lines[i], err = readRedis(r); err != nil {
			return "", err
		}
	}
	return strings.Join(lines, "\n"), nil
}
