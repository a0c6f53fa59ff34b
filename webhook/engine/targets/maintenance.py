"""Harvester is emptying the node, or has emptied it.

Judged: the node's annotations `harvesterhci.io/maintain-status` and `harvesterhci.io/drain-requested`.
kube-scheduler sees only the cordon, which comes a little later.
Remedy: end the node's maintenance mode, or take another node.
Source: Harvester's list of eligible nodes.
Since: Harvester 1.4 or earlier.
"""

from collections.abc import Iterator
from typing import Final

from webhook.engine.target_pod.demands import Demands
from webhook.engine.targets.predicate import Refusal
from webhook.state.nodes import NodeState
from webhook.state.snapshot import Snapshot

ID: Final = "maintenance"


def refusals(demands: Demands, snapshot: Snapshot) -> Iterator[Refusal]:  # noqa: ARG001 - whatever the pod
    """Refuse the nodes in maintenance."""
    yield Refusal(predicate=ID, nodes=snapshot.nodes.in_state(NodeState.MAINTENANCE), reason="is in maintenance mode")
