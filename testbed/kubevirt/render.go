package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	core "k8s.io/api/core/v1"
	kubevirt "kubevirt.io/api/core/v1"
	"kubevirt.io/client-go/log"
)

// rendering asks for the launcher pod of a VMI: for its first launch, or with a migration and the
// pod that it leaves for the target of that migration.
type rendering struct {
	ID        json.RawMessage                           `json:"id"`
	KubeVirt  *kubevirt.KubeVirt                        `json:"kubevirt"`
	VMI       *kubevirt.VirtualMachineInstance          `json:"vmi"`
	Migration *kubevirt.VirtualMachineInstanceMigration `json:"migration"`
	SourcePod *core.Pod                                 `json:"sourcePod"`
	Claims    []*core.PersistentVolumeClaim             `json:"persistentVolumeClaims"`
}

// rendered answers it with what decides where the pod may run, or with an error.
type rendered struct {
	ID    json.RawMessage `json:"id"`
	Pod   *placement      `json:"pod"`
	Error string          `json:"error,omitempty"`
}

type placement struct {
	NodeSelector              map[string]string               `json:"nodeSelector"`
	Affinity                  *core.Affinity                  `json:"affinity"`
	Tolerations               []core.Toleration               `json:"tolerations"`
	TopologySpreadConstraints []core.TopologySpreadConstraint `json:"topologySpreadConstraints"`
	Labels                    map[string]string               `json:"labels"`
	Annotations               map[string]string               `json:"annotations"`
}

// renderMain reads a rendering a line and prints the rendered pod a line: what virt-controller's
// template service makes, before the migration controller adds to a target pod.
func renderMain(args []string) int {
	if len(args) > 0 {
		fmt.Fprintln(os.Stderr, "usage: render < RENDERINGS")
		return 2
	}
	log.Log.SetIOWriter(io.Discard)
	workers := make([]func([]byte) any, runtime.GOMAXPROCS(0))
	for i := range workers {
		workers[i] = answerRendering
	}
	if err := answerLines(os.Stdin, os.Stdout, workers); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		return 1
	}
	return 0
}

// answerRendering renders one line's pod.
func answerRendering(line []byte) any {
	var asked rendering
	if err := decode(line, &asked); err != nil {
		return rendered{ID: asked.ID, Error: err.Error()}
	}
	pod, err := render(&asked)
	if err != nil {
		return rendered{ID: asked.ID, Error: err.Error()}
	}
	return rendered{ID: asked.ID, Pod: &placement{
		NodeSelector:              pod.Spec.NodeSelector,
		Affinity:                  pod.Spec.Affinity,
		Tolerations:               pod.Spec.Tolerations,
		TopologySpreadConstraints: pod.Spec.TopologySpreadConstraints,
		Labels:                    pod.Labels,
		Annotations:               pod.Annotations,
	}}
}

// render asks the template service, which panics about some mistakes, e.g. a VMI without a name.
func render(asked *rendering) (pod *core.Pod, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("the template service panicked: %v", reason)
		}
	}()
	if asked.VMI == nil || (asked.Migration == nil) != (asked.SourcePod == nil) {
		return nil, errors.New("a VMI is needed, and either both of migration and sourcePod or none")
	}
	templates, err := newTemplateService(asked)
	if err != nil {
		return nil, err
	}
	if asked.Migration != nil {
		return templates.RenderMigrationManifest(asked.VMI, asked.Migration, asked.SourcePod)
	}
	return templates.RenderLaunchManifest(asked.VMI)
}
