// Load for a webhook over TLS, open or closed loop, with every answer looked at. Prints what it saw as JSON.
//
// Closed loop: each connection sends its next request when it has the answer to the last one. Open loop (-rate): each
// request has a moment at which it is due, and its latency counts from there, however late it could be sent; so a
// server that stalls isn't spared the requests that would have come meanwhile (coordinated omission).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	var header string
	plan := Plan{}
	url := flag.String("url", "", "where to send")
	authority := flag.String("authority", "", "PEM file of the authority that signed the server's certificate")
	name := flag.String("name", "", "name in the server's certificate, where it isn't the host of the URL")
	bodies := flag.String("bodies", "", "file with one request body a line, sent in turn")
	flag.StringVar(&header, "header", "", "one more header")
	flag.IntVar(&plan.Connections, "connections", 16, "connections at once")
	flag.DurationVar(&plan.Duration, "duration", 5*time.Second, "how long")
	flag.DurationVar(&plan.WarmUp, "warm-up", 0, "how long to send before counting")
	flag.Float64Var(&plan.Rate, "rate", 0, "requests a second, open loop; 0: closed loop")
	flag.BoolVar(&plan.Fresh, "fresh", false, "a new connection for each request")
	flag.BoolVar(&plan.Drop, "drop", false, "open loop: drop what is due while all connections are busy")
	flag.Parse()

	target, err := newTarget(*url, *authority, *name, header, *bodies)
	if err == nil {
		var seen *Seen
		if seen, err = plan.Run(target); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(seen.Result(plan.Duration))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}
