package main

import (
	"context"

	core "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	internal "k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // the types of pods, with their defaults
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
)

// admit returns the pod as the API server would store it: defaults set, matchLabelKeys turned into
// selectors. A pod that it would refuse is an error.
func admit(pod *core.Pod) (*core.Pod, error) {
	var stored internal.Pod
	legacyscheme.Scheme.Default(pod)
	if err := legacyscheme.Scheme.Convert(pod, &stored, nil); err != nil {
		return nil, err
	}
	podregistry.Strategy.PrepareForCreate(context.Background(), &stored)
	if err := podregistry.Strategy.Validate(context.Background(), &stored).ToAggregate(); err != nil {
		return nil, err
	}
	var admitted core.Pod
	return &admitted, legacyscheme.Scheme.Convert(&stored, &admitted, nil)
}
