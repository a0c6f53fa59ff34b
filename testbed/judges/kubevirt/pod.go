package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"live-migration-webhook/testbed/judges/lines"

	nad "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubevirt "kubevirt.io/api/core/v1"
)

// podQuestion asks for the launcher pod of a VMI: for its first launch, or with a migration, the
// pod that it leaves and the node of that pod for the target of the migration.
type podQuestion struct {
	ID        json.RawMessage                           `json:"id"`
	KubeVirt  *kubevirt.KubeVirt                        `json:"kubevirt"`
	VMI       *kubevirt.VirtualMachineInstance          `json:"vmi"`
	Migration *kubevirt.VirtualMachineInstanceMigration `json:"migration"`
	SourcePod *core.Pod                                 `json:"sourcePod"`
	Nodes     []*core.Node                              `json:"nodes"`
	Claims    []*core.PersistentVolumeClaim             `json:"persistentVolumeClaims"`
	Networks  []*nad.NetworkAttachmentDefinition        `json:"networkAttachmentDefinitions"`
}

// podAnswer is what virt-controller creates, as far as it decides where the pod may run, or why it
// creates none.
type podAnswer struct {
	ID    json.RawMessage `json:"id"`
	Pod   *core.Pod       `json:"pod"`
	Error string          `json:"error,omitempty"`
}

// answerPod makes one line's pod.
func answerPod(line []byte) any {
	var asked podQuestion
	if err := lines.Decode(line, &asked); err != nil {
		return podAnswer{ID: asked.ID, Error: err.Error()}
	}
	pod, err := makePod(&asked)
	if err != nil {
		return podAnswer{ID: asked.ID, Error: err.Error()}
	}
	return podAnswer{ID: asked.ID, Pod: placed(pod)}
}

// makePod asks virt-controller's code, which panics about some mistakes, e.g. a VMI without a name.
func makePod(asked *podQuestion) (pod *core.Pod, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("virt-controller panicked: %v", reason)
		}
	}()
	if asked.VMI == nil || (asked.Migration == nil) != (asked.SourcePod == nil) {
		return nil, errors.New("a VMI is needed, and either both of migration and sourcePod or none")
	}
	config, err := clusterConfig(asked.KubeVirt)
	if err != nil {
		return nil, err
	}
	claims := newInformer(&core.PersistentVolumeClaim{}).GetStore()
	for _, claim := range asked.Claims {
		if err := claims.Add(claim); err != nil {
			return nil, err
		}
	}
	client := newOfflineClient(asked.Networks)
	templates := newTemplateService(claims, client, config)
	if asked.Migration == nil {
		return templates.RenderLaunchManifest(asked.VMI)
	}
	return targetPod(asked, templates, client, config)
}

// placed keeps of a pod what decides where it may run, and what a later migration reads of it.
func placed(pod *core.Pod) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Labels: pod.Labels},
		Spec: core.PodSpec{
			NodeSelector:              pod.Spec.NodeSelector,
			Affinity:                  pod.Spec.Affinity,
			Tolerations:               pod.Spec.Tolerations,
			TopologySpreadConstraints: pod.Spec.TopologySpreadConstraints,
			SchedulerName:             pod.Spec.SchedulerName,
			PriorityClassName:         pod.Spec.PriorityClassName,
			RuntimeClassName:          pod.Spec.RuntimeClassName,
			Overhead:                  pod.Spec.Overhead,
			ResourceClaims:            pod.Spec.ResourceClaims,
			InitContainers:            asking(pod.Spec.InitContainers),
			Containers:                asking(pod.Spec.Containers),
		},
	}
}

// asking keeps of containers what they ask of a node.
func asking(containers []core.Container) []core.Container {
	var kept []core.Container
	for _, container := range containers {
		kept = append(kept, core.Container{
			Name:          container.Name,
			RestartPolicy: container.RestartPolicy,
			Resources:     container.Resources,
		})
	}
	return kept
}
