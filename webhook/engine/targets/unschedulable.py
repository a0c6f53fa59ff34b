"""The node is cordoned.

Judged: `spec.unschedulable` of the node, unless the virtual machine tolerates the taint
`node.kubernetes.io/unschedulable`.
Remedy: `kubectl uncordon`, or another node.
Source: kube-scheduler's plugin NodeUnschedulable.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal
from webhook.objects.scheduling import Taint
from webhook.state.nodes import NodeState
from webhook.state.snapshot import Snapshot

ID: Final = "unschedulable"
CORDON: Final = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


def refusals(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:
    """Refuse the cordoned nodes."""
    if not demands.tolerates(CORDON):
        yield Refusal(predicate=ID, nodes=snapshot.nodes.in_state(NodeState.UNSCHEDULABLE), reason="is cordoned")
