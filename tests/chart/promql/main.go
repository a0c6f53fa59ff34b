// Evaluates a PromQL expression (first argument) 20 minutes after the start of the series that a load script of
// Prometheus' tests (standard input) describes; prints what it yields, one element a line.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// failure ends the program at the first thing that is wrong with the script.
type failure struct{}

func (failure) Helper() {}

func (failure) Errorf(format string, arguments ...any) { fail(fmt.Errorf(format, arguments...)) }

func (failure) FailNow() { os.Exit(1) }

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	script, err := io.ReadAll(os.Stdin)
	fail(err)
	storage := promqltest.LoadedStorage(failure{}, string(script))
	defer storage.Close()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute})
	at := time.Unix(0, 0).Add(20 * time.Minute)
	query, err := engine.NewInstantQuery(context.Background(), storage, nil, os.Args[1], at)
	fail(err)
	vector, err := query.Exec(context.Background()).Vector()
	fail(err)
	for _, sample := range vector {
		fmt.Println(sample.Metric)
	}
}
