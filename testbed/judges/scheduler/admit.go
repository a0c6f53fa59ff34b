package main

import (
	"context"

	core "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission"
	features "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	internal "k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // the types of pods, with their defaults
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds"
)

// tolerations is the API server's plugin that lets every pod stay a while on a node in trouble.
var tolerations = newTolerations()

func newTolerations() admission.MutationInterface {
	plugin := defaulttolerationseconds.NewDefaultTolerationSeconds()
	plugin.InspectFeatureGates(features.DefaultFeatureGate)
	return plugin
}

// admit returns the pod as the API server would store it: defaults set, default tolerations added,
// matchLabelKeys turned into selectors. A pod that it would refuse is an error.
func admit(pod *core.Pod) (*core.Pod, error) {
	ctx := context.Background()
	var stored internal.Pod
	legacyscheme.Scheme.Default(pod)
	if err := legacyscheme.Scheme.Convert(pod, &stored, nil); err != nil {
		return nil, err
	}
	podregistry.Strategy.PrepareForCreate(ctx, &stored)
	if err := tolerations.Admit(ctx, creation(&stored), nil); err != nil {
		return nil, err
	}
	if err := podregistry.Strategy.Validate(ctx, &stored).ToAggregate(); err != nil {
		return nil, err
	}
	var admitted core.Pod
	return &admitted, legacyscheme.Scheme.Convert(&stored, &admitted, nil)
}

// creation is what an admission plugin is told of a pod that is being created.
func creation(pod *internal.Pod) admission.Attributes {
	return admission.NewAttributesRecord(pod, nil, core.SchemeGroupVersion.WithKind("Pod"), pod.Namespace, pod.Name,
		internal.Resource("pods").WithVersion(""), "", admission.Create, nil, false, nil)
}
