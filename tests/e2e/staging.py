"""Staging a story on the real control plane: nodes, virtual machines, KubeVirt's configuration, pods."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from testbed.api import KUBEVIRT, Api
from testbed.control_plane import ControlPlane
from testbed.hypervisor import NODES, Hypervisor
from testbed.kubevirt_objects import CUSTOM_RESOURCES
from testbed.machines import a_migration, a_running_vm, apply
from testbed.waiting import until
from tests.e2e.conftest import VARIANT
from tests.e2e.foretelling import rules_of
from tests.e2e.stories import Host, Story

Object = dict[str, Any]

JOB: Final = "kubevirt.io/migrationJobUID"


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

    until(lambda: given() == model)


def wait_for_answer(plane: ControlPlane, namespace: str, story: Story, expected: Callable[[str], bool]) -> None:
    """Ask until the answer is as expected: the service hears of new nodes a little later than we."""
    migration = a_migration("asked", "web", addedNodeSelector=dict(story.added))
    until(lambda: expected(apply(plane, namespace, migration, "--dry-run=server", "-o", "json")))


def stop_watching(plane: ControlPlane, namespace: str) -> None:
    """Leave the namespace's migrations to KubeVirt alone."""
    plane.api().patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": {VARIANT: "nobody"}}})


def waiting_target(plane: ControlPlane, namespace: str, story: Story) -> Object:
    """Migrate without us; return the rules of the target pod for which kube-scheduler finds no node."""
    migration = a_migration("move", "web", addedNodeSelector=dict(story.added))
    until(lambda: "created" in apply(plane, namespace, migration))
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
