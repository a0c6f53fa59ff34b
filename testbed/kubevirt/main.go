// Package main holds KubeVirt's programs of the test control plane, virt-api excepted, in one
// binary: virt-controller, and printers of what virt-operator would install.
//
// The program is picked by the name under which the binary was started, else by the first
// argument. Every program ends when its owner does: see owner/owner.go.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"live-migration-webhook/controlplane/kubevirt/owner"

	"kubevirt.io/kubevirt/pkg/virt-controller/watch"
)

// programs maps a name to a program; args are those after the name, the result is the exit code.
var programs = map[string]func(args []string) int{
	"virt-controller": virtControllerMain,
	"crds":            func([]string) int { return printList(customResourceDefinitions()) },
	"webhooks":        func([]string) int { return printList(webhookConfigurations(), nil) },
	"rbac":            func([]string) int { return printList(roles(), nil) },
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
	owner.EndWith(func() { os.Exit(1) })
	os.Args = args
	os.Exit(program(args[1:]))
}

// virtControllerMain runs KubeVirt's controllers; it reads its flags from os.Args.
func virtControllerMain([]string) int {
	watch.Execute()
	return 0
}
