"""Too many pods of a kind in one zone.

Judged: the topology spread constraints of the VMI with `whenUnsatisfiable: DoNotSchedule`.
Remedy: relax the constraint, or take a node in another zone.
Source: kube-scheduler's plugin PodTopologySpread.
Since: Kubernetes 1.19.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.pod import TargetPod
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import named
from webhook.objects.scheduling import SpreadConstraint
from webhook.state.nodes import NodeSet
from webhook.state.snapshot import Snapshot

ID: Final = "topology-spread"


def refusals(pod: TargetPod, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse for each constraint the nodes outside of its domains, and those in domains that are too full."""
    for constraint in pod.spread:
        domains = snapshot.nodes.values(constraint.topology_key)
        counts = _counts(constraint, pod, snapshot)
        own = constraint.selector is not None and constraint.selector.matches(pod.labels)
        least = min(counts.values()) if len(counts) >= constraint.min_domains else 0
        most = constraint.max_skew + least - own
        accepted = sum(nodes for domain, nodes in domains.items() if counts.get(str(domain), 0) <= most)
        yield Refusal(predicate=ID, nodes=snapshot.nodes.all & ~accepted, reason=_reason(constraint))


def _counts(constraint: SpreadConstraint, pod: TargetPod, snapshot: Snapshot) -> Counter[str]:
    """Count the selected pods in each domain that has nodes which count."""
    nodes, key = snapshot.nodes, constraint.topology_key
    counted = _counted(constraint, pod, snapshot)
    counts = Counter({str(domain): 0 for domain, members in nodes.values(key).items() if members & counted})
    if constraint.selector is None or not constraint.selector.requirements:
        return counts
    for other in snapshot.pods.selected(constraint.selector, frozenset({pod.namespace})):
        node = nodes.get("", other.node)
        if node and nodes.named(node.name) & counted and not other.metadata.deleting:
            counts[node.label(key) or ""] += 1
    return counts


def _counted(constraint: SpreadConstraint, pod: TargetPod, snapshot: Snapshot) -> NodeSet:
    """Return the nodes that count: in a domain of each constraint, and suited as far as the constraint wants it."""
    nodes = snapshot.nodes
    counted = pod.demands.selecting(nodes) if constraint.honors_affinity else nodes.all
    for other in pod.spread:
        counted &= sum(nodes.values(other.topology_key).values())
    if constraint.honors_taints:
        for _, tainted in pod.demands.untolerated(nodes):
            counted &= ~tainted
    return counted


def _reason(constraint: SpreadConstraint) -> str:
    return f"would upset the topology spread by {named(constraint.topology_key)}"
