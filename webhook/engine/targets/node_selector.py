"""The node lacks a label that is asked for.

Judged: the node selectors of the VMI, of the KubeVirt resource, and of the migration (`addedNodeSelector`, where the
virtual machine has no other value for the same key), and what KubeVirt adds for the machine: TSC frequency, realtime,
memory encryption, Hyper-V enlightenments.
Remedy: label the node, change the node selector, or take another node.
Source: kube-scheduler's plugin NodeAffinity.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal
from webhook.engine.wording import named
from webhook.state.snapshot import Snapshot

ID: Final = "node-selector"


def refusals(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse the nodes without a label of the node selector."""
    for requirement in demands.selected:
        lacking = snapshot.nodes.lacking(requirement)
        yield Refusal(predicate=ID, nodes=lacking, reason=f"has no label {named(str(requirement))}")
