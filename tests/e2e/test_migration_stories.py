"""The target pod that virt-controller makes is the one that was foretold, and kube-scheduler binds it where we say.

Where we refuse, the same migration in a namespace that this service doesn't watch shows what it would have come to:
a target pod that stays pending.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest

from tests.controlplane.api import KUBEVIRT, Api
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.hypervisor import NODES, Hypervisor
from tests.controlplane.kubevirt_objects import CUSTOM_RESOURCES
from tests.e2e.conftest import VARIANT
from tests.e2e.machines import a_migration, a_running_vm, apply, cpu_labels
from tests.e2e.stories import FEATURE, HASWELL, ICELAKE, SKYLAKE, STORIES, Host, Story
from tests.service import Service
from webhook.cluster.snapshot import Snapshot, snapshot_of
from webhook.objects.fields import Fields
from webhook.objects.scheduling import read_scheduling
from webhook.targets.placement import Placement, place

Object = dict[str, Any]

JOB: Final = "kubevirt.io/migrationJobUID"
MIGRATION: Final = "cpu-model-migration.node.kubevirt.io/"
ELIGIBLE: Final = "live-migration-webhook/eligible-nodes"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_the_vm_goes_where_we_say(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor, story: Story
) -> None:
    assert service.is_ready()
    with configured(control_plane, story.configuration):
        set_up(control_plane, namespace, hypervisor, story)
    placement = foretold(control_plane, namespace, story.added)
    assert set(placement.nodes.names(placement.eligible)) == set(story.eligible)

    if story.refused:
        wait_for_answer(control_plane, namespace, story, lambda answer: f": {story.refused}: " in answer)
    if story.refused and not story.ours:
        stop_watching(control_plane, namespace)
        assert waiting_target(control_plane, namespace, story) == foretold_rules(placement)
    if not story.refused:
        told = ",".join(sorted(story.eligible))
        wait_for_answer(control_plane, namespace, story, lambda answer: f'"{ELIGIBLE}": "{told}"' in answer)
        apply(control_plane, namespace, a_migration("move", "web", addedNodeSelector=dict(story.added)))
        target = hypervisor.wait_for_target(namespace, "move")
        assert rules_of(target) == foretold_rules(placement)
        assert target["spec"]["nodeName"] in story.eligible


def test_a_second_migration_keeps_the_first_cpu(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    story = Story(title="", hosts=[Host(name="node-b", labels=ICELAKE)], eligible=[])
    set_up(control_plane, namespace, hypervisor, story)
    apply(control_plane, namespace, a_migration("first", "web"))
    hypervisor.migrate(namespace, "first")
    hypervisor.add_node("node-c", labels=cpu_labels("Icelake-Server"))

    placement = foretold(control_plane, namespace, {})
    apply(control_plane, namespace, a_migration("second", "web"))
    target = hypervisor.wait_for_target(namespace, "second")

    assert placement.nodes.names(placement.eligible) == ("node-a",)
    assert target["spec"]["nodeSelector"][MIGRATION + "Skylake-Server-IBRS"] == "true"
    assert rules_of(target) == foretold_rules(placement)
    assert target["spec"]["nodeName"] == "node-a"


def test_a_model_that_the_cluster_chooses_later_does_not_concern_a_running_vm(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    story = Story(title="", hosts=[Host(name="node-b"), Host(name="node-c", labels=HASWELL)], eligible=[])
    set_up(control_plane, namespace, hypervisor, story)
    with configured(control_plane, {"cpuModel": "Haswell-noTSX-IBRS"}):
        placement = foretold(control_plane, namespace, {})
        apply(control_plane, namespace, a_migration("move", "web"))
        target = hypervisor.wait_for_target(namespace, "move")
    assert rules_of(target) == foretold_rules(placement)
    assert target["spec"]["nodeName"] == "node-b"


def test_a_migration_can_be_tried_again_right_after_an_abort(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    set_up(control_plane, namespace, hypervisor, Story(title="", hosts=[Host(name="node-b")], eligible=[]))
    apply(control_plane, namespace, a_migration("first", "web"))
    target = hypervisor.wait_for_target(namespace, "first")["metadata"]
    control_plane.kubectl("delete", "vmim", "first", namespace=namespace, user="alice")
    path = f"/api/v1/namespaces/{namespace}/pods/{target['name']}"
    control_plane.api().wait(path, lambda pod: "deletionTimestamp" in pod["metadata"])

    waits = "pod-affinity: the target pod has to wait: node-b still has a pod of this VM, from another migration"
    story = Story(title="", hosts=[], eligible=[])
    wait_for_answer(control_plane, namespace, story, lambda answer: answer.startswith(f"Warning: {waits}\n"))
    assert "created" in apply(control_plane, namespace, a_migration("second", "web"))
    control_plane.api().delete(path, grace_seconds=0)
    assert hypervisor.wait_for_target(namespace, "second")["spec"]["nodeName"] == "node-b"


def test_a_migration_carries_what_we_and_kubevirt_write(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    set_up(control_plane, namespace, hypervisor, Story(title="", hosts=[Host(name="node-b")], eligible=[]))
    apply(control_plane, namespace, a_migration("move", "web"))
    path = f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations/move"
    metadata = control_plane.api().get(path)["metadata"]
    assert metadata["labels"]["kubevirt.io/vmi-name"] == "web"
    assert metadata["finalizers"] == ["kubevirt.io/migrationJobFinalize"]
    assert metadata["annotations"]["live-migration-webhook/cpu-selectors"] == f"{MIGRATION}Skylake-Server-IBRS=true"


def test_a_target_pod_without_selectors_is_patched_and_placed_rightly(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    source = {**SKYLAKE, "host-model-required-features.node.kubevirt.io/spec-ctrl": "true"}
    hosts = [
        Host(name="node-b", labels=HASWELL),
        Host(name="node-c"),
        Host(name="node-d", labels={**ICELAKE, FEATURE + "spec-ctrl": "true"}),
    ]
    set_up(control_plane, namespace, hypervisor, Story(title="", source=source, hosts=hosts, eligible=[]))

    pod = create_launcher(control_plane, namespace, {JOB: "made-by-the-test"})

    assert pod["spec"]["nodeSelector"] == {
        "disk": "any",
        MIGRATION + "Skylake-Server-IBRS": "true",
        FEATURE + "spec-ctrl": "true",
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
    unbound = control_plane.api().wait(path, lambda found: bool(found["status"].get("conditions")))
    assert "nodeName" not in unbound["spec"]
    control_plane.api().patch(f"{NODES}/node-c", {"metadata": {"labels": {"disk": "any"}}})
    control_plane.api().patch(f"{NODES}/node-d", {"metadata": {"labels": {"disk": "any"}}})
    bound = control_plane.api().wait(path, lambda found: "nodeName" in found["spec"])
    assert bound["spec"]["nodeName"] == "node-d"


def test_a_first_launch_with_host_model_is_left_as_it_is(
    control_plane: ControlPlane, service: Service, namespace: str, hypervisor: Hypervisor
) -> None:
    assert service.is_ready()
    set_up(control_plane, namespace, hypervisor, Story(title="", hosts=[], eligible=[]))
    assert create_launcher(control_plane, namespace, {})["spec"]["nodeSelector"] == {"disk": "any"}


def set_up(plane: ControlPlane, namespace: str, hypervisor: Hypervisor, story: Story) -> None:
    """Start the VM on node-a, then add the other nodes and VMs, so that it can't have started elsewhere."""
    hypervisor.add_node("node-a", labels=story.source)
    vm = a_running_vm("web", labels=story.labels, **story.spec)
    vm["spec"]["template"]["spec"]["domain"] |= story.domain
    assert "created" in apply(plane, namespace, vm)
    assert hypervisor.launch(namespace, "web")["status"]["nodeName"] == "node-a"
    for host in story.hosts:
        add(plane.api(), hypervisor, host)
    for name, node, labels in story.neighbours:
        vm = a_running_vm(name, labels=labels, nodeSelector={"kubernetes.io/hostname": node})
        apply(plane, namespace, vm)
        hypervisor.launch(namespace, name)


