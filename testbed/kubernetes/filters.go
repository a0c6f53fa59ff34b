package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/cache"
	scheduling "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	schedulercache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// judgedPlugins are those of the default profile that decide by what a judgement holds. The others
// ask volumes and devices, or decide in other phases.
var judgedPlugins = []string{
	names.NodeUnschedulable,
	names.NodeName,
	names.TaintToleration,
	names.NodeAffinity,
	names.NodePorts,
	names.NodeResourcesFit,
	names.PodTopologySpread,
	names.InterPodAffinity,
}

// requiredPlugins must be in every profile.
var requiredPlugins = []string{names.PrioritySort, names.DefaultBinder}

// schedulerJudge runs the filters on one cluster after another; not for several goroutines.
type schedulerJudge struct {
	framework  framework.Framework
	cluster    *clusterView
	namespaces cache.Indexer
}

// clusterView is where the plugins look for nodes; each judgement puts its own snapshot there.
type clusterView struct{ *schedulercache.Snapshot }

// checkPlugin refuses a name that isn't judged.
func checkPlugin(name string) error {
	if !slices.Contains(judgedPlugins, name) {
		return fmt.Errorf("the plugins are %s", strings.Join(judgedPlugins, ", "))
	}
	return nil
}

// newSchedulerJudge makes the plugins once; their informers are never started, namespaces are put
// into the cache instead.
func newSchedulerJudge(without map[string]bool) (*schedulerJudge, error) {
	metrics.Register()
	profile, err := judgedProfile(without)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	cluster := &clusterView{schedulercache.NewEmptySnapshot()}
	made, err := frameworkruntime.NewFramework(context.Background(), plugins.NewInTreeRegistry(), profile,
		frameworkruntime.WithInformerFactory(factory),
		frameworkruntime.WithSnapshotSharedLister(cluster),
		frameworkruntime.WithParallelism(1),
	)
	namespaces := factory.Core().V1().Namespaces().Informer().GetIndexer()
	return &schedulerJudge{framework: made, cluster: cluster, namespaces: namespaces}, err
}

// judgedProfile is kube-scheduler's default profile with the judged plugins alone, in its order.
func judgedProfile(without map[string]bool) (*config.KubeSchedulerProfile, error) {
	configuration, err := latest.Default()
	if err != nil {
		return nil, err
	}
	profile := &configuration.Profiles[0]
	profile.Plugins.MultiPoint.Enabled = slices.DeleteFunc(profile.Plugins.MultiPoint.Enabled, func(plugin config.Plugin) bool {
		judged := slices.Contains(judgedPlugins, plugin.Name) && !without[plugin.Name]
		return !judged && !slices.Contains(requiredPlugins, plugin.Name)
	})
	return profile, nil
}

// judge sorts the nodes as kube-scheduler does before it scores them.
func (judge *schedulerJudge) judge(asked *judgement, answer *verdict) error {
	pod, err := admit(asked.Pod)
	if err != nil {
		return err
	}
	nodes, err := judge.show(asked)
	if err != nil {
		return err
	}
	ctx, state := context.Background(), framework.NewCycleState()
	narrowed, status, narrowing := judge.framework.RunPreFilterPlugins(ctx, state, pod)
	if status.Code() == scheduling.Error {
		return status.AsError()
	}
	for _, node := range nodes {
		name, result := node.Node().Name, status
		if result.IsSuccess() && !narrowed.AllNodes() && !narrowed.NodeNames.Has(name) {
			message := fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", sets.List(narrowing))
			result = scheduling.NewStatus(scheduling.UnschedulableAndUnresolvable, message)
		}
		if result.IsSuccess() {
			result = judge.framework.RunFilterPlugins(ctx, state, pod, node)
		}
		if err := answer.add(name, result, narrowing); err != nil {
			return err
		}
	}
	slices.Sort(answer.Accepted)
	return nil
}

// add notes what became of a node; a status without a plugin comes from those that narrowed the nodes.
func (answer *verdict) add(node string, status *scheduling.Status, narrowing sets.Set[string]) error {
	switch {
	case status.IsSuccess():
		answer.Accepted = append(answer.Accepted, node)
	case !status.IsRejected():
		return status.AsError()
	case status.Plugin() == "":
		answer.Rejected[node] = rejection{Plugin: strings.Join(sets.List(narrowing), ","), Message: status.Message()}
	default:
		answer.Rejected[node] = rejection{Plugin: status.Plugin(), Message: status.Message()}
	}
	return nil
}

// show puts the judgement's cluster before the plugins.
func (judge *schedulerJudge) show(asked *judgement) ([]scheduling.NodeInfo, error) {
	namespaces := make([]any, 0, len(asked.Namespaces))
	for _, namespace := range asked.Namespaces {
		namespaces = append(namespaces, namespace)
	}
	if err := judge.namespaces.Replace(namespaces, ""); err != nil {
		return nil, err
	}
	judge.cluster.Snapshot = schedulercache.NewSnapshot(scheduled(asked), asked.Nodes)
	return judge.cluster.List()
}

// scheduled keeps the pods that the scheduler counts: on a known node, and not finished.
func scheduled(asked *judgement) []*core.Pod {
	known := sets.New[string]()
	for _, node := range asked.Nodes {
		known.Insert(node.Name)
	}
	return slices.DeleteFunc(asked.Pods, func(pod *core.Pod) bool {
		finished := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
		return finished || !known.Has(pod.Spec.NodeName)
	})
}
