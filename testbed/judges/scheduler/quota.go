package main

import (
	core "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	internal "k8s.io/kubernetes/pkg/apis/core"
	quotas "k8s.io/kubernetes/pkg/quota/v1/evaluator/core"
	"k8s.io/utils/clock"
)

// evaluator counts what a pod takes of a quota, as the API server does.
var evaluator = quotas.NewPodEvaluator(nil, clock.RealClock{})

// overQuota tells why the API server would refuse the admitted pod, "" when the quotas of its
// namespace leave room.
func overQuota(pod *core.Pod, all []core.ResourceQuota) (string, error) {
	var own []core.ResourceQuota
	for _, quota := range all {
		if quota.Namespace == pod.Namespace {
			own = append(own, quota)
		}
	}
	if len(own) == 0 {
		return "", nil
	}
	var stored internal.Pod
	if err := legacyscheme.Scheme.Convert(pod.DeepCopy(), &stored, nil); err != nil {
		return "", err
	}
	if _, err := resourcequota.CheckRequest(own, creation(&stored), evaluator, nil); err != nil {
		return err.Error(), nil
	}
	return "", nil
}