def add(api: Api, hypervisor: Hypervisor, host: Host) -> None:
    """Add a node."""
    labels = {key: value for key, value in host.labels.items() if value is not None}
    removed = {key: None for key, value in host.labels.items() if value is None}
    hypervisor.add_node(
        host.name, labels=labels, taints=host.taints, unschedulable=host.unschedulable, ready=host.ready
    )
    if removed or host.annotations:
        change = {"metadata": {"labels": removed, "annotations": dict(host.annotations)}}
        api.patch(f"{NODES}/{host.name}", change)


@contextmanager
def configured(plane: ControlPlane, configuration: Mapping[str, Any]) -> Iterator[None]:
    """Change KubeVirt's configuration for a while, and wait until virt-api goes by it."""
    if not configuration:
        yield
        return
    path = f"{CUSTOM_RESOURCES}/kubevirt"
    plane.api().patch(path, {"spec": {"configuration": dict(configuration)}})
    try:
        wait_for_model(plane, configuration["cpuModel"])
        yield
    finally:
        plane.api().patch(path, {"spec": {"configuration": dict.fromkeys(configuration)}})
        wait_for_model(plane, "host-model")


def wait_for_model(plane: ControlPlane, model: str) -> None:
    """Return when virt-api gives a new VMI this CPU model."""
    path = f"{KUBEVIRT}/namespaces/default/virtualmachineinstances?dryRun=All"
    probe = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": "probe"},
        "spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}},
    }

    def given() -> str:
        vmi = plane.api().post(path, probe)
        return str(vmi["spec"]["domain"]["cpu"]["model"])

    wait_until(lambda: given() == model)


