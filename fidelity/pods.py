"""The pod that we foretell beside the one that KubeVirt creates, part by part."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from fidelity.requests import requested
from fidelity.selectors import Json
from webhook.engine.cpu_model import cpu_model, launch_selectors
from webhook.engine.placement import Placement, place, reserved_claims
from webhook.engine.target_pod.pod import TargetPod, admitted, target_pod
from webhook.objects.amount import NOTHING, Amount
from webhook.objects.fields import Fields
from webhook.objects.labels import CREATED_BY, EMULATED_ARCHITECTURE, FEATURE, MIGRATION_JOB, MIGRATION_MODEL
from webhook.objects.scheduling import Requirement, read_scheduling
from webhook.objects.vmi import read_vmi
from webhook.state.snapshot import Snapshot, snapshot_of

Parts = Mapping[str, Any]
"""A pod in parts that are equal where they mean the same; one without any part is no pod."""

BY_KEY: Final = ("labels", "node selector")
"""Parts whose differences are told key by key."""
SIZE: Final = "cpu and memory"
ROUNDED: Final = 2000
"""Bytes."""


def foretold(question: Json) -> Parts:
    """Return what we foretell for a question to a PodJudge."""
    if "migration" in question:
        placement = _placement(question)
        return _parts(placement.pod, _of_amount(placement.pod.requests)) if placement.made else {}
    vmi, kubevirt = read_vmi(Fields(question["vmi"])), cluster_of(question).kubevirt
    selectors = launch_selectors(vmi, cpu_model(vmi, kubevirt)).labels
    pod = target_pod(
        vmi,
        kubevirt=kubevirt,
        source=None,
        node=None,
        added_node_selector={},
        cpu_selectors=selectors,
        reserved=reserved_claims(vmi, cluster_of(question)),
    )
    parts = dict(_parts(pod, _of_amount(pod.requests)))
    del parts["cpu and memory"], parts["other requests"]  # nobody asks what a first launch needs
    # KubeVirt keeps the target of a migration away from its source, and a first launch from nothing.
    away = repr((Requirement(key=CREATED_BY, values=(vmi.metadata.uid,)),))
    return {**parts, "kept away from": tuple(term for term in parts["kept away from"] if away not in repr(term))}


def made(question: Json, answer: Json) -> Parts:
    """Return the same of a PodJudge's answer, once our own webhook has seen the pod."""
    pod = answer.get("pod")
    if not pod:
        return {}
    if _is_mistaken_for_a_second_move(question):
        added = _placement(question).selectors.labels
        pod = {**pod, "spec": {**pod["spec"], "nodeSelector": {**added, **pod["spec"]["nodeSelector"]}}}
    labels = {key: value for key, value in pod["metadata"]["labels"].items() if key != MIGRATION_JOB}
    scheduling = read_scheduling(Fields(pod["spec"]))
    namespace = question["vmi"]["metadata"]["namespace"]
    judged = admitted(namespace=namespace, labels=labels, scheduling=scheduling, requests=NOTHING)
    return _parts(judged, requested(pod))


def differences(ours: Parts, theirs: Parts) -> Iterator[str]:
    """Yield what differs, as `node selector kubevirt.io/sev`; `no pod` where only one of us expects a pod."""
    if bool(ours) != bool(theirs):
        yield "no pod"
        return
    for part in ours:
        one, other = ours[part], theirs[part]
        if part in BY_KEY:
            keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
            yield from dict.fromkeys(f"{part} {_family(key)}" for key in keys)
        elif part == SIZE and _are_as_large(one, other):
            continue
        elif one != other:
            yield part


def _are_as_large(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> bool:
    """Tell whether they are equal; KubeVirt rounds some sums of memory to thousands."""
    return one["cpu"] == other["cpu"] and abs(one["memory"] - other["memory"]) <= ROUNDED


def _family(key: str) -> str:
    """Return a label's key without the name of what it is about: `cpu-feature.node.kubevirt.io/`."""
    prefix = key.rpartition("/")[0]
    if key.startswith(EMULATED_ARCHITECTURE):
        return EMULATED_ARCHITECTURE
    return f"{prefix}/" if prefix.count(".") > 1 else key


def _is_mistaken_for_a_second_move(question: Json) -> bool:
    """Tell whether KubeVirt leaves out the CPU model, as it does where a first pod asks for features: we add it."""
    source = question.get("sourcePod")
    if source is None or MIGRATION_JOB in source["metadata"].get("labels", {}):
        return False
    keys = source["spec"].get("nodeSelector", {})
    return any(key.startswith(FEATURE) for key in keys) and not any(key.startswith(MIGRATION_MODEL) for key in keys)


def _placement(question: Json) -> Placement:
    added = question["migration"]["spec"].get("addedNodeSelector", {})
    return place(read_vmi(Fields(question["vmi"])), cluster_of(question), added)


def cluster_of(question: Json) -> Snapshot:
    """Return what the service would know of the objects of a question."""
    launchers = [question["sourcePod"]] if "sourcePod" in question else []
    kinds = {
        "v1 Node": question.get("nodes", []),
        "v1 Pod": launchers,
        "v1 PersistentVolumeClaim": question["persistentVolumeClaims"],
        "kubevirt.io/v1 KubeVirt": [question["kubevirt"]],
        "kubevirt.io/v1 VirtualMachineInstance": [question["vmi"]],
    }
    return snapshot_of(
        {"apiVersion": kind.split()[0], "kind": kind.split()[1], **document}
        for kind, documents in kinds.items()
        for document in documents
    )


def _parts(pod: TargetPod, requests: Mapping[str, Decimal]) -> Parts:
    """Return a pod's rules in a form in which equal ones are equal: expressions have no order."""
    terms = pod.affinity.node_terms
    return {
        "labels": dict(pod.labels),
        "node selector": dict(pod.node_selector),
        "node terms": None if terms is None else [sorted(map(repr, term)) for term in terms],
        "near": pod.affinity.pods,
        "kept away from": tuple(sorted(pod.affinity.anti_pods, key=repr)),
        "tolerations": pod.demands.tolerations,
        "spread": pod.spread,
        "cpu and memory": {name: requests.get(name, Decimal(0)) for name in ("cpu", "memory")},
        "other requests": {name: amount for name, amount in requests.items() if name not in {"cpu", "memory"}},
    }


def _of_amount(amount: Amount) -> Mapping[str, Decimal]:
    others = {name: Decimal(value) for name, value in amount.others}
    return {"cpu": Decimal(amount.cpu) / 1000, "memory": Decimal(amount.memory), **others}
