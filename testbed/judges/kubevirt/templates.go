package main

import (
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"
	kubevirt "kubevirt.io/api/core/v1"
	"kubevirt.io/kubevirt/pkg/hooks"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
)

// namespace is where KubeVirt is installed when no KubeVirt resource tells it.
const namespace = "kubevirt"

// clusterConfig reads the KubeVirt resource as one that virt-operator has deployed; without one,
// KubeVirt's defaults hold.
func clusterConfig(installed *kubevirt.KubeVirt) (*virtconfig.ClusterConfig, error) {
	definitions, informer := newInformer(&apiextensions.CustomResourceDefinition{}), newInformer(&kubevirt.KubeVirt{})
	if installed == nil {
		return virtconfig.NewClusterConfigWithCPUArch(definitions, informer, namespace, "amd64")
	}
	deployed := installed.DeepCopy()
	deployed.ResourceVersion, deployed.Status.Phase = "1", kubevirt.KubeVirtPhaseDeployed
	if err := informer.GetStore().Add(deployed); err != nil {
		return nil, err
	}
	return virtconfig.NewClusterConfigWithCPUArch(definitions, informer, deployed.Namespace, "amd64")
}

// hookSidecars reads a VMI's hook sidecars from its annotations.
func hookSidecars(vmi *kubevirt.VirtualMachineInstance, _ *kubevirt.KubeVirtConfiguration) (hooks.HookSidecarList, error) {
	return hooks.UnmarshalHookSidecarList(vmi)
}

// newInformer makes one that is never started: its store holds what is put into it.
func newInformer(kind runtime.Object) cache.SharedIndexInformer {
	return cache.NewSharedIndexInformer(nil, kind, 0, cache.Indexers{})
}
