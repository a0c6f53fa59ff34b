package main

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	longest = int64(time.Minute / time.Microsecond)
	digits  = 3
)

// Seen counts answers by their kind, with a histogram of latencies (µs) for each.
type Seen struct {
	Dropped atomic.Int64

	lock     sync.Mutex
	outcomes map[string]*hdrhistogram.Histogram
}

// Latencies of one kind of answer, in milliseconds.
type Latencies struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99.9"`
	Max   float64 `json:"max"`
}

// Result is what is printed.
type Result struct {
	Seconds  float64              `json:"seconds"`
	Dropped  int64                `json:"dropped"`
	Outcomes map[string]Latencies `json:"outcomes"`
}

func newSeen() *Seen {
	return &Seen{outcomes: map[string]*hdrhistogram.Histogram{}}
}

// Record counts one answer.
func (s *Seen) Record(outcome string, latency time.Duration) {
	s.lock.Lock()
	defer s.lock.Unlock()
	histogram, known := s.outcomes[outcome]
	if !known {
		histogram = hdrhistogram.New(1, longest, digits)
		s.outcomes[outcome] = histogram
	}
	histogram.RecordValue(min(latency.Microseconds(), longest))
}

// Result sums up.
func (s *Seen) Result(duration time.Duration) Result {
	result := Result{Seconds: duration.Seconds(), Dropped: s.Dropped.Load(), Outcomes: map[string]Latencies{}}
	for outcome, histogram := range s.outcomes {
		result.Outcomes[outcome] = Latencies{
			Count: histogram.TotalCount(),
			Mean:  histogram.Mean() / 1000,
			P50:   milliseconds(histogram, 50),
			P99:   milliseconds(histogram, 99),
			P999:  milliseconds(histogram, 99.9),
			Max:   float64(histogram.Max()) / 1000,
		}
	}
	return result
}

func milliseconds(histogram *hdrhistogram.Histogram, percentile float64) float64 {
	return float64(histogram.ValueAtPercentile(percentile)) / 1000
}
