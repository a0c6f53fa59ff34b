"""The node is cordoned.

Judged: `spec.unschedulable` of the node, unless the virtual machine tolerates the taint
`node.kubernetes.io/unschedulable`.
Remedy: `kubectl uncordon`, or another node.
Source: kube-scheduler's plugin NodeUnschedulable.
Since: any Kubernetes that KubeVirt runs on.
"""

from collections.abc import Iterator
from typing import Final

from webhook.cluster.nodes import State
from webhook.cluster.snapshot import Snapshot
from webhook.objects.scheduling import Taint
from webhook.targets.conditions import tolerated
from webhook.targets.demands import Demands
from webhook.targets.predicate import Refusal

ID: Final = "unschedulable"
CORDON: Final = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


def refusals(demands: Demands, cluster: Snapshot) -> Iterator[Refusal]:
    """Refuse the cordoned nodes."""
    if not tolerated(demands, CORDON):
        yield Refusal(predicate=ID, nodes=cluster.nodes.in_state(State.UNSCHEDULABLE), reason="is cordoned")
