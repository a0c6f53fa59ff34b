//go:build kubevirt1_8

package main

import (
	"k8s.io/client-go/tools/cache"
	"kubevirt.io/client-go/kubecli"
	"kubevirt.io/kubevirt/pkg/network/netbinding"
	netannotations "kubevirt.io/kubevirt/pkg/network/pod/annotations"
	netresources "kubevirt.io/kubevirt/pkg/network/resources"
	storageannotations "kubevirt.io/kubevirt/pkg/storage/pod/annotations"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
	"kubevirt.io/kubevirt/pkg/virt-controller/services"
)

// newTemplateService makes the template service as virt-controller does.
func newTemplateService(claims cache.Store, client kubecli.KubevirtClient, config *virtconfig.ClusterConfig) templateService {
	nothing := cache.NewStore(cache.MetaNamespaceKeyFunc)
	annotations := netannotations.NewGenerator(config)
	return services.NewTemplateService("launcher", 240, "/var/run/kubevirt", "/var/run/kubevirt-ephemeral-disks",
		"/var/run/kubevirt/container-disks", "/var/run/kubevirt/hotplug-disks", "", claims, client, config,
		107, "exporter", nothing, nothing,
		services.WithSidecarCreator(hookSidecars),
		services.WithSidecarCreator(netbinding.NetBindingPluginSidecarList),
		services.WithNetMemoryCalculator(netresources.MemoryCalculator{}),
		services.WithAnnotationsGenerators(annotations, storageannotations.Generator{}),
		services.WithNetTargetAnnotationsGenerator(annotations),
	)
}
