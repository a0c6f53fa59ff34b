package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	resourceslicetracker "k8s.io/dynamic-resource-allocation/resourceslice/tracker"
	"k8s.io/klog/v2"
	scheduling "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	schedulercache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/dynamicresources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
	"k8s.io/kubernetes/pkg/scheduler/util/assumecache"
)

// otherPlugins of the default profile decide in other phases: their order, their scores, their
// preemption, their binding. PrioritySort and DefaultBinder must be in every profile.
var otherPlugins = []string{
	names.SchedulingGates,
	names.DefaultPreemption,
	names.NodeResourcesBalancedAllocation,
	names.ImageLocality,
	names.GangScheduling,
}

// requiredPlugins must be in every profile.
var requiredPlugins = []string{names.PrioritySort, names.DefaultBinder}

// schedulerJudge runs the filters on one cluster after another; not for several goroutines.
type schedulerJudge struct {
	framework framework.Framework
	cluster   *clusterView
	objects   *objects
}

// clusterView is where the plugins look for nodes; each judgement puts its own snapshot there.
type clusterView struct{ *schedulercache.Snapshot }

// checkPlugin refuses a name that isn't judged.
func checkPlugin(name string) error {
	judged, err := judgedPlugins()
	if err == nil && !slices.Contains(judged, name) {
		err = fmt.Errorf("the plugins are %s", strings.Join(judged, ", "))
	}
	return err
}

// judgedPlugins are those of the default profile that accept or reject nodes.
func judgedPlugins() ([]string, error) {
	configuration, err := latest.Default()
	if err != nil {
		return nil, err
	}
	var judged []string
	for _, plugin := range configuration.Profiles[0].Plugins.MultiPoint.Enabled {
		if !slices.Contains(otherPlugins, plugin.Name) && !slices.Contains(requiredPlugins, plugin.Name) {
			judged = append(judged, plugin.Name)
		}
	}
	return judged, nil
}

// newSchedulerJudge makes the plugins once.
func newSchedulerJudge(without map[string]bool) (*schedulerJudge, error) {
	metrics.Register()
	profile, err := judgedProfile(without)
	if err != nil {
		return nil, err
	}
	ctx, cluster, objects := context.Background(), &clusterView{schedulercache.NewEmptySnapshot()}, newObjects()
	devices, err := newDevices(ctx, objects)
	if err != nil {
		return nil, err
	}
	csiNodes := objects.factory.Storage().V1().CSINodes().Lister()
	made, err := frameworkruntime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile,
		frameworkruntime.WithInformerFactory(objects.factory),
		frameworkruntime.WithSnapshotSharedLister(cluster),
		frameworkruntime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(csiNodes)),
		frameworkruntime.WithSharedDRAManager(devices),
		frameworkruntime.WithParallelism(1),
	)
	return &schedulerJudge{framework: made, cluster: cluster, objects: objects}, err
}

// judgedProfile is kube-scheduler's default profile with the judged plugins alone, in its order.
func judgedProfile(without map[string]bool) (*config.KubeSchedulerProfile, error) {
	configuration, err := latest.Default()
	if err != nil {
		return nil, err
	}
	profile := &configuration.Profiles[0]
	profile.Plugins.MultiPoint.Enabled = slices.DeleteFunc(profile.Plugins.MultiPoint.Enabled, func(plugin config.Plugin) bool {
		return without[plugin.Name] || slices.Contains(otherPlugins, plugin.Name)
	})
	return profile, nil
}

// newDevices knows the devices that pods claim, as kube-scheduler does.
func newDevices(ctx context.Context, objects *objects) (scheduling.SharedDRAManager, error) {
	resources := objects.factory.Resource().V1()
	claims := assumecache.NewAssumeCache(klog.FromContext(ctx), resources.ResourceClaims().Informer(), "ResourceClaim", "", nil)
	slices, err := resourceslicetracker.StartTracker(ctx, resourceslicetracker.Options{
		SliceInformer: resources.ResourceSlices(),
	})
	if err != nil {
		return nil, err
	}
	return dynamicresources.NewDRAManager(ctx, claims, slices, objects.factory), nil
}

// judge sorts the nodes as kube-scheduler does before it scores them.
func (judge *schedulerJudge) judge(asked *judgement, answer *verdict) error {
	pod, err := admit(asked.Pod)
	if err != nil {
		return err
	}
	if answer.Quota, err = overQuota(pod, asked.Quotas); err != nil {
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
	for _, err := range []error{
		show(judge.objects, asked.Namespaces),
		show(judge.objects, asked.Volumes),
		show(judge.objects, asked.Claims),
		show(judge.objects, asked.StorageClasses),
		show(judge.objects, asked.CSINodes),
		show(judge.objects, asked.CSIDrivers),
		show(judge.objects, asked.Capacities),
		show(judge.objects, asked.DeviceClasses),
		show(judge.objects, asked.DeviceClaims),
		show(judge.objects, asked.Devices),
	} {
		if err != nil {
			return nil, err
		}
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
