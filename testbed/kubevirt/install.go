package main

import (
	"encoding/json"
	"fmt"
	"os"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/components"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/rbac"
)

// namespace is where KubeVirt is installed; the printed objects refer to it.
const namespace = "kubevirt"

// customResourceDefinitions lists all of KubeVirt's: virt-controller waits for an informer of each.
func customResourceDefinitions() ([]runtime.Object, error) {
	generators := []func() (*apiextensions.CustomResourceDefinition, error){
		components.NewKubeVirtCrd,
		components.NewVirtualMachineCrd,
		components.NewVirtualMachineInstanceCrd,
		components.NewVirtualMachineInstanceMigrationCrd,
		components.NewMigrationPolicyCrd,
		components.NewPresetCrd,
		components.NewReplicaSetCrd,
		components.NewVirtualMachinePoolCrd,
		components.NewVirtualMachineSnapshotCrd,
		components.NewVirtualMachineSnapshotContentCrd,
		components.NewVirtualMachineRestoreCrd,
		components.NewVirtualMachineExportCrd,
		components.NewVirtualMachineCloneCrd,
		components.NewVirtualMachineInstancetypeCrd,
		components.NewVirtualMachineClusterInstancetypeCrd,
		components.NewVirtualMachinePreferenceCrd,
		components.NewVirtualMachineClusterPreferenceCrd,
	}
	var definitions []runtime.Object
	for _, generate := range generators {
		definition, err := generate()
		if err != nil {
			return nil, err
		}
		definitions = append(definitions, definition)
	}
	return definitions, nil
}

// webhookConfigurations registers virt-api for admission; caBundle and service port are the installer's.
func webhookConfigurations() []runtime.Object {
	return []runtime.Object{
		components.NewVirtAPIMutatingWebhookConfiguration(namespace),
		components.NewVirtAPIValidatingWebhookConfiguration(namespace),
	}
}

// roles grants virt-api, virt-controller and virt-handler the very rights that virt-operator grants.
func roles() []runtime.Object {
	var objects []runtime.Object
	objects = append(objects, rbac.GetAllCluster()...)
	objects = append(objects, rbac.GetAllApiServer(namespace)...)
	objects = append(objects, rbac.GetAllController(namespace)...)
	return append(objects, rbac.GetAllHandler(namespace)...)
}

// printList prints the objects as a v1 List in JSON, without their status.
func printList(objects []runtime.Object, err error) int {
	items := make([]map[string]any, 0, len(objects))
	for _, object := range objects {
		item, failure := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if failure != nil {
			err = failure
			break
		}
		delete(item, "status")
		items = append(items, item)
	}
	if err == nil {
		list := map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
		err = json.NewEncoder(os.Stdout).Encode(list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
