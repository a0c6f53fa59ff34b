"""What is foretold of a target pod, and the same of the pod that virt-controller has made."""

from collections.abc import Mapping
from typing import Any

from testbed.api import KUBEVIRT, Api
from testbed.control_plane import ControlPlane
from testbed.hypervisor import NODES
from testbed.kubevirt_objects import CUSTOM_RESOURCES
from webhook.engine.placement import Placement, place
from webhook.objects.fields import Fields
from webhook.objects.scheduling import read_scheduling
from webhook.state.snapshot import Snapshot, snapshot_of

Object = dict[str, Any]


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
