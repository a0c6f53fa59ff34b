// Package main judges by kube-scheduler's own filters which nodes would be accepted for a pod, and
// by the API server's admission whether a quota leaves room for it.
//
// It is compiled with each Kubernetes of versions/ (`go build -modfile=versions/scheduler-v1.35.4.mod ./scheduler`).
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"

	"live-migration-webhook/testbed/judges/lines"
)

// main reads a judgement a line and prints a verdict a line, in kube-scheduler's default profile, on
// the pod as the API server would store it.
func main() {
	without := map[string]bool{}
	flag.Func("without", "`plugin` that isn't asked, e.g. NodeResourcesFit; can be repeated", func(name string) error {
		without[name] = true
		return checkPlugin(name)
	})
	flag.Parse()
	if err := serve(without); err != nil {
		fmt.Fprintln(os.Stderr, "scheduler-judge:", err)
		os.Exit(1)
	}
}

func serve(without map[string]bool) error {
	var workers []func([]byte) any
	for range runtime.GOMAXPROCS(0) {
		judge, err := newSchedulerJudge(without)
		if err != nil {
			return err
		}
		workers = append(workers, judge.answer)
	}
	return lines.Answer(os.Stdin, os.Stdout, workers)
}
