package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"

	core "k8s.io/api/core/v1"
)

// judgement is a question to the scheduler: which of the nodes would it accept for the pod?
type judgement struct {
	ID         json.RawMessage   `json:"id"`
	Pod        *core.Pod         `json:"pod"`
	Nodes      []*core.Node      `json:"nodes"`
	Pods       []*core.Pod       `json:"pods"`
	Namespaces []*core.Namespace `json:"namespaces"`
}

// verdict answers it: each node is either accepted or rejected, or there is an error.
type verdict struct {
	ID       json.RawMessage      `json:"id"`
	Accepted []string             `json:"accepted"`
	Rejected map[string]rejection `json:"rejected"`
	Error    string               `json:"error,omitempty"`
}

// rejection names the first plugin that failed a node; several ones are separated by commas.
type rejection struct {
	Plugin  string `json:"plugin"`
	Message string `json:"message"`
}

// judgeMain reads a judgement a line and prints a verdict a line: kube-scheduler's own filters,
// in its default profile, on the pod as the API server would store it.
func judgeMain(args []string) int {
	flags := flag.NewFlagSet("scheduler-judge", flag.ContinueOnError)
	without := map[string]bool{}
	flags.Func("without", "`plugin` that isn't asked, e.g. NodeResourcesFit; can be repeated", func(name string) error {
		without[name] = true
		return checkPlugin(name)
	})
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var workers []func([]byte) any
	for range runtime.GOMAXPROCS(0) {
		judge, err := newSchedulerJudge(without)
		if err != nil {
			return fail(err)
		}
		workers = append(workers, judge.answer)
	}
	if err := answerLines(os.Stdin, os.Stdout, workers); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "scheduler-judge:", err)
	return 1
}

// answer judges one line.
func (judge *schedulerJudge) answer(line []byte) any {
	var asked judgement
	err := decode(line, &asked)
	if err == nil && asked.Pod == nil {
		err = fmt.Errorf("there is no pod")
	}
	answer := verdict{Accepted: []string{}, Rejected: map[string]rejection{}}
	if err == nil {
		err = judge.judge(&asked, &answer)
	}
	answer.ID = asked.ID
	if err != nil {
		answer = verdict{ID: asked.ID, Error: err.Error()}
	}
	return answer
}
