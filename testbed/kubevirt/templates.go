package main

import (
	nad "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	kubevirt "kubevirt.io/api/core/v1"
	"kubevirt.io/client-go/kubecli"
	networks "kubevirt.io/client-go/networkattachmentdefinitionclient"
	fakenetworks "kubevirt.io/client-go/networkattachmentdefinitionclient/fake"
	"kubevirt.io/kubevirt/pkg/hooks"
	"kubevirt.io/kubevirt/pkg/network/netbinding"
	netannotations "kubevirt.io/kubevirt/pkg/network/pod/annotations"
	storageannotations "kubevirt.io/kubevirt/pkg/storage/pod/annotations"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
	"kubevirt.io/kubevirt/pkg/virt-controller/services"
)

// offlineClient is all that the template service asks of an API server: every network exists.
type offlineClient struct {
	kubecli.KubevirtClient
	networks networks.Interface
}

// NetworkClient answers with the networks.
func (client offlineClient) NetworkClient() networks.Interface { return client.networks }

func newOfflineClient() offlineClient {
	fake := fakenetworks.NewSimpleClientset()
	fake.PrependReactor("get", "network-attachment-definitions", func(testing.Action) (bool, runtime.Object, error) {
		return true, &nad.NetworkAttachmentDefinition{}, nil
	})
	return offlineClient{networks: fake}
}

// newTemplateService makes the service as virt-controller does, on the objects of the rendering.
func newTemplateService(asked *rendering) (*services.TemplateService, error) {
	config, err := clusterConfig(asked.KubeVirt)
	if err != nil {
		return nil, err
	}
	claims := newStore()
	for _, claim := range asked.Claims {
		if err := claims.Add(claim); err != nil {
			return nil, err
		}
	}
	annotations := netannotations.NewGenerator(config)
	return services.NewTemplateService("launcher", 240, "/var/run/kubevirt", "/var/run/kubevirt-ephemeral-disks",
		"/var/run/kubevirt/container-disks", "/var/run/kubevirt/hotplug-disks", "", claims, newOfflineClient(), config,
		107, "exporter", newStore(), newStore(),
		services.WithSidecarCreator(func(vmi *kubevirt.VirtualMachineInstance, _ *kubevirt.KubeVirtConfiguration) (hooks.HookSidecarList, error) {
			return hooks.UnmarshalHookSidecarList(vmi)
		}),
		services.WithSidecarCreator(netbinding.NetBindingPluginSidecarList),
		services.WithNetBindingPluginMemoryCalculator(netbinding.MemoryCalculator{}),
		services.WithAnnotationsGenerators(annotations, storageannotations.Generator{}),
		services.WithNetTargetAnnotationsGenerator(annotations),
	), nil
}

// clusterConfig reads the KubeVirt resource as one that virt-operator has deployed; without one,
// KubeVirt's defaults hold.
func clusterConfig(installed *kubevirt.KubeVirt) (*virtconfig.ClusterConfig, error) {
	informer := newInformer(&kubevirt.KubeVirt{})
	if installed == nil {
		return virtconfig.NewClusterConfigWithCPUArch(newInformer(&apiextensions.CustomResourceDefinition{}), informer, namespace, "amd64")
	}
	deployed := installed.DeepCopy()
	deployed.ResourceVersion, deployed.Status.Phase = "1", kubevirt.KubeVirtPhaseDeployed
	if err := informer.GetStore().Add(deployed); err != nil {
		return nil, err
	}
	return virtconfig.NewClusterConfigWithCPUArch(newInformer(&apiextensions.CustomResourceDefinition{}), informer, deployed.Namespace, "amd64")
}

func newStore() cache.Store { return cache.NewStore(cache.MetaNamespaceKeyFunc) }

// newInformer makes one that is never started: its store holds what is put into it.
func newInformer(kind runtime.Object) cache.SharedIndexInformer {
	return cache.NewSharedIndexInformer(nil, kind, 0, cache.Indexers{})
}
