// Package virttemplate stands in for one that the module proxy doesn't serve: KubeVirt 1.9
// compiles against it for an informer that the judges never start.
package virttemplate

import (
	"errors"

	"k8s.io/client-go/rest"
)

// Clientset is never made.
type Clientset struct{}

// Resources are the resources of one version.
type Resources struct{}

// NewForConfig refuses: nobody asks for a client here.
func NewForConfig(*rest.Config) (*Clientset, error) {
	return nil, errors.New("templates aren't served here")
}

// TemplateV1beta1 completes the interface that KubeVirt compiles against.
func (*Clientset) TemplateV1beta1() *Resources { return nil }

// RESTClient completes the interface that KubeVirt compiles against.
func (*Resources) RESTClient() rest.Interface { return nil }
