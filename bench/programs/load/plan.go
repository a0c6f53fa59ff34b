package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// Plan is how the load is made.
type Plan struct {
	Connections int
	Duration    time.Duration
	WarmUp      time.Duration
	Rate        float64
	Fresh       bool
	Drop        bool
}

// waiting is how many requests may be due and not sent yet, in open loop without -drop.
const waiting = 1 << 20

// Run makes the load and returns what was seen after the warm-up.
func (p Plan) Run(target *Target) (*Seen, error) {
	seen := newSeen()
	began := time.Now()
	counted := began.Add(p.WarmUp)
	end := counted.Add(p.Duration)
	due := p.schedule(began, end, seen)
	turns := &atomic.Int64{}
	var senders sync.WaitGroup
	for range p.Connections {
		senders.Go(func() {
			p.send(&Connection{target: target}, turns, due, counted, end, seen)
		})
	}
	senders.Wait()
	return seen, nil
}

// send asks over one connection until the end: whenever a request is due, or (closed loop) at once.
//
// The requests' turn is counted over all connections: however these drift apart, no request is repeated before all
// others have been sent.
func (p Plan) send(
	connection *Connection, turns *atomic.Int64, due <-chan time.Time, counted, end time.Time, seen *Seen,
) {
	defer connection.Close()
	requests := connection.target.requests
	for {
		start, more := p.next(due, end)
		if !more {
			return
		}
		if p.Fresh {
			connection.Close()
		}
		answer := connection.Ask(requests[int(turns.Add(1)-1)%len(requests)])
		// What was due in time counts even when its answer is late, or the slowest would be left out.
		if finished := time.Now(); start.After(counted) && (p.Rate > 0 || finished.Before(end)) {
			seen.Record(answer.Outcome, finished.Sub(start))
		}
		// Whoever is sent away comes again when he was told to, like the API server.
		time.Sleep(min(answer.Pause, time.Until(end)))
	}
}

// next waits for the moment from which the next request's latency counts.
func (p Plan) next(due <-chan time.Time, end time.Time) (time.Time, bool) {
	if p.Rate > 0 {
		moment, more := <-due
		return moment, more
	}
	now := time.Now()
	return now, now.Before(end)
}

// schedule says when each request is due, in open loop.
func (p Plan) schedule(began, end time.Time, seen *Seen) <-chan time.Time {
	if p.Rate <= 0 {
		return nil
	}
	size := waiting
	if p.Drop {
		size = 0
	}
	due := make(chan time.Time, size)
	go func() {
		defer close(due)
		for number := 0; ; number++ {
			moment := began.Add(time.Duration(float64(number) / p.Rate * float64(time.Second)))
			if moment.After(end) {
				return
			}
			time.Sleep(time.Until(moment))
			p.offer(due, moment, seen)
		}
	}()
	return due
}

// offer gives a request to a sender; with -drop, only to one that waits for it.
func (p Plan) offer(due chan<- time.Time, moment time.Time, seen *Seen) {
	if !p.Drop {
		due <- moment
		return
	}
	select {
	case due <- moment:
	default:
		seen.Dropped.Add(1)
	}
}
