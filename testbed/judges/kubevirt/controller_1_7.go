//go:build kubevirt1_7

package main

import (
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"kubevirt.io/client-go/kubecli"
	netannotations "kubevirt.io/kubevirt/pkg/network/pod/annotations"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
	"kubevirt.io/kubevirt/pkg/virt-controller/services"
	"kubevirt.io/kubevirt/pkg/virt-controller/watch/migration"
)

type templateService = *services.TemplateService

// newController makes the migration controller as virt-controller does; it never runs.
func newController(templates templateService, nodes cache.SharedIndexInformer, client kubecli.KubevirtClient, config *virtconfig.ClusterConfig) (*migration.Controller, error) {
	nothing := newInformer(nil)
	return migration.NewController(templates, nothing, nothing, nothing, nodes, nothing, nothing, nothing, nothing, nothing, nothing,
		&record.FakeRecorder{}, client, config, netannotations.NewGenerator(config))
}
