// Package main holds the Kubernetes programs of the test control plane in one binary.
//
// The program is picked by the name under which the binary was started (a link named kubectl is
// kubectl), else by the first argument. Every program ends when its owner does: see owner.go.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // log format json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // metrics of the requests made
	_ "k8s.io/component-base/metrics/prometheus/version"  // metric with the version
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// programs maps a name to a program; args are those after the name, the result is the exit code.
var programs = map[string]func(args []string) int{
	"etcd":                    etcdMain,
	"kube-apiserver":          func([]string) int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func([]string) int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
	"kube-proxy":              func([]string) int { return cli.Run(proxy.NewProxyCommand()) },
	"kube-scheduler":          func([]string) int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kubectl":                 func([]string) int { return run(kubectl.NewDefaultKubectlCommand()) },
	"kubelet":                 func([]string) int { return cli.Run(kubelet.NewKubeletCommand(context.Background())) },
	"leash":                   leashMain,
}

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args
	if _, known := programs[name]; !known && len(args) > 1 {
		name, args = args[1], args[1:]
	}
	program, known := programs[name]
	if !known {
		names := slices.Sorted(maps.Keys(programs))
		fmt.Fprintf(os.Stderr, "usage: %s {%s} [ARGUMENT...]\n", os.Args[0], strings.Join(names, "|"))
		os.Exit(2)
	}
	if name != "leash" {
		endWithOwner(func() { os.Exit(1) })
	}
	os.Args = args
	os.Exit(program(args[1:]))
}

// etcdMain runs etcd, which reads its flags from the arguments after the first.
func etcdMain(args []string) int {
	etcdmain.Main(append([]string{"etcd"}, args...))
	return 0
}

// run executes kubectl, which prints its errors itself.
func run(command *cobra.Command) int {
	if err := cli.RunNoErrOutput(command); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
