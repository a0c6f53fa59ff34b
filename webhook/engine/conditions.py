"""What a pod asks of its node's labels and taints, and which nodes grant it."""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.objects.scheduling import Requirement, Taint
from webhook.state.nodes import NodeSet, NodeTable
from webhook.state.snapshot import Snapshot

NO_SCHEDULING: Final = frozenset({"NoSchedule", "NoExecute"})


def unmet(requirement: Requirement, cluster: Snapshot) -> NodeSet:
    """Return the nodes that don't meet a condition."""
    nodes = cluster.nodes
    return nodes.all & ~nodes.having(requirement)


def suited(demands: Demands, nodes: NodeTable) -> NodeSet:
    """Return the nodes that the pod's node selector and node affinity accept."""
    accepted = nodes.all
    for requirement in (*demands.selected, *demands.required):
        accepted &= nodes.having(requirement)
    return accepted if demands.alternatives is None else accepted & meeting_one(demands.alternatives, nodes)


def meeting_one(alternatives: tuple[tuple[Requirement, ...], ...], nodes: NodeTable) -> NodeSet:
    """Return the nodes that meet all conditions of at least one alternative."""
    accepted = 0
    for alternative in alternatives:
        meeting = nodes.all
        for requirement in alternative:
            meeting &= nodes.having(requirement)
        accepted |= meeting
    return accepted


def untolerated(demands: Demands, nodes: NodeTable) -> Iterator[tuple[Taint, NodeSet]]:
    """Yield each taint that keeps the pod away, and the nodes that have it."""
    for taint, tainted in nodes.taints():
        if taint.effect in NO_SCHEDULING and not tolerated(demands, taint):
            yield taint, tainted


def tolerated(demands: Demands, taint: Taint) -> bool:
    """Tell whether the pod may run in spite of a taint."""
    return any(toleration.tolerates(taint) for toleration in demands.tolerations)
