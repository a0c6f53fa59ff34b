"""Too many pods of a kind in one zone.

Judged: the topology spread constraints of the VMI with `whenUnsatisfiable: DoNotSchedule`.
Remedy: relax the constraint, or take a node in another zone.
Source: kube-scheduler's plugin PodTopologySpread.
Since: Kubernetes 1.19.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Final

from webhook.engine.target_pod.pod import TargetPod
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement, Selector, SpreadConstraint
from webhook.state.nodes import NodeSet
from webhook.state.snapshot import Snapshot

ID: Final = "topology-spread"


def refusals(pod: TargetPod, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse for each constraint the nodes outside of its domains, and those in domains that are too full."""
    if not pod.spread:
        return
    pods_by_node = _Counts(pod.namespace, snapshot)
    suited = _suited(pod, snapshot)
    for constraint in pod.spread:
        domains = snapshot.nodes.values(constraint.topology_key)
        counted = suited[constraint.honors_affinity, constraint.honors_taints]
        counts = _in_domains(pods_by_node.of(constraint.selector), constraint.topology_key, counted, snapshot)
        own = constraint.selector is not None and constraint.selector.matches(pod.labels)
        least = min(counts.values()) if len(counts) >= constraint.min_domains else 0
        most = constraint.max_skew + least - own
        accepted = reduce(or_, (nodes for domain, nodes in domains.items() if counts.get(domain, 0) <= most), 0)
        yield Refusal(predicate=ID, nodes=snapshot.nodes.all & ~accepted, reason=_reason(constraint))


class _Counts:
    """How many pods of a namespace selectors select on each node; each selector is asked once."""

    def __init__(self, namespace: str, snapshot: Snapshot) -> None:
        self._namespaces = frozenset({namespace})
        self._pods = snapshot.pods
        self._known: dict[Selector | None, Counter[str]] = {}

    def of(self, selector: Selector | None) -> Counter[str]:
        """Return the number of selected pods by the node's name; a selector without requirements selects none here."""
        if selector not in self._known:
            pods = self._pods.selected(selector, self._namespaces) if selector and selector.requirements else ()
            self._known[selector] = Counter(pod.node for pod in pods if not pod.metadata.deleting)
        return self._known[selector]


def _in_domains(by_node: Counter[str], key: str, counted: NodeSet, snapshot: Snapshot) -> Counter[Hashable]:
    """Add up the pods in each domain that has nodes which count."""
    nodes = snapshot.nodes
    counts = Counter[Hashable]({domain: 0 for domain, members in nodes.values(key).items() if members & counted})
    for name, count in by_node.items():
        node = nodes.get("", name)
        if node and nodes.named(name) & counted:
            counts[node.label(key) or ""] += count
    return counts


def _suited(pod: TargetPod, snapshot: Snapshot) -> Mapping[tuple[bool, bool], NodeSet]:
    """Return the nodes that count, by whether affinity and taints matter: those in a domain of each constraint."""
    nodes = snapshot.nodes
    keys = {constraint.topology_key for constraint in pod.spread}
    known = nodes.meeting(Requirement(key=key, operator="Exists") for key in keys)
    by_affinity = known & pod.demands.selecting(nodes)
    tolerated = nodes.all & ~reduce(or_, (tainted for _, tainted in pod.demands.untolerated(nodes)), 0)
    return {
        (affinity, taints): (by_affinity if affinity else known) & (tolerated if taints else nodes.all)
        for affinity in (True, False)
        for taints in (True, False)
    }


def _reason(constraint: SpreadConstraint) -> str:
    return f"would upset the topology spread by {named(constraint.topology_key)}"
