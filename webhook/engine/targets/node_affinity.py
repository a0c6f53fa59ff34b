"""The node affinity of the virtual machine excludes the node.

Judged: `requiredDuringSchedulingIgnoredDuringExecution`. Its terms are alternatives, the expressions and fields of one
term must all hold.
Remedy: change the VM's node scheduling rules, label the node, or take another node.
Source: kube-scheduler's plugin NodeAffinity.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import named
from webhook.objects.scheduling import Requirement
from webhook.state.snapshot import Snapshot

ID: Final = "node-affinity"
SHOWN: Final = 3
"""Alternatives that are told."""


def refusals(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes outside of what all terms ask for, and those that no term accepts."""
    nodes = snapshot.nodes
    for requirement in demands.required:
        yield Refusal(predicate=ID, nodes=nodes.lacking(requirement), reason=f"does not meet {named(str(requirement))}")
    if demands.alternatives is not None:
        refused = nodes.all & ~demands.meeting_an_alternative(nodes)
        yield Refusal(predicate=ID, nodes=refused, reason=_reason(demands.alternatives))


def _reason(alternatives: tuple[tuple[Requirement, ...], ...]) -> str:
    if not alternatives:
        return "is excluded by a node affinity that no node can meet"
    told = [named(" and ".join(map(str, term))) for term in alternatives[:SHOWN]]
    more = len(alternatives) - SHOWN
    return "meets neither " + " nor ".join([*told, *([f"{more} more terms"] if more > 0 else [])])
