"""How much has to be looked at to judge where a virtual machine can go: counted beforehand, so that it is bounded.

Whoever may write a migration or a virtual machine chooses what is asked, and all others wait meanwhile. So the work is
counted in steps, each about a third of a microsecond, before any of it is done; it depends on nothing but what is asked
and what there is. Beyond the bounds, which nothing that anybody means to use comes near, it isn't judged where the
virtual machine can go; what it is made of always is.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from webhook.engine.target_pod.pod import TargetPod
from webhook.objects.scheduling import PodTerm, Requirement, Selector
from webhook.objects.vmi import VirtualMachineInstance
from webhook.state.snapshot import Snapshot

CONDITIONS: Final = 300
"""What a virtual machine may ask of its node and its neighbours: labels, expressions, tolerations, CPU features …"""
VALUES: Final = 20_000
"""Values with which expressions may compare: one may well list all nodes of a large cluster."""
STEPS: Final = 100_000
"""Pods, nodes, namespaces and values that are looked at: a constraint in a namespace with 30,000 pods is judged."""
VALUES_IN_A_STEP: Final = 16
"""Values in a list that are compared in one step."""


def asks_for_too_much(vmi: VirtualMachineInstance, added_node_selector: Mapping[str, str]) -> bool:
    """Tell whether there are more conditions, or values in them, than are judged, or not all could be read."""
    scheduling = vmi.scheduling
    affinity = scheduling.affinity
    own = [requirement for term in affinity.node_terms or () for requirement in term]
    pods = (*affinity.pods, *affinity.anti_pods, *scheduling.spread)
    near = [requirement for rule in pods for requirement in _of_rule(rule)]
    counts = (added_node_selector, scheduling.node_selector, scheduling.tolerations, vmi.hardware.cpu_features, pods)
    conditions = sum(map(len, (*counts, own, near, affinity.node_terms or ())))
    values = sum(len(requirement.values) for requirement in (*own, *near))
    values += sum(len(term.namespaces) for term in (*affinity.pods, *affinity.anti_pods))
    return bool(vmi.unread) or conditions > CONDITIONS or values > VALUES


def _of_rule(rule: object) -> Iterator[Requirement]:
    for name in ("selector", "namespace_selector"):
        selector: Selector | None = getattr(rule, name, None)
        yield from selector.requirements if selector else ()


def steps(pod: TargetPod, snapshot: Snapshot) -> int:
    """Return how many steps it takes to judge all nodes for a pod."""
    return sum(_parts(pod, snapshot))


def _parts(pod: TargetPod, snapshot: Snapshot) -> Iterator[int]:
    nodes, demands = snapshot.nodes, pod.demands
    alternatives = demands.alternatives or ()
    yield from (nodes.steps(requirement) for requirement in (*demands.selected, *demands.required))
    yield from (nodes.steps(requirement) for alternative in alternatives for requirement in alternative)
    yield (1 + len(demands.tolerations)) * sum(1 for _ in nodes.taints())
    yield 2 * len(nodes)  # what each of them has to give
    yield snapshot.pods.repelling(pod.labels) * _ONE_POD
    for term in (*pod.affinity.pods, *pod.affinity.anti_pods):
        yield from _of_term(term, pod, snapshot)
    for constraint in pod.spread:
        yield 2 * len(nodes.values(constraint.topology_key)) + len(pod.spread)
    # Constraints with the same selector share what they count.
    for selector in {constraint.selector for constraint in pod.spread}:
        yield _looked_at(selector, (pod.namespace,), snapshot)


_ONE_POD: Final = 4


def _of_term(term: PodTerm, pod: TargetPod, snapshot: Snapshot) -> Iterator[int]:
    nodes = len(snapshot.nodes)
    if term.namespace_selector is None:
        yield _looked_at(term.selector, term.namespaces or (pod.namespace,), snapshot)
        return
    yield len(term.namespaces) + snapshot.count_of_namespaces * _weight(term.namespace_selector)
    yield _looked_at(term.selector, None, snapshot)
    yield min(nodes, len(snapshot.nodes.values(term.topology_key)))


def _looked_at(selector: Selector | None, namespaces: Iterable[str] | None, snapshot: Snapshot) -> int:
    """Return the steps to find the pods that a selector selects, and the nodes they are on."""
    if selector is None:
        return 0
    pods = snapshot.pods.among(selector, namespaces)
    return pods * (1 + _weight(selector)) + 2 * min(pods, len(snapshot.nodes))


def _weight(selector: Selector) -> int:
    return sum(1 + len(requirement.values) // VALUES_IN_A_STEP for requirement in selector.requirements)
