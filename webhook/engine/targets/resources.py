"""The node has no room for the virtual machine.

Judged: all that the target pod asks for (CPU, memory, ephemeral storage, huge pages, devices and any other resource,
and the number of pods), against what the node has to give and what the pods on it ask for. More than the node could
hold even if it were empty will never fit. What it can't hold at the moment fits as soon as other pods leave: alone
that is no reason to refuse, since a target pod may wait for five minutes; the restriction `resources` says how strictly
it is taken.
Remedy: make room on the node, or take another one.
Source: kube-scheduler's plugin NodeResourcesFit; KubeVirt gives the target pod what the source pod asks for.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from webhook.engine.target_pod.pod import TargetPod
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import named
from webhook.objects.amount import NOTHING, Amount, worded
from webhook.objects.node import Node
from webhook.state.nodes import NodeSet
from webhook.state.snapshot import Snapshot

ID: Final = "resources"
PODS: Final = "pods"
DIFFERENT: Final = 16
"""Different amounts of a resource that are told apart; of more the largest is told."""


class _Shortage(Struct, frozen=True, kw_only=True):
    """A resource of which a node has too little: `wanted` by the pod, and `left` for it, ever or at the moment."""

    resource: str
    wanted: int
    ever: bool


def refusals(pod: TargetPod, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes that can't hold the pod, for a while only where it would fit without other pods."""
    yield from snapshot.cached((ID, pod.requests), lambda: tuple(_refusals(pod.requests, snapshot)))


def _refusals(requests: Amount, snapshot: Snapshot) -> Iterator[Refusal]:
    short: dict[_Shortage, dict[int, NodeSet]] = defaultdict(lambda: defaultdict(int))
    wanted = tuple((resource, amount) for resource, amount in requests.items() if amount > 0)
    for node in snapshot.nodes:
        if node.allocatable != NOTHING:
            bit = snapshot.nodes.named(node.name)
            for shortage, left in _shortages(wanted, node, snapshot):
                short[shortage][left] |= bit
    for shortage, by_amount in short.items():
        yield from _told(shortage, by_amount)


def _shortages(wanted: tuple[tuple[str, int], ...], node: Node, snapshot: Snapshot) -> Iterator[tuple[_Shortage, int]]:
    taken = snapshot.pods.taken(node.name)
    for resource, amount in wanted:
        has = node.allocatable.of(resource)
        left = has - taken.requests.of(resource)
        if amount > left:
            never = amount > has
            yield _Shortage(resource=resource, wanted=amount, ever=never), has if never else max(left, 0)
    most = node.allocatable.of(PODS)
    if most and taken.pods >= most:
        yield _Shortage(resource=PODS, wanted=1, ever=False), 0


def _told(shortage: _Shortage, by_amount: dict[int, NodeSet]) -> Iterator[Refusal]:
    """Yield a refusal for each amount that is left, or, where there are many, for all with the largest."""
    if len(by_amount) <= DIFFERENT:
        for left, nodes in by_amount.items():
            yield Refusal(predicate=ID, nodes=nodes, reason=_reason(shortage, left), temporary=not shortage.ever)
        return
    nodes = 0
    for some in by_amount.values():
        nodes |= some
    reason = _reason(shortage, max(by_amount), at_most="at most ")
    yield Refusal(predicate=ID, nodes=nodes, reason=reason, temporary=not shortage.ever)


def _reason(shortage: _Shortage, left: int, at_most: str = "") -> str:
    resource = named(shortage.resource)
    wants, has = worded(shortage.resource, shortage.wanted), worded(shortage.resource, left)
    if shortage.ever:
        return f"can never hold the VM ({resource}: wants {wants}, it has {at_most}{has})"
    return f"has no room now ({resource}: wants {wants}, {at_most}{has} free)"
