package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// Target is a server and the requests for it, whole as they go over the wire.
type Target struct {
	address  string
	tls      *tls.Config
	requests [][]byte
}

func newTarget(link, authority, name, header, bodies string) (*Target, error) {
	parsed, err := url.Parse(link)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	content, err := os.ReadFile(bodies)
	if err != nil {
		return nil, err
	}
	target := &Target{address: parsed.Host, tls: &tls.Config{RootCAs: pool, ServerName: name}}
	if name == "" {
		target.tls.ServerName = parsed.Hostname()
	}
	for line := range bytes.Lines(content) {
		target.requests = append(target.requests, request(parsed, header, bytes.TrimSpace(line)))
	}
	if len(target.requests) == 0 {
		return nil, errors.New("there are no bodies")
	}
	return target, nil
}

// request is a POST as the API server sends it to a webhook.
func request(link *url.URL, header string, body []byte) []byte {
	lines := []string{
		"POST " + link.RequestURI() + " HTTP/1.1",
		"Host: " + link.Host,
		"User-Agent: kube-apiserver-admission",
		fmt.Sprint("Content-Length: ", len(body)),
		"Accept: application/json, */*",
		"Content-Type: application/json",
	}
	if header != "" {
		lines = append(lines, header)
	}
	return append([]byte(strings.Join(lines, "\r\n")+"\r\n\r\n"), body...)
}

// Connection is one connection to the target, made when it is needed.
type Connection struct {
	target *Target
	conn   net.Conn
	reader *bufio.Reader
}

// Ask sends a request and returns what came back.
func (c *Connection) Ask(request []byte) Answer {
	if c.conn == nil {
		conn, err := tls.Dial("tcp", c.target.address, c.target.tls)
		if err != nil {
			return Answer{Outcome: "no connection"}
		}
		c.conn, c.reader = conn, bufio.NewReader(conn)
	}
	answer, err := c.exchange(request)
	if err != nil {
		c.Close()
		return Answer{Outcome: "connection lost"}
	}
	if answer.Close {
		c.Close()
	}
	return answer
}

// Close ends the connection; the next request makes a new one.
func (c *Connection) Close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

func (c *Connection) exchange(request []byte) (Answer, error) {
	if _, err := c.conn.Write(request); err != nil {
		return Answer{}, err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return Answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	return Answer{Outcome: outcome(response, body), Close: response.Close, Pause: pause(response)}, err
}