def foretold(plane: ControlPlane, namespace: str, added: Mapping[str, str]) -> Placement:
    """Return where the VM can go, as far as the API server tells."""
    snapshot = seen(plane.api(), namespace)
    vmi = snapshot.vmi(namespace, "web")
    assert vmi is not None
    return place(vmi, snapshot, added)


def seen(api: Api, namespace: str) -> Snapshot:
    """Return the cluster as the API server has it."""
    lists = {
        ("v1", "Node"): NODES,
        ("v1", "Pod"): f"/api/v1/namespaces/{namespace}/pods",
        ("v1", "Namespace"): "/api/v1/namespaces",
        ("kubevirt.io/v1", "VirtualMachineInstance"): f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances",
        ("kubevirt.io/v1", "KubeVirt"): CUSTOM_RESOURCES,
    }
    return snapshot_of(
        {**item, "apiVersion": version, "kind": kind}
        for (version, kind), path in lists.items()
        for item in api.get(path)["items"]
    )


def foretold_rules(placement: Placement) -> Object:
    """Return what is foretold of the target pod."""
    pod = placement.pod
    terms = pod.affinity.node_terms
    return {
        "node selector": dict(pod.node_selector),
        "node terms": None if terms is None else [set(map(str, term)) for term in terms],
        "near": pod.affinity.pods,
        "kept away from": pod.affinity.anti_pods,
        "tolerations": set(pod.demands.tolerations),
        "spread": [constraint.topology_key for constraint in pod.spread],
    }


def rules_of(pod: Object) -> Object:
    """Return the same of a pod that the API server has."""
    scheduling = read_scheduling(Fields(pod["spec"]))
    terms = scheduling.affinity.node_terms
    return {
        "node selector": dict(scheduling.node_selector),
        "node terms": None if terms is None else [set(map(str, term)) for term in terms],
        "near": scheduling.affinity.pods,
        "kept away from": scheduling.affinity.anti_pods,
        "tolerations": set(scheduling.tolerations),
        "spread": [constraint.topology_key for constraint in scheduling.spread],
    }


def wait_for_answer(plane: ControlPlane, namespace: str, story: Story, expected: Callable[[str], bool]) -> None:
    """Ask until the answer is as expected: the service hears of new nodes a little later than we."""
    migration = a_migration("asked", "web", addedNodeSelector=dict(story.added))
    wait_until(lambda: expected(apply(plane, namespace, migration, "--dry-run=server", "-o", "json")))


def stop_watching(plane: ControlPlane, namespace: str) -> None:
    """Leave the namespace's migrations to KubeVirt alone."""
    plane.api().patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": {VARIANT: "nobody"}}})


def waiting_target(plane: ControlPlane, namespace: str, story: Story) -> Object:
    """Migrate without us; return the rules of the target pod for which kube-scheduler finds no node."""
    migration = a_migration("move", "web", addedNodeSelector=dict(story.added))
    wait_until(lambda: "created" in apply(plane, namespace, migration))
    uid = plane.api().get(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstancemigrations/move")["metadata"]["uid"]
    path = f"/api/v1/namespaces/{namespace}/pods?labelSelector={JOB}={uid}"
    [pod] = plane.api().wait(path, lambda found: any(map(is_unschedulable, found["items"])))["items"]
    return rules_of(pod)


def is_unschedulable(pod: Object) -> bool:
    """Tell whether kube-scheduler found no node for a pod."""
    conditions = pod["status"].get("conditions", [])
    return any(c["type"] == "PodScheduled" and c.get("reason") == "Unschedulable" for c in conditions)


def create_launcher(plane: ControlPlane, namespace: str, labels: Mapping[str, str]) -> Object:
    """Create a launcher pod of the VM as virt-controller would, but without any CPU selector."""
    vmi = plane.api().get(f"{KUBEVIRT}/namespaces/{namespace}/virtualmachineinstances/web")["metadata"]
    owner = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": "web", "uid": vmi["uid"]}
    pod = {
        "metadata": {
            "generateName": "virt-launcher-web-",
            "labels": {"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": vmi["uid"], **labels},
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": {"containers": [{"name": "compute", "image": "launcher"}], "nodeSelector": {"disk": "any"}},
    }
    return plane.api().post(f"/api/v1/namespaces/{namespace}/pods", json.loads(json.dumps(pod)))


def wait_until(holds: Callable[[], bool], *, seconds: float = 10) -> None:
    """Return when something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
