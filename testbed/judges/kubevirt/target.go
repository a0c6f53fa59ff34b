package main

import (
	"errors"
	_ "unsafe" // for go:linkname

	core "k8s.io/api/core/v1"
	kubevirt "kubevirt.io/api/core/v1"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
	"kubevirt.io/kubevirt/pkg/virt-controller/watch/migration"
)

// createTargetPod is the migration controller's own step, which it doesn't export.
//
//go:linkname createTargetPod kubevirt.io/kubevirt/pkg/virt-controller/watch/migration.(*Controller).createTargetPod
func createTargetPod(*migration.Controller, *kubevirt.VirtualMachineInstanceMigration, *kubevirt.VirtualMachineInstance, *core.Pod) error

// targetPod lets the migration controller create the target pod of a migration.
func targetPod(asked *podQuestion, templates templateService, client *offlineClient, config *virtconfig.ClusterConfig) (*core.Pod, error) {
	nodes := newInformer(&core.Node{})
	for _, node := range asked.Nodes {
		if err := nodes.GetStore().Add(node); err != nil {
			return nil, err
		}
	}
	controller, err := newController(templates, nodes, client, config)
	if err != nil {
		return nil, err
	}
	defer controller.Queue.ShutDown()
	if err := createTargetPod(controller, asked.Migration, asked.VMI, asked.SourcePod); err != nil {
		return nil, err
	}
	if client.created == nil {
		return nil, errors.New("the migration controller created no pod")
	}
	return client.created, nil
}
