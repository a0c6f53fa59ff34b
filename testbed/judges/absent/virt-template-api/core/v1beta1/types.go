// Package v1beta1 stands in for one that the module proxy doesn't serve; see package core.
package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// VirtualMachineTemplate is never read nor written here.
type VirtualMachineTemplate struct {
	metav1.TypeMeta
	metav1.ObjectMeta
}

// DeepCopyObject makes it a runtime.Object.
func (template *VirtualMachineTemplate) DeepCopyObject() runtime.Object {
	copied := *template
	template.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	return &copied
}
