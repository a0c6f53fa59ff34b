// Package main judges by the code of one KubeVirt: the pods that it makes of a VMI, and whether it
// holds a VMI to be live-migratable.
//
// It is compiled with each KubeVirt of versions/ (`go build -modfile=versions/kubevirt-v1.9.0.mod ./kubevirt`). A build
// tag kubevirt1_N tells that it is 1.N or newer.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"live-migration-webhook/testbed/judges/lines"

	"kubevirt.io/client-go/log"
)

// programs maps a name to what answers one line.
var programs = map[string]func(line []byte) any{
	"pod":       answerPod,
	"condition": answerCondition,
}

func main() {
	var answer func([]byte) any
	if len(os.Args) == 2 {
		answer = programs[os.Args[1]]
	}
	if answer == nil {
		fmt.Fprintf(os.Stderr, "usage: %s {pod|condition} < QUESTIONS\n", os.Args[0])
		os.Exit(2)
	}
	log.Log.SetIOWriter(io.Discard)
	workers := make([]func([]byte) any, runtime.GOMAXPROCS(0))
	for i := range workers {
		workers[i] = answer
	}
	if err := lines.Answer(os.Stdin, os.Stdout, workers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
